"""What a component prints: a file that it appends to, and the one before it."""

import os

LARGEST = 4 << 20
"""Bytes of such a file; between two looks it may become larger."""


def bound(path: str, largest: int = LARGEST) -> None:
    """Moves what was printed to `PATH.1`, over what is there, once it is too long. Raises `OSError`.

    Who prints has the file open, so it is copied and emptied; what is printed just then is lost.
    """
    if os.stat(path).st_size <= largest:
        return
    with open(path, "r+b") as printed, open(f"{path}.1", "wb") as older:
        printed.seek(-largest, os.SEEK_END)
        older.write(printed.read(largest))
        printed.truncate(0)
