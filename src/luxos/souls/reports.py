"""Reports on the disk: `{hash}_{timestamp}.json` and `.md`, and `hash_index.json`, which names them all.

A report is written after the commit of its version, by `catch_up`, which looks for versions that have none: what a
crash cut off is written by the next one. The index has the digest of every file, of every row, and of itself.
"""

import asyncio
import hashlib
import json
from collections.abc import Collection, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from luxos.beings.being import BaseBeing
from luxos.errors import LuxError, reason_of
from luxos.persistence.queries import queries
from luxos.souls.archive import INDEX, Archive, put, read, readable, sync_folder
from luxos.souls.errors import ArchiveUnfit, IndexDamaged, SoulDamaged
from luxos.souls.registry import Soul
from luxos.souls.report import Report, markdown, names_of, report_of, row_digest
from luxos.souls.versions import row_of

_OVERLAP = timedelta(minutes=10)
"""A transaction may be so long that its versions are older than others' that were seen before; and a clock that was
ahead may have been set right since."""
_PAGE = 500
_MOST = 1 << 30
Index = dict[str, dict[str, Any]]


def read_index(archive: Archive) -> Index:
    """What the index says by hash; nothing where there is none. `IndexDamaged` where it is not as it was written."""
    try:
        content = read(archive.folder / INDEX, _MOST)
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise ArchiveUnfit(path=archive.folder, reason=reason_of(error)) from error
    except ValueError as error:
        raise IndexDamaged(path=archive.folder / INDEX) from error
    try:
        found = json.loads(content)
        souls: Index = found["souls"]
        whole = content == _index_bytes(souls)
    except (ValueError, KeyError, TypeError, LuxError, RecursionError) as error:
        raise IndexDamaged(path=archive.folder / INDEX) from error
    if not whole:
        raise IndexDamaged(path=archive.folder / INDEX)
    return souls


async def catch_up(archive: Archive, *, everything: bool = False) -> list[str]:
    """Writes the reports that are missing, and gives the hashes of their versions; all of them, or the newest ones."""
    known = await asyncio.to_thread(_read_or_nothing, archive)
    after = None if everything or not known else min(_newest(known), datetime.now(UTC)) - _OVERLAP
    written: list[str] = []
    async for page in _missing(known, after):
        made = [await _made(soul, genesis) for soul, genesis in page]
        await asyncio.to_thread(_write, archive, made)
        written += [soul.hash for soul, _genesis in page]
    return written


async def write_again(archive: Archive, soul: Soul) -> tuple[str, str]:
    """Writes the report of one version, whether there is one or not, and gives the names of its files."""
    row = await BaseBeing.load(soul.being)
    made = await _made(soul, row.genesis)
    await asyncio.to_thread(_write, archive, [made])
    return names_of(made[0])


def old_reports(archive: Archive, before: datetime, used: Collection[str]) -> dict[str, int]:
    """The versions from before a moment whose reports are there and that nobody uses, and how many bytes these take."""
    try:
        index = read_index(archive)
    except IndexDamaged:
        return {}  # `validate` says so
    return {
        found: sum(_size(archive.folder / name) for name in one["files"])
        for found, one in index.items()
        if one["files"] and found not in used and datetime.fromisoformat(one["created_at"]) < before
    }


def remove_reports(archive: Archive, hashes: Collection[str]) -> None:
    """Removes the files of reports; the index keeps the versions and their digests, so that `write_again` can.

    The index goes first: what it names is there at every moment, and the same call removes what a crash left.
    """
    with archive.held():
        index = dict(_read_or_nothing(archive))
        index |= {found: {**index[found], "files": {}} for found in hashes if found in index}
        _put_index(archive, index)
        for found in hashes:
            for file in archive.folder.glob(f"{found.removeprefix('sha256:')}_*"):
                file.unlink(missing_ok=True)
        sync_folder(archive.folder)


def digest(content: bytes) -> str:
    """`sha256:` over bytes."""
    return "sha256:" + hashlib.sha256(content).hexdigest()


async def _missing(known: Index, after: datetime | None) -> Any:
    """Pages of versions that the index does not name, with what their rows say; damaged ones are `validate`'s."""
    moment, soul = (after or datetime(1, 1, 1, tzinfo=UTC)).replace(tzinfo=None), row_of("")
    while True:
        async with BaseBeing._borrowed(None) as lent:
            rows = await lent.fetch(queries()["versions_since"], moment, soul, _PAGE)
        found = []
        for row in rows:
            told = row["genesis"].get("soul_hash") if isinstance(row["genesis"], dict) else None
            if isinstance(told, str) and told not in known and row["soul"] == row_of(told):
                version = await _whole(told)
                found += [(version, row["genesis"])] if version else []
        if found:
            yield found
        if len(rows) < _PAGE:
            return
        moment, soul = rows[-1]["created_at"], rows[-1]["soul"]


async def _whole(found: str) -> Soul | None:
    try:
        return await Soul.get_by_hash(found)
    except SoulDamaged:
        return None


async def _made(soul: Soul, genesis: Mapping[str, Any]) -> tuple[Report, str]:
    return await report_of(soul), row_digest(genesis)


def _write(archive: Archive, made: list[tuple[Report, str]]) -> None:
    """Writes the files first, and then the index that names them."""
    with archive.held():
        index = dict(_read_or_nothing(archive))
        for report, row in made:
            info, names = report["soul_info"], names_of(report)
            contents = readable(report), markdown(report)
            for name, content in zip(names, contents, strict=True):
                put(archive.folder / name, content)
            files = {name: digest(content) for name, content in zip(names, contents, strict=True)}
            told = {key: info[key] for key in ("alias", "global_ulid", "version", "created_at")}
            index[info["soul_hash"]] = {**told, "files": files, "row": row}
        _put_index(archive, index)


def _put_index(archive: Archive, index: Index) -> None:
    put(archive.folder / INDEX, _index_bytes(index))
    if (written := _signature(archive.folder / INDEX)) is not None:
        _seen[archive.folder / INDEX] = written, index


def _read_or_nothing(archive: Archive) -> Index:
    """What the index says, read once for each file that it was; one that is damaged is set aside."""
    file = archive.folder / INDEX
    before = _signature(file)
    kept = _seen.get(file)
    if kept is not None and before is not None and kept[0] == before:
        return kept[1]
    try:
        found = read_index(archive)
    except IndexDamaged:
        file.replace(archive.folder / f"{INDEX}.damaged")
        return {}
    if before is not None and before == _signature(file):
        _seen[file] = before, found
    return found


_Signature = tuple[int, int, int]
_seen: dict[Path, tuple[_Signature, Index]] = {}
"""The indexes that this process has read or written, with the file that each was; `validate` never uses them."""


def _size(file: Path) -> int:
    try:
        return file.stat().st_blocks * 512
    except OSError:
        return 0


def _signature(file: Path) -> _Signature | None:
    try:
        told = file.stat()
    except OSError:
        return None
    return told.st_ino, told.st_mtime_ns, told.st_size


def _index_bytes(souls: Index) -> bytes:
    """One line for each version; the digest is over the lines."""
    lines = (
        f"{json.dumps(one)}: {json.dumps(souls[one], ensure_ascii=False, sort_keys=True)}" for one in sorted(souls)
    )
    body = ",\n".join(lines)
    return f'{{"digest": "{digest(body.encode())}",\n"souls": {{\n{body}\n}}}}\n'.encode()


def _newest(known: Index) -> datetime:
    return max(datetime.fromisoformat(one["created_at"]) for one in known.values())
