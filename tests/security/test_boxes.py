"""Sealed boxes: read by one, and only as they were closed."""

import secrets

import pytest
from hypothesis import given
from hypothesis import strategies as st

from luxos.security.boxes import close, opened, public_of

KEYS = st.binary(min_size=32, max_size=32)


@given(KEYS, KEYS, st.binary(max_size=200), st.data())
def test_a_box_is_opened_by_its_owner_as_it_was_closed(
    private: bytes, other: bytes, content: bytes, data: st.DataObject
) -> None:
    box = close(public_of(private), content, b"a purpose")
    assert opened(private, box, b"a purpose") == content
    assert opened(private, box, b"another") is None
    if public_of(other) != public_of(private):
        assert opened(other, box, b"a purpose") is None
    place = data.draw(st.integers(0, len(box) * 8 - 1))
    changed = bytearray(box)
    changed[place // 8] ^= 1 << place % 8
    if place != 255:  # X25519 ignores the highest bit of a public key, which the derived key does not
        assert opened(private, bytes(changed), b"a purpose") is None
    assert opened(private, box[: data.draw(st.integers(0, len(box) - 1))], b"a purpose") is None


def test_the_bit_that_x25519_ignores_counts() -> None:
    private = secrets.token_bytes(32)
    box = bytearray(close(public_of(private), b"x", b"a purpose"))
    box[31] ^= 0x80
    assert opened(private, bytes(box), b"a purpose") is None


def test_no_two_boxes_are_the_same() -> None:
    public = public_of(secrets.token_bytes(32))
    assert close(public, b"x", b"") != close(public, b"x", b"")


def test_what_is_no_public_key_is_refused() -> None:
    with pytest.raises(ValueError, match="X25519"):
        close(b"short", b"x", b"")
    with pytest.raises(ValueError):  # noqa: PT011 - a point of small order: nothing would be secret
        close(bytes(32), b"x", b"")
