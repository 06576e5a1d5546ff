"""A section of another package: how bright the example images are."""
