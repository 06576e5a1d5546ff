"""The best network of one's own beside VGG19, on the same test images."""
