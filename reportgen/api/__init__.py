"""The Python API: reports are built in a separate process and displayed on request."""
