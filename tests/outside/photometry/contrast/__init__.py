"""A section of the assignment: the contrast of the example images."""
