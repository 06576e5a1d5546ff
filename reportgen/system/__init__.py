"""What the operating system has to bring for the PDF and the tests: shared libraries and programs."""
