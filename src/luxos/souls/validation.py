"""`validate`: whether every version, alias, report, manifest, environment and key is as it was written.

Nothing is changed, and one bit that is another is found and named. The rows' digests stand in the index of reports, the
index has its own, manifests are signed, and the key has both its halves.
"""

import asyncio
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from typing import Any

from luxos.beings.being import BaseBeing
from luxos.beings.errors import BeingDamaged, BeingError
from luxos.errors import LuxError
from luxos.i18n import N_, _
from luxos.persistence.errors import ValueUnreadable
from luxos.persistence.queries import queries
from luxos.souls import environment
from luxos.souls.aliases import Alias, history
from luxos.souls.archive import INDEX, PRODUCTION, Archive, read
from luxos.souls.checking import damaged
from luxos.souls.errors import IndexDamaged, KeyUnfit
from luxos.souls.manifest import Manifest, manifests
from luxos.souls.promotion import closure
from luxos.souls.registry import Soul
from luxos.souls.report import row_digest
from luxos.souls.reports import Index, digest, read_index
from luxos.souls.signing import key_file, key_row, read_key
from luxos.souls.versions import row_of

_PAGE = 500
_MOST = 1 << 28


@dataclass(frozen=True)
class Finding:
    """Something that is not as it was written: the `rule` that is broken, and `name`, which breaks it.

    `folder` is where its report is, where that can bring it back.
    """

    rule: str
    name: str
    folder: str = ""

    def __str__(self) -> str:
        return _(RULES[self.rule]).format(name=self.name, folder=self.folder)


RULES = {
    "version": N_("The version {name} is not what its hash says."),
    "group": N_("The group of souls {name} is not what its hash says."),
    "alias": N_("The alias {name} names a version or a being that does not fit its history."),
    "dependency": N_("The version {name} pins a soul that is not there."),
    "carrier": N_("The being {name} does not have the genotype whose hash it bears."),
    "row": N_(
        "The row of version {name} is not as it was when its report was written, or is gone. If it is gone, `luxos "
        "soul import {folder}` takes it from its report."
    ),
    "index": N_("{name} is not as it was written. `luxos soul report --all` writes it again."),
    "index_aside": N_("{name} was found damaged and set aside. Look at it, then delete it."),
    "report": N_("The report {name} is not as it was written. `luxos soul report HASH` writes it again."),
    "report_missing": N_("The report {name} is not there. `luxos soul report HASH` writes it again."),
    "key": N_(
        "The key {name} is damaged, others can read it, or the tables do not know it. If others can, "
        "`chmod 600 {name}` is enough."
    ),
    "key_row": N_("The row of the public key {name} is not as it was written."),
    "manifest": N_("The manifest {name} is not what was signed, or a key signed it that the tables do not know."),
    "chain": N_("The manifest {name} does not follow the one before it, or that one is gone."),
    "manifest_file": N_(
        "The file {name} is not the manifest that was signed, or is gone. `luxos soul report --all` writes it again."
    ),
    "environment": N_("The environment {name} is not what its newest manifest says."),
    "promoted": N_("{name}: the version that it names is not whole or not there."),
    "production_config": N_(
        "{name} is not what the newest manifest of production says, or is gone. `luxos soul report --all` writes it "
        "again."
    ),
}


async def validate(archive: Archive, name: str | None = None) -> AsyncIterator[Finding]:
    """Everything that is not as it was written: of an environment and all that it uses, or of all souls."""
    wanted = await _used_by(name) if name else None
    if wanted is None:
        async for damage in damaged():
            yield Finding(damage.kind, damage.name)
        async for finding in _aliases():
            yield finding
    async for finding in _reports(archive, wanted):
        yield finding
    async for finding in _environments(archive, name):
        yield finding


async def _used_by(name: str) -> set[str]:
    """The hashes that an environment names, and what these pin; where it cannot be read, what can be."""
    row = await BaseBeing.find(environment.row_of(name))
    if row is None:
        await environment.Environment.of(name)
    named = row.attributes.get("souls", {}) if row else {}
    used = set(named.values())
    for found in named.values():
        try:
            soul = await Soul.get_by_hash(found)
            used |= (await closure(soul)).keys() if soul else set()
        except (LuxError, KeyError):
            continue
    return used


async def _aliases() -> AsyncIterator[Finding]:
    """Aliases that are not what their history says last."""
    after = ""
    while True:
        async with BaseBeing._borrowed(None) as lent:
            rows = await lent.fetch(queries()["aliases_page"], after, _PAGE)
        for row in rows:
            if not await _follows(row["name"], row["attributes"]):
                yield Finding("alias", row["name"])
        if len(rows) < _PAGE:
            return
        after = rows[-1]["name"]


