"""Souls: versions that are hashes, and the aliases that name the newest ones."""
