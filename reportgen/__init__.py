"""reportgen: from a folder of images to the CNN assignment report, in one command."""

__version__ = "0.1.0"