async def _follows(name: str, attributes: dict[str, Any]) -> bool:
    for _attempt in range(2):  # somebody may write between the two readings
        try:
            last = (await history(name))[-1]
            alias = await Alias.of(name)
        except (LuxError, LookupError, ValueError, TypeError):
            return False
        carried = alias.being is None or last.get("being") == str(alias.being)
        if (last["hash"], last["version"]) == (alias.hash, alias.version) and carried:
            return True
    return False


async def _reports(archive: Archive, wanted: set[str] | None) -> AsyncIterator[Finding]:
    """The index, the files that it names, and the rows whose digests it has."""
    aside = archive.folder / f"{INDEX}.damaged"
    if aside.exists():
        yield Finding("index_aside", str(aside))
    try:
        index = await asyncio.to_thread(read_index, archive)
    except IndexDamaged:
        yield Finding("index", str(archive.folder / INDEX))
        return
    if wanted is not None:
        index = {found: one for found, one in index.items() if found in wanted}
    for finding in await asyncio.to_thread(lambda: list(_files(archive, index))):
        yield finding
    for found, one in index.items():
        if not await _is_row(found, one["row"]):
            yield Finding("row", found, str(archive.folder))


def _files(archive: Archive, index: Index) -> Iterator[Finding]:
    for one in index.values():
        for name, told in one["files"].items():
            content = _content(archive, name)
            if content is None or digest(content) != told:
                yield Finding("report" if content is not None else "report_missing", name)


def _content(archive: Archive, name: str) -> bytes | None:
    try:
        return read(archive.folder / name, _MOST)
    except (OSError, ValueError):
        return None


async def _is_row(found: str, told: str) -> bool:
    try:
        return row_digest((await BaseBeing.load(row_of(found))).genesis) == told
    except (BeingError, ValueUnreadable):
        return False


async def _environments(archive: Archive, name: str | None) -> AsyncIterator[Finding]:
    """Keys, manifests, their chains and files, and what environments name."""
    known: set[str] = set()
    async with BaseBeing._borrowed(None) as lent:
        rows = await lent.fetch(queries()["signing_keys"])
    for row in rows:
        genesis = row["genesis"]
        public = genesis.get("public_key") if isinstance(genesis, dict) else None
        if isinstance(public, str) and row["soul"] == key_row(public):
            known.add(public)
        else:
            yield Finding("key_row", str(row["soul"]))
    found: dict[str, list[Manifest]] = {}
    for soul, genesis in await manifests():
        made = Manifest.of_row(genesis)
        if made is None or soul != made.row or made.content["public_key"] not in known:
            yield Finding("manifest", f"{genesis.get('name')} ({soul})")
        if made is not None:
            found.setdefault(made.environment, []).append(made)
    if found and not _key_fits(archive, known):
        yield Finding("key", str(key_file(archive)))
    for place in sorted({*found, *await environment.names()} if name is None else {name}):
        chain = sorted(found.get(place, []), key=lambda one: one.sequence)
        async for finding in _environment(archive, place, chain):
            yield finding


def _key_fits(archive: Archive, known: set[str]) -> bool:
    try:
        return read_key(key_file(archive)).public in known
    except (KeyUnfit, OSError):
        return False


async def _environment(archive: Archive, name: str, chain: list[Manifest]) -> AsyncIterator[Finding]:
    for before, made in zip([None, *chain], chain, strict=False):
        follows = (made.content["previous"], made.sequence) == (
            (before.hash, before.sequence + 1) if before else (None, 1)
        )
        if not follows:
            yield Finding("chain", f"{name} {made.sequence} ({made.hash})")
        if _content(archive, made.file) != made.file_bytes():
            yield Finding("manifest_file", made.file)
    head = chain[-1] if chain else None
    if not await _is_head(name, head):
        yield Finding("environment", name)
    for alias, entry in head.souls.items() if head else ():
        try:
            whole = await Soul.get_by_hash(entry["hash"]) is not None
        except LuxError:
            whole = False
        if not whole:
            yield Finding("promoted", f"{name}/{alias} ({entry['hash']})")
    if name == environment.USUAL and _content(archive, PRODUCTION) != environment.config_bytes(head):
        yield Finding("production_config", str(archive.folder / PRODUCTION))


async def _is_head(name: str, head: Manifest | None) -> bool:
    try:
        row = await BaseBeing.find(environment.row_of(name))
    except BeingDamaged:
        return False
    if row is None or head is None:
        return row is None and head is None
    souls = {alias: entry["hash"] for alias, entry in head.souls.items()}
    return row.attributes == {"manifest": head.hash, "souls": souls} and row.genesis.get("name") == name
