"""Environments: production, staging, your own. Each maps aliases to hashes, and every change of one is a manifest.

A change is one transaction under the lock of the environment's row; its files are written after the commit, and
`write_files` writes those that a crash cut off.
"""

import asyncio
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Self
from uuid import UUID, uuid5

from luxos.beings.being import BaseBeing
from luxos.beings.errors import BeingConflict
from luxos.persistence.queries import queries
from luxos.souls import manifest as manifests
from luxos.souls.archive import PRODUCTION, Archive, put, readable
from luxos.souls.errors import (
    EnvironmentInvalid,
    EnvironmentUnknown,
    ManifestDamaged,
    ManifestUnknown,
    NothingEarlier,
    NotPromoted,
    SoulDamaged,
)
from luxos.souls.manifest import Manifest, Souls
from luxos.souls.signing import own_key, tell_key
from luxos.souls.versions import read_version

_ENVIRONMENTS = UUID("0e0a6a8e-3c43-4a52-9d50-6c1f6f7f2a15")
_NAME = re.compile(r"[a-z][a-z0-9_]{0,63}")
USUAL = "production"
Edit = Callable[["Environment"], tuple[Souls, dict[str, Any]]]
"""What an environment is from now on, and what is said of the change."""


@dataclass(frozen=True)
class Environment:
    """What an environment is now: its newest manifest, or none yet."""

    name: str
    manifest: Manifest | None = None

    @property
    def souls(self) -> Souls:
        return self.manifest.souls if self.manifest else {}

    @classmethod
    async def of(cls, name: str, *, connection: Any = None) -> Self:
        """The environment; `EnvironmentUnknown` where there is none, `ManifestDamaged` where it is not as signed.

        `BeingDeleted` where an older LuxOS let somebody put it away.
        """
        check_name(name)
        row = await BaseBeing.find(row_of(name), connection=connection)
        if row is None and await BaseBeing.find(row_of(name), deleted=True, connection=connection) is not None:
            await BaseBeing.load(row_of(name), connection=connection)
        if row is None or "manifest" not in row.attributes:
            raise EnvironmentUnknown(name=name)
        return await cls._of(name, row.attributes, connection)

    @classmethod
    async def _of(cls, name: str, attributes: Mapping[str, Any], connection: Any) -> Self:
        head = attributes.get("manifest")
        return cls(name, await load_manifest(name, head, connection=connection) if head else None)

    @classmethod
    async def lock(cls, name: str, connection: Any) -> Self:
        """The environment, made where it is new, which nobody else changes before the transaction ends."""
        check_name(name)
        query = queries()["lock_environment"]
        attributes = await connection.fetchval(query, row_of(name))
        if attributes is None:
            await _make(name, connection)
            attributes = await connection.fetchval(query, row_of(name))
        return await cls._of(name, attributes, connection)


def row_of(name: str) -> UUID:
    """The UUID of the row of an environment."""
    return uuid5(_ENVIRONMENTS, name)


def check_name(name: str) -> None:
    """Raises `EnvironmentInvalid`."""
    if not _NAME.fullmatch(name):
        raise EnvironmentInvalid(name=name)


async def names(*, connection: Any = None) -> list[str]:
    """The environments that there are."""
    async with BaseBeing._borrowed(connection) as lent:
        rows = await lent.fetch(queries()["environments"])
    return [row["genesis"]["name"] for row in rows if row["soul"] == row_of(str(row["genesis"].get("name")))]


async def load_manifest(environment: str, hash: str, *, connection: Any = None) -> Manifest:  # noqa: A002
    """The manifest with this hash; `ManifestDamaged` where it is not there, or not as it was signed."""
    row = await BaseBeing.find(manifests.row_of(str(hash)), connection=connection)  # a row may have been damaged
    found = Manifest.of_row(row.genesis) if row else None
    if found is None or found.hash != hash or found.environment != environment:
        raise ManifestDamaged(name=environment, manifest=hash)
    return found


async def find_manifest(environment: str, which: str, *, connection: Any = None) -> Manifest:
    """The manifest by its number, or by the beginning of its hash; `ManifestUnknown`."""
    for _row, genesis in await manifests.manifests(environment, connection=connection):
        said = str(genesis.get("hash", ""))
        number = str((genesis.get("manifest") or {}).get("sequence"))
        begins = len(which) >= 8 and said.removeprefix("sha256:").startswith(which.removeprefix("sha256:"))
        if which == number or begins:
            return await load_manifest(environment, said, connection=connection)
    raise ManifestUnknown(name=environment, manifest=which)


async def change(archive: Archive, name: str, edit: Edit, *, connection: Any = None) -> Manifest:
    """Changes an environment and keeps the manifest of that, all of it or nothing; the files come after."""
    key = await asyncio.to_thread(own_key, archive)

    async def work(lent: Any) -> Manifest:
        before = await Environment.lock(name, lent)
        souls, said = edit(before)
        for alias, entry in souls.items():
            if await read_version(entry["hash"], connection=lent) is None:
                raise SoulDamaged(name=f"{alias} ({entry['hash']})")
        await tell_key(key, lent)
        made = Manifest.make(name, souls, said, before.manifest, key)
        await BaseBeing(soul=made.row, tags=["manifest"], genesis=made.genesis()).save(connection=lent)
        row = await BaseBeing.load(row_of(name), connection=lent)
        row.attributes = {"manifest": made.hash, "souls": {alias: entry["hash"] for alias, entry in souls.items()}}
        row.remember(said["kind"], manifest=made.hash)
        await row.save(connection=lent)
        return made

    made = await BaseBeing._transacted(work, connection)
    if connection is None:
        await write_files(archive)
    return made


