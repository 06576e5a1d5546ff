"""Networks, weights files, and the library that runs them."""
