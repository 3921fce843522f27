"""Sealed boxes: bytes that only the owner of an X25519 key can read, whoever closed the box.

A box is a public key that was made for it, and the content under ChaCha20-Poly1305. Its key follows by HKDF from what
the two keys share and from both public ones, so each is used once, and the nonce may be zero. `purpose` is a part of
it: a box that was closed for one thing cannot be taken for another. Who closed it is not known; that is the caller's
matter.
"""

_PUBLIC = 32
_NONCE = bytes(12)


def close(public: bytes, content: bytes, purpose: bytes) -> bytes:
    """A box for the owner of a public key of 32 bytes; `ValueError` where it is none."""
    from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
    from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

    own = X25519PrivateKey.generate()
    made = own.public_key().public_bytes_raw()
    key = _derived(own.exchange(X25519PublicKey.from_public_bytes(public)), made + public, purpose)
    return made + ChaCha20Poly1305(key).encrypt(_NONCE, content, purpose)


def opened(private: bytes, box: bytes, purpose: bytes) -> bytes | None:
    """What is in a box; nothing where it was not closed for this key and purpose, or was changed."""
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
    from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

    own, made = X25519PrivateKey.from_private_bytes(private), box[:_PUBLIC]
    try:
        shared = own.exchange(X25519PublicKey.from_public_bytes(made))
        key = _derived(shared, made + own.public_key().public_bytes_raw(), purpose)
        return ChaCha20Poly1305(key).decrypt(_NONCE, box[_PUBLIC:], purpose)
    except (ValueError, InvalidTag):
        return None


def public_of(private: bytes) -> bytes:
    """The public half of a key of 32 bytes."""
    from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

    return X25519PrivateKey.from_private_bytes(private).public_key().public_bytes_raw()


def _derived(shared: bytes, keys: bytes, purpose: bytes) -> bytes:
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.kdf.hkdf import HKDF

    return HKDF(SHA256(), 32, salt=None, info=purpose + b"\n" + keys).derive(shared)
