"""The registry of souls: by hash, which never changes, and by alias, which names the newest hash.

`Soul` is what there is to know of one version. To make versions: `summon` (declares what an alias is, and gives the
living being), `evolve` (changes the newest), `Soul.register` and `Soul.register_group`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self
from uuid import UUID

from luxos.beings.being import BaseBeing
from luxos.beings.class_source import methods_in
from luxos.beings.classes import ClassBeing
from luxos.beings.errors import BeingStatic, GenotypeInvalid
from luxos.beings.function import FunctionBeing
from luxos.beings.function_source import signature_of
from luxos.beings.genesis import GENOTYPE, canonical_bytes, genotype
from luxos.beings.typed import declared
from luxos.souls import groups
from luxos.souls.aliases import Alias, check_alias, rename_alias, unknown
from luxos.souls.dependencies import SELF, NotPinned, not_pinned, pinned, uses_of_genesis
from luxos.souls.errors import SoulDamaged, SoulTooBig, SoulUnknown
from luxos.souls.evolution import advance, living
from luxos.souls.versions import Version, find_hash, more_of, read_version, write_version

BIGGEST = 8_000_000
"""Bytes of a genotype as it is hashed."""
EMPTY: tuple[Any, ...] = (None, "", [], {}, False)
"""What takes a key of a genesis away."""


@dataclass(frozen=True)
class Soul:
    """One version: its hash, what the hash is over, and the row (of `base_beings`) that keeps it, never changed.

    `more` is what its first genesis said beside the genotype: name, purpose, author, examples.
    """

    hash: str
    genotype: Mapping[str, Any]
    being: UUID
    more: Mapping[str, Any] = field(default_factory=dict, compare=False, repr=False)

    @classmethod
    async def get_by_hash(cls, hash: str, *, connection: Any = None) -> Self | None:  # noqa: A002 - the seeds' name
        """The soul with this hash, or whose hash alone begins so (8 digits or more, `sha256:` or not), or `None`.

        `SoulAmbiguous` where several begin so, `SoulDamaged` where its rows no longer have this hash.
        """
        whole = await find_hash(hash, connection=connection)
        version = await read_version(whole, connection=connection) if whole else None
        return None if version is None else cls._of(version)

    @classmethod
    async def get_by_alias(cls, alias: str, *, connection: Any = None) -> Self | None:
        """The newest soul under this alias, or under the name that it was given later; or `None`."""
        named = await Alias.find(alias, connection=connection)
        if named is None or named.hash is None:
            return None
        version = await read_version(named.hash, connection=connection)
        if version is None:
            raise SoulDamaged(name=alias)
        return cls._of(version)

    @classmethod
    async def of(cls, name: str, *, connection: Any = None) -> Self:
        """The soul with this alias or hash; `SoulUnknown`, with aliases like it, where there is none."""
        found = await cls.get_by_alias(name, connection=connection)
        found = found or await cls.get_by_hash(name, connection=connection)
        if found is None:
            raise await unknown(name, connection=connection)
        return found

    @classmethod
    async def register(cls, genesis: Mapping[str, Any], *, alias: str | None = None, connection: Any = None) -> Self:
        """Keeps a version under its hash, once, and has the alias name it from now on; all of it, or nothing.

        What the source names is pinned to what it is now. Of a genesis only the genotype is in the hash.
        """
        _check(genesis, alias)

        async def work(lent: Any) -> Self:
            if alias is None:
                ready = await pinned(genesis, str(genesis.get("name", "?")), {}, connection=lent)
                return cls._of(await write_version(genotype(ready), None, more=more_of(ready), connection=lent))
            locked = await Alias.lock(alias, lent)
            ready = await pinned(genesis, alias, _itself(locked), connection=lent)
            return cls._of(await advance(locked, ready, connection=lent))

        return await BaseBeing._transacted(work, connection)

    @classmethod
    async def register_group(
        cls, geneses: Mapping[str, Mapping[str, Any]], *, connection: Any = None
    ) -> dict[str, Self]:
        """Registers souls by their aliases that may use one another; those in a circle are hashed as one group."""
        for alias, genesis in geneses.items():
            _check(genesis, alias)
        uses = {alias: uses_of_genesis(genesis, alias).names for alias, genesis in geneses.items()}

        async def work(lent: Any) -> dict[str, Version]:
            locked = {alias: await Alias.lock(alias, lent) for alias in sorted(geneses)}
            versions: dict[str, Version] = {}
            for circle in groups.circles(uses):
                members = {alias: (locked[alias], geneses[alias]) for alias in circle}
                versions |= await _advance_circle(members, versions, lent)
            return versions

        versions = await BaseBeing._transacted(work, connection)
        return {alias: cls._of(versions[alias]) for alias in geneses}

    @classmethod
    async def evolve(
        cls,
        which: str | BaseBeing,
        changes: Mapping[str, Any],
        *,
        base: str | None = None,
        rebase: bool = False,
        connection: Any = None,
    ) -> Self:
        """Changes keys of the newest genesis of an alias, or of the alias that a being carries; `None` removes a key.

        Pins of what is still used stay. Made from `base`, or from what is newest at the call (a being: from what it was
        loaded as). Where the alias has moved on before it is written: `SoulConflict`, or with `rebase` the changes
        are made to what is newest then.
        """
        if isinstance(which, BaseBeing) and which.genesis.get("tier") == "core":
            raise BeingStatic(soul=which.soul)
        name = which if isinstance(which, str) else str(which.genesis.get("name", which.soul))
        if base is None and isinstance(which, BaseBeing):
            base = which.genesis.get("soul_hash")
        if base is None:
            base = (await Alias.of(name, connection=connection)).hash

        async def work(lent: Any) -> Self:
            locked = await Alias.lock((await Alias.of(name, connection=lent)).name, lent)
            ready = await cls._ready(locked, changes, lent)
            return cls._of(await advance(locked, ready, base=None if rebase else base, connection=lent))

        return await BaseBeing._transacted(work, connection)

    @classmethod
    async def draft(cls, name: str, changes: Mapping[str, Any], *, connection: Any = None) -> Self:
        """Keeps the version that `evolve` would make of an alias, which stays what it is."""

        async def work(lent: Any) -> Self:
            locked = await Alias.lock((await Alias.of(name, connection=lent)).name, lent)
            ready = await cls._ready(locked, changes, lent)
            parent = await read_version(locked.hash, connection=lent) if locked.hash else None
            return cls._of(await write_version(genotype(ready), parent, more=more_of(ready), connection=lent))

        return await BaseBeing._transacted(work, connection)

    @classmethod
    async def _ready(cls, locked: Alias, changes: Mapping[str, Any], connection: Any) -> dict[str, Any]:
        """The newest genesis of an alias with changes, and its pins."""
        newest = await cls.of(locked.name, connection=connection)
        genesis = _changed(newest.genotype, await _more_now(locked, newest, connection), changes)
        _check(genesis, locked.name)
        _check_callable(genesis, locked.name)
        return await pinned(genesis, locked.name, _itself(locked), connection=connection)

    @classmethod
    async def rename(cls, old: str, new: str, *, connection: Any = None) -> Self:
        """Gives an alias another name; the old one leads to it and is given to nobody else."""
        now = await rename_alias(old, new, connection=connection)
        return await cls.of(now.name, connection=connection)

    @property
    def not_pinned(self) -> list[NotPinned]:
        """The places of its source where something is used that none of its pins covers."""
        return not_pinned(self.genotype)

    async def pins(self, *, connection: Any = None) -> dict[str, str | UUID]:
        """What its source names: for each name the hash, or the UUID of a core being."""
        found = self.genotype.get("dependencies", {})
        return await groups.pins_of(self.hash, found, connection=connection)

    @classmethod
    def _of(cls, version: Version) -> Self:
        return cls(version.hash, version.genotype, version.row, version.more)


async def summon(*, name: str, source: str, connection: Any = None, **genesis: Any) -> BaseBeing:
    """The living being of an alias that has this source; made, evolved, or as it is where it has it already.

    A function, unless `genesis` says another `type`; LuxOS chooses where it runs, unless that says a `tier`.
    """
    whole = {"type": "function", **genesis, "source": source}
    _check(whole, name)
    _check_callable(whole, name)

    async def work(lent: Any) -> BaseBeing | None:
        await Soul.register(whole, alias=name, connection=lent)
        return await living(name, connection=lent)

    being = await BaseBeing._transacted(work, connection)
    if being is None:
        raise SoulUnknown(name=name)
    return being


async def renewed(
    name: str, source: str, changes: Mapping[str, Any], *, connection: Any = None
) -> tuple[BaseBeing, list[str]]:
    """The living being of an alias, which has this source and these changes from now on, and the keys that fell away.

    What is not named stays as it was, and `None` or another empty value takes a key away; what the source names is
    pinned to what it is now. `SoulUnknown` where there is no such alias.
    """

    async def work(lent: Any) -> tuple[BaseBeing | None, list[str]]:
        before = await genesis_of(name, connection=lent)
        gone = [key for key, value in changes.items() if value in EMPTY and before.get(key) not in EMPTY]
        told = {key: _taken_away(key) if value in EMPTY else value for key, value in changes.items()}
        again = {**told, "source": source, "dependencies": None}
        await Soul.evolve(name, again, rebase=True, connection=lent)
        return await living(name, connection=lent), gone

    being, gone = await BaseBeing._transacted(work, connection)
    if being is None:
        raise SoulUnknown(name=name)
    return being, gone


async def genesis_of(name: str, *, connection: Any = None) -> dict[str, Any]:
    """What an alias is and says of itself by now; `SoulUnknown`."""
    newest = await Soul.of(name, connection=connection)
    return {**await _more_now(await Alias.of(name, connection=connection), newest, connection), **newest.genotype}


async def at(name: str, *, connection: Any = None) -> Mapping[str, Any]:
    """The genotype of any version, by its hash or the beginning of it, to the byte; `SoulUnknown`."""
    found = await Soul.get_by_hash(name, connection=connection)
    if found is None:
        raise await unknown(name, connection=connection)
    return found.genotype


def _check(genesis: Mapping[str, Any], alias: str | None) -> None:
    """Raises for a genesis that is none, before anything is written."""
    if alias is not None:
        check_alias(alias)
    size = len(canonical_bytes(genotype(genesis)))
    if size > BIGGEST:
        raise SoulTooBig(name=alias or "?", size=size, most=BIGGEST)
    if not isinstance(genesis.get("type"), str):
        raise GenotypeInvalid(field="type", reason="no_type")
    declared(genesis)


def _check_callable(genesis: Mapping[str, Any], name: str) -> None:
    """Raises `SourceInvalid` where a function has nothing that can be called, and a class no class."""
    if genesis["type"] in (FunctionBeing.kind, ClassBeing.kind) and "source" in genesis:
        uses_of_genesis(genesis, name)
        (signature_of if genesis["type"] == FunctionBeing.kind else methods_in)(genesis["source"], name)


def _itself(alias: Alias) -> dict[str, str]:
    return dict.fromkeys((alias.name, *alias.formerly), SELF)


def _taken_away(key: str) -> Any:
    """What is written for a key that is to be gone: the living being keeps those beside its genotype until told."""
    return None if key in GENOTYPE else [] if key == "examples" else ""


def _changed(genotype_: Mapping[str, Any], more: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """The genesis after the changes; a pin goes with the last use of its name."""
    genesis = {key: value for key, value in {**more, **genotype_, **changes}.items() if value is not None}
    if "dependencies" in genesis and "dependencies" not in changes and "source" in changes:
        before, now = uses_of_genesis(genotype_, "?").names, uses_of_genesis(genesis, "?").names
        pins = genesis["dependencies"]
        genesis["dependencies"] = {used: pins[used] for used in pins if used in now or used not in before}
    return genesis


async def _more_now(alias: Alias, newest: Soul, connection: Any) -> dict[str, Any]:
    """What the living being says of itself beside the genotype, or its version where there is none.

    A version may have been another alias's first, so what only that says is not this one's; but for the owner.
    """
    being = await living(alias.name, connection=connection)
    if being is None:
        return dict(newest.more)
    owner = {"owner": newest.more["owner"]} if "owner" in newest.more else {}
    return {key: value for key, value in more_of(being.genesis).items() if key != "owner"} | owner


async def _advance_circle(
    members: Mapping[str, tuple[Alias, Mapping[str, Any]]], known: Mapping[str, Version], connection: Any
) -> dict[str, Version]:
    """Advances souls that use each other, or one that is in no circle; `known` are those written before."""
    inside = dict.fromkeys(members, groups.INSIDE) if len(members) > 1 else {}
    before = {alias: version.hash for alias, version in known.items()}
    ready = {
        alias: await pinned(genesis, alias, {**before, **inside, **_itself(locked)}, connection=connection)
        for alias, (locked, genesis) in members.items()
    }
    if inside:
        ready = await groups.write_group(ready, connection)
    return {alias: await advance(members[alias][0], ready[alias], connection=connection) for alias in ready}
