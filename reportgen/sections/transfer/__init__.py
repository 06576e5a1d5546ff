"""VGG19 with a new output layer, the only one trained."""
