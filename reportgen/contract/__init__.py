"""The public contract of ``results.json``: its schema, its pointers and a typed reader."""
