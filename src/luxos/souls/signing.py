"""The Ed25519 key of this LuxOS: made at first use, kept 0600, its public half also in the tables."""

import json
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID, uuid5

from luxos.beings.being import BaseBeing
from luxos.beings.errors import BeingConflict
from luxos.errors import reason_of
from luxos.souls.archive import Archive, put_new, read, sync_folder
from luxos.souls.errors import ArchiveUnfit, KeyUnfit

_KEYS = UUID("0e0a6a8e-3c43-4a52-9d50-6c1f6f7f2a13")
_MOST = 1000


@dataclass(frozen=True)
class Key:
    """A signing key: 32 bytes of each half, as hexadecimal digits."""

    private: str
    public: str

    def sign(self, content: bytes) -> str:
        """The signature of bytes, as 128 hexadecimal digits."""
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

        return Ed25519PrivateKey.from_private_bytes(bytes.fromhex(self.private)).sign(content).hex()


def is_signed(content: bytes, signature: object, public: object) -> bool:
    """Whether a signature, in lower-case digits, is that of the content under a public key."""
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    if not isinstance(signature, str) or not isinstance(public, str):
        return False
    try:
        signed, key = bytes.fromhex(signature), bytes.fromhex(public)
        if signed.hex() != signature or key.hex() != public:
            return False
        Ed25519PublicKey.from_public_bytes(key).verify(signed, content)
    except (ValueError, InvalidSignature):
        return False
    return True


def key_file(archive: Archive) -> Path:
    """Where the key is."""
    return archive.keys / "signing.key"


def own_key(archive: Archive) -> Key:
    """The key of this LuxOS, made where there is none; of several that make it at once, all get the same one."""
    file = key_file(archive)
    try:
        if not file.exists():
            archive.keys.mkdir(mode=0o700, parents=True, exist_ok=True)
            sync_folder(archive.home)
            put_new(file, _bytes(_new()), 0o600)
        return read_key(file)
    except OSError as error:
        raise ArchiveUnfit(path=file, reason=reason_of(error)) from error


def read_key(file: Path) -> Key:
    """The key in a file; `KeyUnfit` where one bit of it is another, or others may read it."""
    try:
        content = read(file, _MOST)
        found = json.loads(content)
        key = Key(found["private"], found["public"])
        plain = bytes.fromhex(key.private).hex() == key.private  # upper-case digits would be the same key
        whole = content == _bytes(key) and plain and _public(key.private) == key.public
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise KeyUnfit(path=file) from error
    if not whole or stat.S_IMODE(file.stat().st_mode) & 0o077:
        raise KeyUnfit(path=file)
    return key


def key_row(public: str) -> UUID:
    """The UUID of the row of a public key."""
    return uuid5(_KEYS, public)


async def tell_key(key: Key, connection: Any) -> None:
    """Keeps the public half in the tables, once."""
    if await BaseBeing.find(key_row(key.public), connection=connection) is not None:
        return
    genesis = {"type": "signing_key", "name": f"key {key.public[:8]}", "public_key": key.public}
    try:
        await BaseBeing(soul=key_row(key.public), tags=["signing_key"], genesis=genesis).save(connection=connection)
    except BeingConflict:
        return  # somebody else was first


def _new() -> Key:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    private = Ed25519PrivateKey.generate().private_bytes_raw().hex()
    return Key(private, _public(private))


def _public(private: str) -> str:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    return Ed25519PrivateKey.from_private_bytes(bytes.fromhex(private)).public_key().public_bytes_raw().hex()


def _bytes(key: Key) -> bytes:
    return json.dumps({"private": key.private, "public": key.public}).encode() + b"\n"