async def demote(archive: Archive, alias: str, name: str = USUAL) -> Manifest:
    """Takes an alias out of an environment; `NotPromoted`."""
    await Environment.of(name)

    def edit(before: Environment) -> tuple[Souls, dict[str, Any]]:
        if alias not in before.souls:
            raise NotPromoted(alias=alias, name=name)
        rest = {one: entry for one, entry in before.souls.items() if one != alias}
        return rest, {"kind": "demote", "alias": alias, "hash": before.souls[alias]["hash"]}

    return await change(archive, name, edit)


async def confirm(archive: Archive, name: str = USUAL) -> Manifest:
    """A new manifest of an environment as it is."""
    await Environment.of(name)
    return await change(archive, name, lambda before: (before.souls, {"kind": "manifest"}))


async def rollback(archive: Archive, name: str = USUAL, *, to: str | None = None, alias: str | None = None) -> Manifest:
    """Has an environment, or one alias of it, be again what it was in an earlier manifest: the one before, or `to`.

    Going back once more goes further back. `NothingEarlier` where there is none.
    """

    async def work(lent: Any) -> Manifest:
        now = await Environment.lock(name, lent)
        target = await _earlier(now, to, alias, lent)

        def edit(before: Environment) -> tuple[Souls, dict[str, Any]]:
            said = {"kind": "rollback", "restores": target.hash}
            if alias is None:
                return target.souls, said
            rest = {one: entry for one, entry in before.souls.items() if one != alias}
            return rest | {alias: target.souls[alias]}, {**said, "alias": alias}

        return await change(archive, name, edit, connection=lent)

    made = await BaseBeing._transacted(work)
    await write_files(archive)
    return made


async def write_files(archive: Archive, *, again: bool = False) -> list[str]:
    """Writes the manifests' files that are missing, and `production_config.json`; gives the names of those written.

    `again` also writes those that are not as they should be.
    """
    rows = await manifests.manifests()
    found = [made for _row, genesis in rows if (made := Manifest.of_row(genesis)) is not None]
    heads = {made.environment: made for made in sorted(found, key=lambda one: one.sequence)}
    return await asyncio.to_thread(_write_files, archive, found, config_bytes(heads.get(USUAL)), again)


def config_bytes(head: Manifest | None) -> bytes | None:
    """What `production_config.json` says of the newest manifest of `production`, or nothing."""
    if head is None:
        return None
    souls = {alias: entry["hash"] for alias, entry in head.souls.items()}
    return readable({"environment": USUAL, "manifest": head.hash, "souls": souls})


def _write_files(archive: Archive, found: list[Manifest], config: bytes | None, again: bool) -> list[str]:
    wanted = {made.file: made.file_bytes() for made in found}
    with archive.held():
        lacking = {name: content for name, content in wanted.items() if _lacks(archive, name, content, again)}
        if config is not None and (lacking or _lacks(archive, PRODUCTION, config, again)):
            lacking[PRODUCTION] = config
        for name, content in lacking.items():
            put(archive.folder / name, content)
    return list(lacking)


def _lacks(archive: Archive, name: str, content: bytes, again: bool) -> bool:
    file = archive.folder / name
    return not file.exists() or (again and file.read_bytes() != content)


async def _earlier(now: Environment, to: str | None, alias: str | None, connection: Any) -> Manifest:
    """The manifest that is gone back to."""
    if to is not None:
        found = await find_manifest(now.name, to, connection=connection)
        if alias is not None and alias not in found.souls:
            raise NotPromoted(alias=alias, name=f"{now.name} {found.sequence}")
        return found
    head = now.manifest
    if head is None:
        raise EnvironmentUnknown(name=now.name)
    present = head.souls.get(alias, {}).get("hash") if alias else None
    while (head := await _origin(head, alias, connection)).content["previous"] is not None:
        head = await load_manifest(now.name, head.content["previous"], connection=connection)
        if alias is None or head.souls.get(alias, {}).get("hash") not in {None, present}:
            return head
    raise NothingEarlier(name=alias or now.name)


async def _origin(head: Manifest, alias: str | None, connection: Any) -> Manifest:
    """The manifest that `head` gave back, where it is a rollback, so that going back once more goes further."""
    said = head.content["change"]
    while "restores" in said and said.get("alias") in {None, alias}:
        head = await load_manifest(head.environment, said["restores"], connection=connection)
        said = head.content["change"]
    return head


async def _make(name: str, connection: Any) -> None:
    being = BaseBeing(soul=row_of(name), tags=["environment"], genesis={"type": "environment", "name": name})
    try:
        await being.save(connection=connection)
    except BeingConflict:
        return  # somebody else made it meanwhile
