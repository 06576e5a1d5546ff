"""TOML files written by hand: their encoding, the lines of their keys, and their errors."""
