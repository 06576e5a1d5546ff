"""Build stages: what they need, when they run, and what is cached and published of them."""
