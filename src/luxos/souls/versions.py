"""Versions: each one a row that is never changed, a snapshot of its genotype or what was added to its parent's.

The row's UUID follows from the hash. A snapshot has the genotype's keys in `genesis`, so that `psql` shows it; a diff
has `parent`, `parent_soul`, `depth` (diffs since the snapshot) and `diff`. What is read is hashed again, always.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid5

import asyncpg

from luxos.beings.being import BaseBeing
from luxos.beings.errors import BeingConflict, GenotypeInvalid
from luxos.beings.genesis import GENOTYPE, canonical_bytes, genotype, is_hash, soul_hash, typed, untyped
from luxos.persistence.queries import queries
from luxos.souls.additions import Addition, added, extended
from luxos.souls.errors import SoulAmbiguous, SoulDamaged

_SOULS = UUID("0e0a6a8e-3c43-4a52-9d50-6c1f6f7f2a11")
SNAPSHOT_EVERY = 32
"""A version is read from at most this many rows."""
FOLLOWED = "followed"
"""The key of a living being's genesis that names the promotion which follows its calls; no version has it."""
_OURS = frozenset(
    {*GENOTYPE, FOLLOWED, "soul_hash", "version", "ancestors", "created_at", "parent", "parent_soul", "depth", "diff"}
    | {"exact"}
)
_NEGATIVE_ZERO, _ZERO = b'{"float":"-0x0p+0"}', b'{"float":"0x0p+0"}'
_PREFIX = re.compile(r"(?:sha256:)?([0-9a-f]{8,64})")
_CANDIDATES = 10


@dataclass(frozen=True)
class Version:
    """A version as it is stored: its hash, its genotype to the byte, and what else its first genesis said."""

    hash: str
    genotype: Mapping[str, Any]
    more: Mapping[str, Any]
    depth: int = 0

    @property
    def row(self) -> UUID:
        """The UUID of its row."""
        return row_of(self.hash)


def row_of(hash: str) -> UUID:  # noqa: A002 - the seeds' name
    """The UUID of the row of a version."""
    return uuid5(_SOULS, hash)


def more_of(genesis: Mapping[str, Any]) -> dict[str, Any]:
    """What a genesis says beside the genotype and what LuxOS keeps there: name, purpose, author, examples, …"""
    return {key: value for key, value in genesis.items() if key not in _OURS}


def as_kept(genotype: Mapping[str, Any]) -> bytes:
    """The bytes to compare a genotype by that went through `jsonb`, which knows no -0.0."""
    return canonical_bytes(dict(genotype)).replace(_NEGATIVE_ZERO, _ZERO)


async def read_version(hash: str, *, connection: Any = None) -> Version | None:  # noqa: A002 - the seeds' name
    """The version with this whole hash, or `None`; `SoulDamaged` where its rows no longer give it."""
    try:
        async with BaseBeing._borrowed(connection) as lent:
            rows = await lent.fetch(queries()["load_version"], row_of(hash), SNAPSHOT_EVERY)
    except asyncpg.DataError as error:
        raise SoulDamaged(name=hash) from error
    return _whole(hash, [row["genesis"] for row in rows]) if rows else None


async def write_version(
    new: Mapping[str, Any], parent: Version | None, *, more: Mapping[str, Any], connection: Any
) -> Version:
    """Keeps a version, once; as a diff where it only adds to its parent and there is a snapshot near enough.

    Another writer may have been first, even with another name; then that row stays.
    """
    diff = None if parent is None or parent.depth + 1 >= SNAPSHOT_EVERY else added(parent.genotype, new)
    found = soul_hash(new)
    more = {"name": found, **more}
    if parent is None or not diff:
        version, genesis = Version(found, new, more), _snapshot(new, more)
    else:
        version = Version(found, new, more, parent.depth + 1)
        genesis = _diff(diff, parent, version)
    being = BaseBeing(soul=version.row, tags=["soul"], genesis={**genesis, "soul_hash": found})
    try:
        await being.save(connection=connection)
    except BeingConflict:
        present = await read_version(found, connection=connection)
        return version if present is None else present
    return version


async def find_hash(name: str, *, connection: Any = None) -> str | None:
    """The whole hash that `name` is or begins, with or without `sha256:`, or `None`; `SoulAmbiguous` for several."""
    if is_hash(name):
        return name
    match = _PREFIX.fullmatch(name) if isinstance(name, str) else None
    if match is None:
        return None
    first = "sha256:" + match[1]
    async with BaseBeing._borrowed(connection) as lent:
        found = await lent.fetch(queries()["find_soul_hashes"], first, first + "g", _CANDIDATES)
    if len(found) > 1:
        raise SoulAmbiguous(name=name, candidates=", ".join(row["hash"] for row in found))
    return found[0]["hash"] if found else None


def _snapshot(new: Mapping[str, Any], more: Mapping[str, Any]) -> dict[str, Any]:
    exact = {"exact": typed(dict(new))} if _NEGATIVE_ZERO in canonical_bytes(dict(new)) else {}
    return {**more, **new, **exact}


def _diff(diff: Addition, parent: Version, version: Version) -> dict[str, Any]:
    where = {"parent": parent.hash, "parent_soul": str(parent.row), "depth": version.depth}
    return {**version.more, "type": "soul", **where, "diff": diff}


def _whole(hash: str, rows: list[dict[str, Any]]) -> Version:  # noqa: A002 - the seeds' name
    """The version that its rows tell, checked against its hash."""
    try:
        made = extended(_from_snapshot(rows[0]), [row["diff"] for row in rows[1:]])
        right = soul_hash(made) == hash
    except (KeyError, TypeError, ValueError, AttributeError, GenotypeInvalid) as error:
        raise SoulDamaged(name=hash) from error
    if not right:
        raise SoulDamaged(name=hash)
    return Version(hash, made, more_of(rows[-1]), len(rows) - 1)


def _from_snapshot(genesis: Mapping[str, Any]) -> dict[str, Any]:
    plain = genotype(genesis)
    if "exact" not in genesis:
        return plain
    exact: dict[str, Any] = untyped(genesis["exact"])
    if as_kept(exact) != as_kept(plain):
        raise ValueError("what is shown is not what is kept")
    return exact
