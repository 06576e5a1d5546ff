"""What ``results.json`` promises to those who read it: its schema, its pointers, and a typed reader."""
