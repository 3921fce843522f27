"""A row as an object that knows what it was loaded as, so that saving writes only what was changed.

Lost updates are impossible. A save is one statement: it writes where the row is still the version that was loaded, and
otherwise where each changed field is; a field that another writer changed raises `BeingConflict`. Objects are compared
per key. Energy and memories add up.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from typing import Any, ClassVar, Self, TypeVar
from uuid import UUID

import asyncpg

from luxos.beings import typed
from luxos.beings.change import Change
from luxos.beings.difference import State, changed, first_difference
from luxos.beings.errors import (
    BeingConflict,
    BeingDamaged,
    BeingDeleted,
    BeingInvalid,
    BeingSealed,
    BeingUnknown,
    BeingUnsaved,
)
from luxos.beings.shared import Later, Now, Writing, check_lent, is_alone, later_in
from luxos.beings.update import update
from luxos.beings.values import check_energy, check_moment, check_object, check_size, check_tags, check_whole, encoded
from luxos.persistence.json_codec import as_it_came, decode
from luxos.persistence.queries import queries
from luxos.persistence.retrying import in_transaction

TOMBSTONE = "tombstone"
"""The tag of a row that was deleted."""
SEALED = frozenset({"seal", "audit_chain"})
"""The tags of what the audit chain is made of."""
_CHUNK = 1000
_MERGES = 5
"""How often a save is tried whose field was in conflict, and is not any more when it is looked for."""
T = TypeVar("T")
Row = Mapping[str, Any]


@dataclass(eq=False, kw_only=True)
class Record:
    """What beings and relationships have in common."""

    row: ClassVar[str]
    """The row's name in the names of the queries."""
    key_column: ClassVar[str]
    objects: ClassVar[tuple[str, ...]] = ("genesis", "attributes")
    fixed: ClassVar[tuple[str, ...]]
    """The fields that a row is given when it is made, and keeps."""

    tags: list[str] = field(default_factory=list)
    energy_level: int = 0
    genesis: dict[str, Any] = field(default_factory=dict)
    attributes: dict[str, Any] = field(default_factory=dict)
    created_at: datetime | None = None
    _loaded: State | None = field(default=None, init=False, repr=False)
    _born: tuple[Any, ...] = field(default=(), init=False, repr=False)
    """The `fixed` fields as the row has them."""
    _energy: int = field(default=0, init=False, repr=False)
    _version: int | None = field(default=None, init=False, repr=False)
    """The transaction that wrote the row (`xmin`), where that says for sure whether it is as it was loaded: inside a
    caller's transaction it does not, since all that one writes bears the same."""
    _busy: asyncio.Event | None = field(default=None, init=False, repr=False)
    """Set when the task that is writing the object has ended."""
    _unsure: bool = field(default=False, init=False, repr=False)
    """Whether nobody knows how the last save ended."""

    @classmethod
    async def find(cls, identity: UUID, *, deleted: bool = False, connection: Any = None) -> Self | None:
        """The row, or `None` where there is none of this kind, or it was deleted and `deleted` does not ask for it."""
        alone = is_alone(connection)
        row = await cls._fetch(identity, connection)
        if row is None or not cls._is_kind(row) or (is_deleted(row) and not deleted):
            return None
        return cls._of(row, alone=alone)

    @classmethod
    async def load(cls, identity: UUID, *, deleted: bool = False, connection: Any = None) -> Self:
        """The row; `BeingUnknown` where there is none of this kind, `BeingDeleted` as in `find`."""
        alone = is_alone(connection)
        row = await cls._fetch(identity, connection)
        return cls._of(cls._there(identity, row, deleted), alone=alone)

    @classmethod
    async def load_many(
        cls, identities: Sequence[UUID], *, deleted: bool = False, connection: Any = None
    ) -> list[Self]:
        """The rows, in the order asked for; the first that is not there is told as `load` tells it."""
        found: dict[UUID, Row] = {}
        identities = [identified(identity) for identity in identities]
        wanted = list(dict.fromkeys(identities))
        async with cls._borrowed(connection) as lent:
            for start in range(0, len(wanted), _CHUNK):
                rows = await lent.fetch(queries()[f"load_{cls.row}s"], wanted[start : start + _CHUNK])
                found |= {row[cls.key_column]: row for row in rows if cls._is_kind(row)}
        rows = [cls._there(identity, found.get(identity), deleted) for identity in identities]
        if len(wanted) < len(rows):
            rows = [deepcopy(dict(row)) for row in rows]  # one that is asked for twice is two objects
        return [cls._of(row, alone=is_alone(connection)) for row in rows]

    @classmethod
    async def stream(cls, *, deleted: bool = False, chunk: int = _CHUNK, connection: Any = None) -> AsyncIterator[Self]:
        """Every row of this kind, as they were at one moment, `chunk` at a time; a connection is held meanwhile."""
        async with cls.transaction(connection) as lent:
            kind = getattr(cls, "kind", None)
            async for row in lent.cursor(queries()[f"stream_{cls.row}s"], kind, deleted, prefetch=chunk):
                if cls._is_kind(row):
                    yield cls._of(row)

    async def save(self, *, connection: Any = None) -> None:
        """Inserts the row, or writes what was changed since it was loaded; all of it, or nothing.

        With a `connection`, it becomes part of the caller's transaction: where that one is rolled back, load again.
        """
        async with Writing([self], connection):
            now = self._checked()
            change = None if self._loaded is None else self._changes(now)
            if self._loaded is not None and change is None:
                return
            try:
                if connection is not None:
                    await self._write(now, change, connection)
                else:
                    async with self._pool().acquire() as lent:
                        await self._write(now, change, lent)
            except (asyncpg.DataError, asyncpg.ProgramLimitExceededError) as error:
                raise BeingInvalid(field=str(self.identity), reason="database", said=str(error)) from error
            except asyncpg.UniqueViolationError as error:
                raise BeingConflict(soul=self.identity, field="attributes") from error
            if not is_alone(connection):
                self._version = None

    def check(self) -> None:
        """Raises `BeingInvalid`, or what else `save` raises before it writes anything."""
        self._checked()

    async def update(self, function: Callable[[Self], None], *, connection: Any = None) -> None:
        """Reads the row, applies `function` to it and writes it, with no other writer in between.

        `function` is called inside the transaction, with a fresh object each time where the transaction has to be
        repeated (deadlock, lost connection), so it only changes the object that it is given.
        """
        async with Writing([self], connection):
            now = None if self._loaded is None else self._checked()
            if now is not None and (change := self._changes(now)):
                raise BeingUnsaved(soul=self.identity, field=change.fields[0])
            if connection is None:
                fresh = await in_transaction(self._pool(), partial(self._updated, function))
            else:
                async with connection.transaction():
                    fresh = await self._updated(function, connection)
            self._turn_into(now, fresh)

    async def _updated(self, function: Callable[[Self], None], connection: Any) -> Self:
        row = await connection.fetchrow(queries()[f"lock_{self.row}"], self.identity)
        fresh = type(self)._of(self._there(self.identity, row, deleted=False), alone=True)  # locked: nobody else writes
        function(fresh)
        await fresh.save(connection=connection)
        return fresh

    @property
    def identity(self) -> UUID:
        """The row's primary key."""
        return getattr(self, self.key_column)  # type: ignore[no-any-return]

    @classmethod
    async def _fetch(cls, identity: UUID, connection: Any) -> Row | None:
        """The row of a key, of whatever kind."""
        query = queries()[f"load_{cls.row}"]
        try:
            if connection is not None:
                return await connection.fetchrow(query, identity)  # type: ignore[no-any-return]
            async with cls._pool().acquire() as lent:
                return await lent.fetchrow(query, identity)  # type: ignore[no-any-return]
        except asyncpg.DataError:  # no UUID at all
            return None

    @classmethod
    def _there(cls, identity: UUID, row: Row | None, deleted: bool) -> Row:
        if row is None or not cls._is_kind(row):
            raise BeingUnknown(soul=identified(identity))
        if not deleted and is_deleted(row):
            raise _deleted(identity, row["attributes"])
        return row

    @classmethod
    def _is_kind(cls, row: Row) -> bool:
        """Whether a row can be an object of this class."""
        return True

    @classmethod
    def _of(cls, row: Row, *, alone: bool = False) -> Self:
        """The object of a row; `alone` where it was read in no transaction of a caller."""
        made = cls.__new__(cls)  # every field comes from the row, or has the class's default
        made._take(row)
        made._version, made._unsure = row["version"] if alone else None, False
        return made

    def _take(self, row: Row) -> None:
        """Becomes what the row is."""
        tags = row["tags"] or []
        loaded: dict[str, Any] = {"tags": tags}
        fields = self.__dict__
        for name in self.objects:
            value = row[name]
            if type(value) is not dict:
                raise BeingDamaged(soul=row[self.key_column])
            loaded[name] = as_it_came(value)
            fields[name] = dict(value)
        self._keep(row)
        self._loaded, self.tags = loaded, list(tags)
        self.energy_level = self._energy = row["energy_level"] or 0

    def _keep(self, row: Row) -> None:
        """Has the fields that never change as the row has them."""
        self._born = tuple([row[name] for name in self.fixed])
        self.__dict__.update(zip(self.fixed, self._born, strict=True))

    def _written(self, now: Now, row: Row) -> None:
        """Knows that the row is what was sent; what the object became meanwhile is a change."""
        self._loaded, self._energy, self._version, self._unsure = now, now.energy, row["version"], False

    def _merged(self, now: Now, row: Row) -> None:
        """Becomes what the row is after a change that others' changes stand beside."""
        later = self._later(now)
        self._take(row)
        self._version, self._unsure = row["version"], False
        later()

    def _turn_into(self, now: Now | None, present: "Record") -> None:
        """Becomes another object of the row, but for what was changed since it was `now`."""
        later = None if now is None else self._later(now)
        self.__dict__.update(present.__dict__)
        if later is not None:
            later()

    def _later(self, now: Now) -> Later:
        """What was changed in the object since it was `now`, to be changed again in what it becomes."""
        kept = {name: later_in(now, getattr(self, name), name) for name in self.objects}
        energy, tags = self.energy_level - now.energy, self.tags if self.tags != now["tags"] else None

        def change() -> None:
            for name, again in kept.items():
                setattr(self, name, again(getattr(self, name)))
            self.energy_level += energy
            self.tags = self.tags if tags is None else tags

        return change

    def _checked(self) -> Now:
        """What the object is now; raises `BeingInvalid` for what the row cannot hold."""
        if self._loaded is None:
            typed.fill(self)
        self._check_identity()
        self._check_changeable()
        self._check_fixed()
        check_tags(self.tags)
        check_energy(self.energy_level)
        for name in self.objects:
            check_object(name, getattr(self, name))
        self._check()
        now = self._state()
        now.energy = self.energy_level
        check_whole(now)
        typed.check(self)
        return now

    def _check_identity(self) -> None:
        if not isinstance(self.identity, UUID):
            raise BeingInvalid(field=self.key_column, reason="not_uuid", kind=type(self.identity).__name__)

    def _check_fixed(self) -> None:
        if self._loaded is None:
            check_moment("created_at", self.created_at)
            return
        for name, was in zip(self.fixed, self._born, strict=True):
            now = getattr(self, name)
            if now is was:
                continue
            if name == "created_at":
                check_moment(name, now)
            if (without_zone(now) if isinstance(now, datetime) else now) != was:
                raise BeingInvalid(field=name, reason="fixed", was=was)

    def _check(self) -> None:
        """Raises `BeingInvalid` for what this kind of row cannot hold."""

    def _check_changeable(self) -> None:
        """Raises `BeingDeleted` for a tombstone, which only `restore` changes, `BeingStatic` for a row of the code.

        `BeingSealed` for a part of the audit chain.
        """
        if self._loaded is None:
            return
        if TOMBSTONE in self._loaded["tags"]:
            raise _deleted(self.identity, decode(self._loaded["attributes"]))
        if not SEALED.isdisjoint(self._loaded["tags"]):
            raise BeingSealed(soul=self.identity)

    def _state(self) -> Now:
        """What is compared with the row, by field."""
        state = Now(tags=list(self.tags))
        for name in self.objects:
            content = getattr(self, name)
            if self._loaded is None:
                state[name] = encoded(name, content)
                continue
            keys = state.keys_changed[name] = changed(self._loaded[name], content, name)
            state[name] = self._loaded[name] if keys is None else as_it_came(content)
            check_size(name, len(state[name]))
        return state

    def _changes(self, now: Now) -> Change | None:
        """What differs from what was loaded, ready to be written; `None` for nothing."""
        change = Change(**self._differences(now))
        return change if change.fields else None

    def _differences(self, now: Now) -> dict[str, Any]:
        """The fields of a `Change`."""
        then = self._loaded or {}
        return {
            "energy": now.energy - self._energy,
            "keys": list(now.keys_changed.items()),
            "tags": now["tags"] if now["tags"] != then["tags"] else None,
            "tags_before": then["tags"],
        }

    async def _insert(self, now: Now, connection: Any) -> None:
        """The new row; one that is there already must be the same, so that writing twice is writing once."""
        row = await connection.fetchrow(queries()[f"save_{self.row}"], *self._values(now))
        if row is not None:
            self._written(now, row)
            self._keep(self._as_born(row["created_at"]))
            return
        present = await connection.fetchrow(queries()[f"load_{self.row}"], self.identity)
        self._same(now, self._there(self.identity, present, deleted=True))()

    def _same(self, now: Now, row: Row) -> Callable[[], None]:
        """What makes the object the row that was there already; `BeingConflict` where it is not the same."""
        present = type(self)._of(row)
        present._check_changeable()
        wanted = self._whole(now)
        wanted["created_at"] = wanted["created_at"] or present.created_at
        if (found := first_difference(present._whole(present._loaded or {}), wanted)) is not None:
            raise BeingConflict(soul=self.identity, field=found)
        return partial(self._turn_into, now, present)

    def _whole(self, state: State) -> dict[str, Any]:
        """A state, and also what adds up or never changes."""
        energy = state.energy if isinstance(state, Now) else self.energy_level
        return {**state, **self._as_born(self.created_at), "energy_level": energy}

    def _as_born(self, moment: datetime | None) -> dict[str, Any]:
        """The fields that never change, made at a moment."""
        return {name: getattr(self, name) for name in self.fixed} | {"created_at": without_zone(moment)}

    def _values(self, now: Now) -> list[Any]:
        """The arguments of the query that inserts."""
        raise NotImplementedError

    async def _write(self, now: Now, change: Change | None, connection: Any) -> None:
        """What changed, or the whole row where it is new."""
        if change is None:
            await self._insert(now, connection)
            return
        if self._version is not None:
            text, arguments = update(self.row, change.parts())
            row = await connection.fetchrow(text, self.identity, self._version, *arguments)
            if row is not None:
                self._written(now, row)
                return
        await self._merge(now, change, connection)

    async def _merge(self, now: Now, change: Change, connection: Any) -> None:
        """Writes into a row that others may have changed, and takes over what they did."""
        self._check_certain(change)
        for _attempt in range(_MERGES):
            row = await connection.fetchrow(queries()[f"merge_{self.row}"], self.identity, *change.if_unchanged())
            if row is not None:
                self._merged(now, row)
                return
            present = await connection.fetchrow(queries()[f"load_{self.row}"], self.identity)
            self._refuse(change, self._there(self.identity, present, deleted=True))
        raise BeingConflict(soul=self.identity, field=change.fields[0])

    def _check_certain(self, change: Change) -> None:
        """Raises `BeingConflict` where a change would add what the last save may have added."""
        if self._unsure and change.only_adds:
            raise BeingConflict(soul=self.identity, field=change.fields[0])

    def _refuse(self, change: Change, row: Row) -> None:
        """Raises what keeps a change from being written into a row, if it is still so."""
        present = type(self)._of(row)
        present._check_changeable()
        check_energy(present.energy_level + change.energy)
        if (found := change.conflict(present._loaded or {})) is not None:
            raise BeingConflict(soul=self.identity, field=found)

    @classmethod
    @asynccontextmanager
    async def _borrowed(cls, connection: Any) -> AsyncIterator[Any]:
        if connection is not None:
            check_lent(connection)
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

    @classmethod
    async def _transacted(cls, work: Callable[[Any], Awaitable[T]], connection: Any = None) -> T:
        """What `work(connection)` gives in a transaction of its own, repeated after a deadlock; or in a caller's."""
        if connection is None:
            return await in_transaction(cls._pool(), work)
        async with cls.transaction(connection) as lent:
            return await work(lent)


def identified(who: Any) -> UUID:
    """A UUID from itself or its text; `BeingUnknown` for what is none."""
    try:
        return who if isinstance(who, UUID) else UUID(who)
    except (ValueError, TypeError, AttributeError):
        raise BeingUnknown(soul=repr(who)[:80]) from None


def _deleted(identity: UUID, attributes: Mapping[str, Any]) -> BeingDeleted:
    told = attributes.get("deleted") if isinstance(attributes, Mapping) else None
    return BeingDeleted(soul=identity, at=told.get("at", "?") if isinstance(told, Mapping) else "?")


def is_deleted(row: Row) -> bool:
    """Whether a row is a tombstone."""
    return TOMBSTONE in (row["tags"] or ())


def without_zone(moment: datetime | None) -> datetime | None:
    """A moment as the columns keep it: in UTC, without saying so."""
    return moment.astimezone(UTC).replace(tzinfo=None) if moment is not None and moment.tzinfo else moment
