"""What tells the class without the object, and whether the network uses it."""
