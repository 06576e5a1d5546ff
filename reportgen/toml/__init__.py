"""TOML files that people write by hand: how they are encoded, where things stand in them, what is wrong."""
