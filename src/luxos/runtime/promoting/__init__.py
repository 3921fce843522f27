"""Promotions that are watched: a candidate in the shadow of live calls, and after its alias moved, an error budget."""
