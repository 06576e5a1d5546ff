"""What the PDF and the tests need of the operating system: shared libraries and programs."""
