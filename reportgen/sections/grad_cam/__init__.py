"""Where the evidence for each class lies in each example image, by Grad-CAM."""
