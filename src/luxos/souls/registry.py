"""The registry of souls: by hash, which never changes, and by alias, which names the newest hash."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Self
from uuid import UUID, uuid5

from luxos.beings.being import BaseBeing
from luxos.beings.errors import BeingConflict, GenotypeInvalid
from luxos.beings.genesis import canonical_bytes, genotype, is_hash, soul_hash
from luxos.souls.errors import AliasInvalid, SoulDamaged

_SOULS = UUID("0e0a6a8e-3c43-4a52-9d50-6c1f6f7f2a11")
_ALIASES = UUID("0e0a6a8e-3c43-4a52-9d50-6c1f6f7f2a12")
_ALIAS = re.compile(r"[a-z][a-z0-9_]*(\.[a-z0-9_]+)*")
_LONGEST_ALIAS = 200
_NEGATIVE_ZERO = b'{"float":"-0x0p+0"}'


@dataclass(frozen=True)
class Soul:
    """One version of a being: its hash, what the hash is over, and the being (of table `base_beings`) that holds it."""

    hash: str
    genotype: Mapping[str, Any]
    being: UUID

    @classmethod
    async def get_by_hash(cls, hash: str, *, connection: Any = None) -> Self | None:  # noqa: A002 - the seeds' name
        """The soul with this hash, or `None`; `SoulDamaged` where its row no longer has it."""
        if not is_hash(hash):
            return None
        being = await BaseBeing.find(uuid5(_SOULS, hash), connection=connection)
        if being is None:
            return None
        if soul_hash(being.genesis) != hash:
            raise SoulDamaged(name=hash)
        return cls(hash, genotype(being.genesis), being.soul)

    @classmethod
    async def get_by_alias(cls, alias: str, *, connection: Any = None) -> Self | None:
        """The newest soul under this alias, or `None`."""
        named = await BaseBeing.find(uuid5(_ALIASES, alias), connection=connection)
        return None if named is None else await cls.get_by_hash(named.attributes["hash"], connection=connection)

    @classmethod
    async def register(cls, genesis: Mapping[str, Any], *, alias: str | None = None, connection: Any = None) -> Self:
        """Keeps a version under its hash, once, and has the alias name it from now on.

        `genesis` may hold more than the genotype; of that only `name` is kept. Both are written, or nothing.
        """
        found = soul_hash(genesis)
        plain = genotype(genesis)
        if "type" not in plain:
            raise GenotypeInvalid(field="type", reason="it is missing")
        if _NEGATIVE_ZERO in canonical_bytes(plain):
            raise GenotypeInvalid(field="value", reason="it holds -0.0, which the database does not keep")
        if alias is not None:
            _check_alias(alias)
        soul = cls(found, plain, uuid5(_SOULS, found))
        async with BaseBeing.transaction(connection) as lent:
            await soul._write(genesis.get("name") or alias or found, lent)
            if alias is not None:
                await soul._name(alias, lent)
        return soul

    async def _write(self, name: str, connection: Any) -> None:
        """Writes the being of this version; another writer may be first, even with another name."""
        being = BaseBeing(
            soul=self.being, tags=["soul"], genesis={**self.genotype, "name": name, "soul_hash": self.hash}
        )
        try:
            await being.save(connection=connection)
        except BeingConflict:
            await type(self).get_by_hash(self.hash, connection=connection)

    async def _name(self, alias: str, connection: Any) -> None:
        """Has the alias name this version, and its history tell since when."""
        identity, entry = uuid5(_ALIASES, alias), {"hash": self.hash, "at": datetime.now(UTC).isoformat()}
        being = BaseBeing(soul=identity, tags=["alias"], genesis={"type": "alias", "name": alias})
        being.attributes = {"hash": self.hash, "history": [entry]}
        try:
            await being.save(connection=connection)
        except BeingConflict:
            being = await BaseBeing.load(identity, connection=connection)
            await being.update(lambda row: _point(row, entry), connection=connection)


def _point(alias: BaseBeing, entry: dict[str, str]) -> None:
    if alias.attributes["hash"] != entry["hash"]:
        alias.attributes["hash"] = entry["hash"]
        alias.attributes["history"].append(entry)


def _check_alias(alias: str) -> None:
    """Raises `AliasInvalid`; a UUID without dashes is also letters and digits, but is never an alias."""
    try:
        UUID(alias)
    except ValueError:
        if _ALIAS.fullmatch(alias) and len(alias) <= _LONGEST_ALIAS:
            return
    raise AliasInvalid(name=alias)
