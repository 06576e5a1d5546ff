"""The files of the section's outcome beside numbers and arrays."""

WEIGHTS_FILE = "network.weights.h5"
"""The weights of the best network, as Keras saves them; goes into the build folder."""

NETWORK_FILE = "network.json"
"""Its name and layers as ``report.toml`` has them, for the sections that run it."""
