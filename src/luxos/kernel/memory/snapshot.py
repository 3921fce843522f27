"""One value in one file: the old one or the new one, whole, whatever dies in between; what is not ours is set aside."""

import json
import os
from zlib import crc32

from luxos.kernel.sentences import KernelError


class SetAside(KernelError):
    """The file was torn or foreign; it lies under another name now, and is not read again."""


def save(path: str, kind: str, value: object, durable: bool = True) -> None:
    """Puts the value, as JSON, into the file; `durable` waits until it survives a power cut too. Raises `OSError`.

    `kind` names what the file holds, with the version of its shape: `context-1`.
    """
    body = json.dumps(value, separators=(",", ":")).encode()
    draft = f"{path}.draft"
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    try:
        write_whole(descriptor, _head(kind, body) + body)
        if durable:
            os.fsync(descriptor)
    finally:
        os.close(descriptor)
    os.replace(draft, path)
    if durable:
        sync_folder(os.path.dirname(path))


def load(path: str, kind: str) -> object | None:
    """The value that was saved; None where there is no file. Raises `SetAside`, `OSError`."""
    try:
        with open(path, "rb") as file:
            data = file.read()
    except FileNotFoundError:
        return None
    head, newline, body = data.partition(b"\n")
    if head + newline != _head(kind, body):
        raise set_aside(path)
    try:
        value: object = json.loads(body)
    except (ValueError, RecursionError):
        raise set_aside(path) from None
    return value


def set_aside(path: str) -> SetAside:
    """Moves the file out of the way, over the one that was set aside before it; gives the error that says so."""
    aside = f"{path}.aside"
    os.replace(path, aside)
    return SetAside("snapshot.set_aside", path=path, aside=aside)


def write_whole(descriptor: int, data: bytes) -> None:
    """Writes all of it: one `write` may take a part only."""
    while data:
        data = data[os.write(descriptor, data) :]


def sync_folder(path: str) -> None:
    """Makes a new or renamed name in the folder survive a power cut."""
    descriptor = os.open(path or ".", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _head(kind: str, body: bytes) -> bytes:
    return f"luxos {kind} {len(body)} {crc32(body):08x}\n".encode()
