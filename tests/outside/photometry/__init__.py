"""Another assignment, of a package that reportgen knows nothing of: one convolution, and contrast."""
