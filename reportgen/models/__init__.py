"""Networks, the files of their weights, and the library that runs them."""
