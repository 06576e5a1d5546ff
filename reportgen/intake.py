"""Folders and settings that somebody hands in: looked at, never trusted."""
