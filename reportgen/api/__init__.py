"""Reports from Python: built in a process of their own, and shown where they are asked for."""
