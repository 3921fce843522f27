"""A row as an object that knows what it was loaded as, so that saving writes only what was changed.

Lost updates are impossible: a save locks the row, compares each changed field with what was loaded, and raises
`BeingConflict` where another writer changed the same one. Objects are compared per key. Energy and memories add up.
"""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, ClassVar, Self
from uuid import UUID

from luxos.beings.errors import BeingConflict, BeingUnknown, BeingUnsaved
from luxos.beings.values import check_dict, check_energy, check_tags
from luxos.persistence.json_codec import canonical
from luxos.persistence.queries import queries

_ABSENT = ""
"""Stands for a key that is not there; no JSON text is empty."""
Texts = dict[str, str]
"""The canonical JSON text of each field; of the objects, of each key, as `attributes.name`."""


@dataclass(eq=False, kw_only=True)
class Record:
    """What beings and relationships have in common."""

    row: ClassVar[str]
    """The row's name in the names of the queries."""
    key: ClassVar[str]
    objects: ClassVar[tuple[str, ...]] = ("genesis", "attributes")

    tags: list[str] = field(default_factory=list)
    energy_level: int = 0
    genesis: dict[str, Any] = field(default_factory=dict)
    attributes: dict[str, Any] = field(default_factory=dict)
    created_at: datetime | None = None
    _loaded: Texts | None = field(default=None, init=False, repr=False)
    _energy: int = field(default=0, init=False, repr=False)

    @classmethod
    async def find(cls, identity: UUID, *, connection: Any = None) -> Self | None:
        """The row, or `None` where there is none of this kind."""
        async with cls._borrowed(connection) as lent:
            rows = await lent.fetch(queries()[f"load_{cls.row}s"], [identity])
        return cls._of(rows[0]) if rows and cls._is_kind(rows[0]) else None

    @classmethod
    async def load(cls, identity: UUID, *, connection: Any = None) -> Self:
        """The row; `BeingUnknown` where there is none of this kind."""
        if (found := await cls.find(identity, connection=connection)) is None:
            raise BeingUnknown(soul=identity)
        return found

    @classmethod
    async def load_many(cls, identities: Sequence[UUID], *, connection: Any = None) -> list[Self]:
        """The rows, in the order asked for; `BeingUnknown` for the first that is not there."""
        async with cls._borrowed(connection) as lent:
            rows = await lent.fetch(queries()[f"load_{cls.row}s"], list(identities))
        found = {row[cls.key]: row for row in rows if cls._is_kind(row)}
        for identity in identities:
            if identity not in found:
                raise BeingUnknown(soul=identity)
        return [cls._of(deepcopy(dict(found[identity]))) for identity in identities]  # one may be asked for twice

    async def save(self, *, connection: Any = None) -> None:
        """Inserts the row, or writes what was changed since it was loaded; all of it, or nothing.

        With a `connection`, it becomes part of the caller's transaction: where that one is rolled back, load again.
        """
        self._check()
        async with self.transaction(connection) as lent:
            row = await (self._insert(lent) if self._loaded is None else self._change(lent))
        if row is not None:
            self._take(row)

    async def update(self, function: Callable[[Self], None], *, connection: Any = None) -> None:
        """Reads the row, applies `function` to it and writes it, with no other writer in between.

        `function` is called inside the transaction, so it only changes the object that it is given.
        """
        self._check()
        if self._loaded is not None and (changed := self._unsaved()):
            raise BeingUnsaved(soul=self.identity, field=changed[0])
        async with self.transaction(connection) as lent:
            fresh = type(self)._of(await self._locked(lent))
            function(fresh)
            await fresh.save(connection=lent)
        for name in self.__dict__:
            setattr(self, name, getattr(fresh, name))

    @property
    def identity(self) -> UUID:
        """The row's primary key."""
        return getattr(self, self.key)  # type: ignore[no-any-return]

    @classmethod
    def _is_kind(cls, row: Mapping[str, Any]) -> bool:
        """Whether a row can be an object of this class."""
        return True

    @classmethod
    def _of(cls, row: Mapping[str, Any]) -> Self:
        made = cls(**{cls.key: row[cls.key]}, **cls._fixed(row))
        made._take(row)
        return made

    @classmethod
    def _fixed(cls, row: Mapping[str, Any]) -> dict[str, Any]:
        """Fields, besides the key, that never change."""
        return {}

    def _take(self, row: Mapping[str, Any]) -> None:
        """Becomes what the row is."""
        for name in ("tags", "energy_level", *self.objects, "created_at"):
            setattr(self, name, row[name])
        self.tags = list(self.tags or [])
        self.energy_level = self._energy = self.energy_level or 0
        self._loaded = self._texts()

    def _check(self) -> None:
        """Raises `BeingInvalid` for what the row cannot hold."""
        check_tags(self.tags)
        check_energy(self.energy_level)
        for name in self.objects:
            check_dict(name, getattr(self, name))
        self._check_changeable()

    def _check_changeable(self) -> None:
        """Raises `BeingStatic` where the row belongs to the code."""

    def _texts(self) -> Texts:
        texts = {"tags": canonical(self.tags)}
        for name in self.objects:
            texts |= {f"{name}.{key}": canonical(value) for key, value in getattr(self, name).items()}
        return texts

    def _whole(self) -> Texts:
        """The texts, and also of what adds up."""
        return self._texts() | {"energy_level": str(self.energy_level)}

    def _changed(self) -> list[str]:
        """The fields, or keys of objects, that differ from what was loaded."""
        now, then = self._texts(), self._loaded or {}
        return [name for name in {**then, **now} if now.get(name, _ABSENT) != then.get(name, _ABSENT)]

    async def _insert(self, connection: Any) -> Mapping[str, Any]:
        """The new row; one that is there already must be the same, so that writing twice is writing once."""
        row = await connection.fetchrow(queries()[f"save_{self.row}"], *self._values())
        if row is not None:
            return row  # type: ignore[no-any-return]
        present = await self._locked(connection)
        theirs, ours = type(self)._of(present)._whole(), self._whole()
        for name in {**theirs, **ours}:
            if theirs.get(name) != ours.get(name):
                raise BeingConflict(soul=self.identity, field=name)
        return present

    def _values(self) -> list[Any]:
        """The arguments of the query that inserts."""
        raise NotImplementedError

    async def _change(self, connection: Any) -> Mapping[str, Any] | None:
        changed, added = self._changed(), self.energy_level - self._energy
        if not self._unsaved():
            return None
        present = type(self)._of(await self._locked(connection))
        present._check_changeable()
        theirs, loaded = present._texts(), self._loaded or {}
        for name in changed:
            if theirs.get(name, _ABSENT) != loaded.get(name, _ABSENT):
                raise BeingConflict(soul=self.identity, field=name)
        check_energy(present.energy_level + added)
        arguments = self._difference(set(changed), added)
        return await connection.fetchrow(queries()[f"update_{self.row}"], self.identity, *arguments)  # type: ignore[no-any-return]

    def _unsaved(self) -> list[str]:
        """The fields with anything new, also those that add up."""
        return self._changed() + (["energy_level"] if self.energy_level != self._energy else [])

    def _difference(self, changed: set[str], added: int) -> list[Any]:
        """The arguments of the query that updates, without the key."""
        arguments: list[Any] = [self.tags if "tags" in changed else None, added]
        for name in self.objects:
            content, prefix = getattr(self, name), f"{name}."
            keys = [item.removeprefix(prefix) for item in changed if item.startswith(prefix)]
            arguments.append([key for key in keys if key not in content])
            arguments.append({key: content[key] for key in keys if key in content})
        return arguments

    async def _locked(self, connection: Any) -> Mapping[str, Any]:
        row = await connection.fetchrow(queries()[f"lock_{self.row}"], self.identity)
        if row is None:
            raise BeingUnknown(soul=self.identity)
        return row  # type: ignore[no-any-return]

    @classmethod
    @asynccontextmanager
    async def _borrowed(cls, connection: Any) -> AsyncIterator[Any]:
        if connection is not None:
            yield connection
            return
        async with cls._pool().acquire() as lent:
            yield lent

    @classmethod
    def _pool(cls) -> Any:
        """The pool that is used where no `connection` is given."""
        raise NotImplementedError

    @classmethod
    @asynccontextmanager
    async def transaction(cls, connection: Any = None) -> AsyncIterator[Any]:
        """A connection in a transaction, or in a part of the one that `connection` is in."""
        async with cls._borrowed(connection) as lent, lent.transaction():
            yield lent


def without_zone(moment: datetime | None) -> datetime | None:
    """A moment as the columns keep it: in UTC, without saying so."""
    return moment.astimezone(UTC).replace(tzinfo=None) if moment is not None and moment.tzinfo else moment
