"""The image folder: from files to a checked manifest, and from one file to its pixels."""
