"""Vectors as pgvector has them on the wire: the number of dimensions, a zero, and floats of 32 bits, all big-endian."""

import struct
from collections.abc import Sequence

_HEAD = struct.Struct(">hh")


def to_binary(vector: Sequence[float]) -> bytes:
    """A vector as it goes to a `vector` column; its numbers become floats of 32 bits."""
    return _HEAD.pack(len(vector), 0) + struct.pack(f">{len(vector)}f", *vector)


def from_binary(data: bytes) -> list[float]:
    """The vector that came from a `vector` column."""
    count = (len(data) - _HEAD.size) // 4
    return list(struct.unpack_from(f">{count}f", data, _HEAD.size))
