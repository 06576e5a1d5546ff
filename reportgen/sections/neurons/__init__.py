"""The most excited neurons of VGG19's last convolution layer, and the patches they see."""
