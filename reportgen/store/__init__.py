"""Persistent files: atomic writes, published sets, the cache, the lock."""
