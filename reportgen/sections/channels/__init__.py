"""The channels of the explained layer: which are loud, which decide, and which are loud for once."""
