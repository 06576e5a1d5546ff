"""The errors of the network on the test images, and what in the training images they resemble."""
