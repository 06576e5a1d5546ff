"""What gives the class away without the object, and whether the network uses it."""
