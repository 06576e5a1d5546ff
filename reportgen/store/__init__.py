"""What stays on disk: whole files moved into place, published sets, the cache, the lock."""
