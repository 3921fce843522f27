"""Packs files into a reproducible archive: the same files give the same bytes, on every machine and at every time.

Nothing is followed: a link, or a file behind a link, is refused. The archive appears whole or not at all.
"""

import gzip
import hashlib
import os
import stat
import tarfile
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from io import BufferedRandom
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from luxos.programmer.errors import ArchiveRefused

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


def write_archive(folder: Path, target: Path, files: Sequence[str], prefix: str) -> str:
    """Writes `files`, named relative to `folder`, below `prefix` into the `.tar.gz` `target`; gives its SHA-256.

    `ArchiveRefused` where a name leads out of the folder or is anything but a plain file.
    """
    names = sorted({_plain(name) for name in files})
    _plain(prefix)
    with _replacing(target) as output:
        # Neither a name nor a time stands in the header of the compressed file.
        with (
            gzip.GzipFile(filename="", mode="wb", compresslevel=9, fileobj=output, mtime=0) as packed,
            tarfile.open(fileobj=packed, mode="w", format=tarfile.PAX_FORMAT) as archive,
        ):
            for name in names:
                _add(archive, folder, name, prefix)
        output.seek(0)
        return hashlib.file_digest(output, "sha256").hexdigest()


def _plain(name: str) -> str:
    parts = name.split("/")
    if "\0" in name or any(part in {"", ".", ".."} for part in parts):
        raise ArchiveRefused(path=name)
    return name


def _add(archive: tarfile.TarFile, folder: Path, name: str, prefix: str) -> None:
    with _opened(folder, name) as file:
        found = os.fstat(file.fileno())
        entry = tarfile.TarInfo(f"{prefix}/{name}")
        entry.size = found.st_size
        entry.mode = 0o755 if found.st_mode & stat.S_IXUSR else 0o644
        try:
            archive.addfile(entry, file)
        except UnicodeEncodeError as error:
            raise ArchiveRefused(path=repr(name)) from error


@contextmanager
def _opened(folder: Path, name: str) -> Iterator[BinaryIO]:
    """Opens a plain file one step at a time, so that no part of its path can be a link."""
    *parents, last = PurePosixPath(name).parts
    place = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        for part in parents:
            inner = os.open(part, _FOLDER, dir_fd=place)
            os.close(place)
            place = inner
        descriptor = os.open(last, _FILE, dir_fd=place)
    except OSError as error:
        raise ArchiveRefused(path=name) from error
    finally:
        os.close(place)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise ArchiveRefused(path=name)
    with os.fdopen(descriptor, "rb") as file:
        yield file


@contextmanager
def _replacing(target: Path) -> Iterator[BufferedRandom]:
    """A file that takes the place of `target` once it is complete and on the disk."""
    target.parent.mkdir(parents=True, exist_ok=True)
    descriptor, temporary = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)
    try:
        with os.fdopen(descriptor, "w+b") as output:
            yield output
            output.flush()
            os.fchmod(output.fileno(), 0o644)
            os.fsync(output.fileno())
        Path(temporary).replace(target)
    except BaseException:
        with suppress(FileNotFoundError):
            Path(temporary).unlink()
        raise
