"""The attempts, a file for each family. How one is written: `tests/security/inside.py`."""
