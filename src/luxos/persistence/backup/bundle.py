"""The file of a backup: a `.tar.gz` whose last member, `manifest.json`, has the size and SHA-256 of every other.

Nothing of it is believed before `verified` has read it to its end.
"""

import hashlib
import json
import os
import tarfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

from luxos.persistence.errors import BackupDamaged, BackupNewer

FORMAT = 1
MANIFEST = "manifest.json"
_PIECE = 1 << 20
_LONGEST_MANIFEST = 1 << 28
_OPEN = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC


@dataclass
class Manifest:
    """What a backup holds. `files` are `{size, sha256, mode}` by member; `artifacts` where each once stood."""

    luxos: str
    schema: int
    postgresql: str
    created_at: str
    counts: dict[str, int]
    files: dict[str, dict[str, Any]] = field(default_factory=dict)
    artifacts: dict[str, str] = field(default_factory=dict)
    format: int = FORMAT


class Writer:
    """Adds files to a backup that is being written, and keeps their digests."""

    def __init__(self, archive: tarfile.TarFile, manifest: Manifest) -> None:
        self._archive, self.manifest = archive, manifest

    def add(self, name: str, file: BinaryIO) -> None:
        """Adds an open file under a name, as long as it is now; what grows meanwhile is cut there."""
        found = os.fstat(file.fileno())
        entry = tarfile.TarInfo(name)
        entry.size, entry.mode = found.st_size, found.st_mode & 0o777
        reader = _Digesting(file)
        self._archive.addfile(entry, reader)
        self.manifest.files[name] = {"size": entry.size, "sha256": reader.digest.hexdigest(), "mode": entry.mode}


@contextmanager
def written(target: Path, manifest: Manifest) -> Iterator[Writer]:
    """A backup file that appears under its name when it is whole and on the disk, for its owner's eyes only."""
    unfinished = target.with_name(f".{target.name}.{os.getpid()}.unfinished")
    unfinished.unlink(missing_ok=True)
    try:
        with os.fdopen(os.open(unfinished, _OPEN, 0o600), "wb") as file:
            with tarfile.open(fileobj=file, mode="w:gz", compresslevel=6, format=tarfile.PAX_FORMAT) as archive:
                yield Writer(archive, manifest)
                _finish(archive, manifest)
            file.flush()
            os.fsync(file.fileno())
        unfinished.rename(target)
        _sync_folder(target.parent)
    finally:
        unfinished.unlink(missing_ok=True)


def verified(path: Path) -> Manifest:
    """The manifest of a backup that was read to its end and is as it was written; `BackupDamaged` names what is not."""
    with _opened(path) as archive:
        text, seen = _read_through(path, archive)
        _read_to_the_end(path, archive)
    manifest = _manifest(path, text)
    for name, told in manifest.files.items():
        if name not in seen:
            raise BackupDamaged(path=path, what=name)
        if seen.pop(name) != (told.get("size"), told.get("sha256")):
            raise BackupDamaged(path=path, what=name)
    if seen:
        raise BackupDamaged(path=path, what=next(iter(seen)))
    return manifest


def unpack(path: Path, folder: Path, wanted: Callable[[str], bool] = lambda name: True) -> None:
    """Writes the members of a verified backup below an empty folder: plain files, never through a link."""
    with _opened(path) as archive:
        for entry in archive:
            if entry.name == MANIFEST or not wanted(entry.name):
                continue
            target = folder / _plain(path, entry.name)
            target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            source = archive.extractfile(entry)
            if source is None:
                raise BackupDamaged(path=path, what=entry.name)
            with os.fdopen(os.open(target, _OPEN, entry.mode & 0o777 | 0o600), "wb") as file:
                while piece := source.read(_PIECE):
                    file.write(piece)
                file.flush()
                os.fsync(file.fileno())


def _read_through(path: Path, archive: tarfile.TarFile) -> tuple[bytes, dict[str, tuple[int, str]]]:
    seen: dict[str, tuple[int, str]] = {}
    text: bytes | None = None
    for entry in archive:
        source = archive.extractfile(entry) if entry.isreg() else None
        if source is None or text is not None or entry.name in seen:
            raise BackupDamaged(path=path, what=entry.name)
        if entry.name == MANIFEST:
            text = source.read(_LONGEST_MANIFEST)
        else:
            _plain(path, entry.name)
            seen[entry.name] = (entry.size, hashlib.file_digest(source, "sha256").hexdigest())  # type: ignore[arg-type]
    if text is None:
        raise BackupDamaged(path=path, what=MANIFEST)
    return text, seen


def _read_to_the_end(path: Path, archive: tarfile.TarFile) -> None:
    """The checksum of the compressed file stands behind everything that a reader of members looks at."""
    rest = archive.fileobj
    while rest is not None and (piece := rest.read(_PIECE)):
        if any(piece):
            raise BackupDamaged(path=path, what=path.name)


def _manifest(path: Path, text: bytes) -> Manifest:
    try:
        told = json.loads(text)
        if told.get("format") != FORMAT:
            raise BackupNewer(path=path, luxos=told.get("luxos", "?"))
        return Manifest(**told)
    except (ValueError, TypeError, AttributeError) as error:
        raise BackupDamaged(path=path, what=MANIFEST) from error


def _finish(archive: tarfile.TarFile, manifest: Manifest) -> None:
    import io

    text = json.dumps(asdict(manifest), ensure_ascii=False, indent=1, sort_keys=True).encode()
    entry = tarfile.TarInfo(MANIFEST)
    entry.size, entry.mode = len(text), 0o600
    archive.addfile(entry, io.BytesIO(text))


@contextmanager
def _opened(path: Path) -> Iterator[tarfile.TarFile]:
    try:
        with tarfile.open(path, "r:gz") as archive:
            yield archive
    except (tarfile.TarError, EOFError, zlib.error, UnicodeDecodeError) as error:
        raise BackupDamaged(path=path, what=path.name) from error
    except OSError as error:
        if error.errno is not None:
            raise
        raise BackupDamaged(path=path, what=path.name) from error  # gzip's own complaints have no number


def _plain(path: Path, name: str) -> str:
    if name.startswith("/") or any(part in {"", ".", ".."} for part in name.split("/")):
        raise BackupDamaged(path=path, what=name)
    return name


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


class _Digesting:
    """A file that is hashed while it is read."""

    def __init__(self, file: BinaryIO) -> None:
        self._file, self.digest = file, hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        piece = self._file.read(size)
        self.digest.update(piece)
        return piece


def files_below(folder: Path) -> Iterator[tuple[str, Path]]:
    """The plain files below a folder and their names relative to it; links are left out, and what vanishes too."""
    for root, _folders, names in os.walk(folder):
        for name in sorted(names):
            path = Path(root, name)
            if path.is_file() and not path.is_symlink():
                yield path.relative_to(folder).as_posix(), path


def told(manifest: Manifest) -> Mapping[str, Any]:
    """The manifest as a person's report has it: without the list of files."""
    size = sum(int(entry["size"]) for entry in manifest.files.values())
    plain = {key: value for key, value in asdict(manifest).items() if key not in {"files", "format"}}
    return {**plain, "files": len(manifest.files), "bytes": size}
