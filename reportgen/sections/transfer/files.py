"""What the section writes beside its arrays."""

HEAD_FILE = "head.weights.h5"
"""The weights of the new output layer, as Keras keeps them."""
