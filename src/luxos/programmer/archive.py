"""Reproducible archives: the same files give the same bytes, whoever packs them and whenever."""

import gzip
import hashlib
import io
import os
import stat
import tarfile
from collections.abc import Sequence
from pathlib import Path

from luxos.programmer.errors import ArchiveRefused

_PLAIN, _EXECUTABLE = 0o644, 0o755


def write_archive(folder: Path, target: Path, files: Sequence[str], prefix: str) -> str:
    """Packs `files` of `folder` under `prefix` into the `.tar.gz` at `target`; gives its SHA-256.

    Sorted by path; no times, no owners, modes 644 or 755. `ArchiveRefused` for what is no plain file. A process that
    is killed in the middle leaves no archive.
    """
    packed = io.BytesIO()
    with (
        gzip.GzipFile(filename="", mode="wb", fileobj=packed, mtime=0) as compressed,
        tarfile.open(mode="w", fileobj=compressed, format=tarfile.PAX_FORMAT) as archive,
    ):
        for name in sorted(files):
            content, mode = _read(folder / name)
            entry = tarfile.TarInfo(f"{prefix}/{name}")
            entry.size, entry.mode = len(content), mode
            archive.addfile(entry, io.BytesIO(content))
    data = packed.getvalue()
    half = target.with_name(f".{target.name}.half")
    with half.open("wb") as stream:
        stream.write(data)
        stream.flush()
        os.fsync(stream.fileno())
    half.replace(target)
    return hashlib.sha256(data).hexdigest()


def _read(path: Path) -> tuple[bytes, int]:
    found = path.lstat()
    if not stat.S_ISREG(found.st_mode):
        raise ArchiveRefused(path=path)
    return path.read_bytes(), _EXECUTABLE if found.st_mode & stat.S_IXUSR else _PLAIN
