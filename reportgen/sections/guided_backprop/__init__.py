"""Guided backpropagation of chosen neurons."""
