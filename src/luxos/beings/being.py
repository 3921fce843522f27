"""`BaseBeing`: a row of `base_beings`."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from typing import Any, ClassVar, Self, cast
from uuid import UUID, uuid4

import asyncpg

from luxos.beings.change import BeingChange, Change
from luxos.beings.difference import State, is_text_of
from luxos.beings.errors import BeingDamaged, BeingInvalid, BeingStatic
from luxos.beings.owner import system_user
from luxos.beings.record import Record, Row, without_zone
from luxos.beings.shared import Later, Now
from luxos.beings.static import STATIC
from luxos.beings.values import check_object, check_size, encoded, rounded
from luxos.errors import LuxError
from luxos.persistence.errors import NotOpen
from luxos.persistence.json_codec import Encoded, as_it_came, decode, encode

_NOTHING_REMEMBERED = (0, Encoded(b"[]"))


@dataclass(eq=False, kw_only=True)
class BaseBeing(Record):
    """A being: what it is (genesis), what it is like now (attributes), what it went through, and what it thinks of it.

    `memories` only grows: `remember` adds one, and those of other writers stay. `embedding` is a vector or nothing;
    its numbers are kept with 32 bits.
    """

    db_pool: ClassVar[Any] = None
    """The pool (`Database.pool`) that is used where no `connection` is given; boot sets it."""
    default_owner: ClassVar[str | None] = None
    """Who owns a new being whose genesis names nobody; by default the operating system's user."""
    row: ClassVar[str] = "being"
    key_column: ClassVar[str] = "soul"
    fixed: ClassVar[tuple[str, ...]] = ("soul", "created_at")
    objects: ClassVar[tuple[str, ...]] = ("genesis", "attributes", "self_awareness")
    kind: ClassVar[str | None] = None
    """The `genesis.type` of the rows that this class loads; nothing for all."""

    soul: UUID = field(default_factory=uuid4)
    memories: list[dict[str, Any]] = field(default_factory=list)
    self_awareness: dict[str, Any] = field(default_factory=dict)
    embedding: list[float] | None = None
    _remembered: tuple[int, Encoded] = field(default=_NOTHING_REMEMBERED, init=False, repr=False)
    _overfull: bool = field(default=False, init=False, repr=False)
    """Whether the row was written with more memories than stay in it."""

    @property
    def owner(self) -> str | None:
        """Whose it is: an operating system's user, or `luxos`; nobody's before it is saved."""
        owner = self.genesis.get("owner")
        return owner if isinstance(owner, str) else None

    def remember(self, kind: str, **what: Any) -> None:
        """Adds a memory, `{at, kind, …}`; it is written by the next save."""
        self.memories.append({"at": datetime.now(UTC).isoformat(), "kind": kind, **what})

    async def save(self, *, connection: Any = None) -> None:
        """As every row is saved; where the row then holds many memories, the oldest move to chapters."""
        await super().save(connection=connection)
        await self._settle(connection)

    async def _settle(self, connection: Any) -> None:
        if not self._overfull:
            return
        from luxos.beings.memories import settle

        self._overfull = False
        if connection is not None:
            await settle(self.soul, connection=connection)
            return
        with suppress(LuxError, asyncpg.PostgresError):  # what was to be saved is saved; the next save moves them
            await settle(self.soul)

    @classmethod
    def _pool(cls) -> Any:
        if BaseBeing.db_pool is None:
            raise NotOpen
        return BaseBeing.db_pool

    @classmethod
    def _is_kind(cls, row: Row) -> bool:
        return cls.kind is None or (isinstance(row["genesis"], dict) and row["genesis"].get("type") == cls.kind)

    @classmethod
    def _of(cls, row: Row, *, alone: bool = False) -> Self:
        kind = _chooser()(row["genesis"]) if cls is BaseBeing else cls
        return cast(Self, super(BaseBeing, kind)._of(row, alone=alone))

    def _take(self, row: Row) -> None:
        super()._take(row)
        memories, embedding = row["memories"], row["embedding"]
        if not isinstance(memories, list):
            raise BeingDamaged(soul=row["soul"])
        self.memories = list(memories)
        self._remembered = (len(memories), as_it_came(memories)) if memories else _NOTHING_REMEMBERED
        self.embedding = None if embedding is None else list(embedding)
        self._loaded["embedding"] = embedding  # type: ignore[index]

    def _written(self, now: Now, row: Row) -> None:
        super()._written(now, row)
        if now.remembered[0] > self._remembered[0]:
            from luxos.beings.memories import WINDOW

            self._overfull = row.get("remembered", 0) > WINDOW  # a new row is left as it was given
            self._remembered = now.remembered

    def _merged(self, now: Now, row: Row) -> None:
        from luxos.beings.memories import overfull

        super()._merged(now, row)
        self._overfull = overfull(row["memories"])

    def _later(self, now: Now) -> Later:
        change = super()._later(now)
        memories, embedding = self.memories[now.remembered[0] :], self.embedding
        same = embedding == now.embedding

        def change_all() -> None:
            change()
            self.memories = [*self.memories, *memories]
            self.embedding = self.embedding if same else embedding

        return change_all

    def _checked(self) -> Now:
        if isinstance(self.genesis, dict) and self.genesis.get("owner") is None:
            known = {} if self._loaded is None else decode(self._loaded["genesis"])
            self.genesis = {**self.genesis, "owner": known.get("owner") or self.default_owner or system_user()}
        now = super()._checked()
        now.embedding = None if self.embedding is None else list(self.embedding)
        count = len(self.memories)
        grown = count > self._remembered[0]
        now.remembered = (count, encode(self.memories)) if grown else self._remembered
        return now

    def _check(self) -> None:
        count, text = self._remembered
        if not isinstance(self.memories, list):
            raise BeingInvalid(field="memories", reason="not_list", kind=type(self.memories).__name__)
        if count and not is_text_of(text, self.memories[:count], "memories"):
            raise BeingInvalid(field="memories", reason="rewritten")
        new = enumerate(self.memories[count:], count)
        check_size("memories", sum([_memory_size(f"memories[{index}]", memory) for index, memory in new]))

    def _check_changeable(self) -> None:
        super()._check_changeable()
        claims = isinstance(self.genesis, dict) and self.genesis.get("tier") == "core"
        if claims or self.soul in STATIC:
            raise BeingStatic(soul=self.soul)

    def _state(self) -> Now:
        state = super()._state()
        state["embedding"] = rounded(self.embedding)
        return state

    def _whole(self, state: State) -> dict[str, Any]:
        memories = state.remembered[1] if isinstance(state, Now) else encode(self.memories)
        return {**super()._whole(state), "memories": memories}

    def _values(self, now: Now) -> list[Any]:
        objects = (now["genesis"], now["attributes"], now.remembered[1], now["self_awareness"])
        return [self.soul, now["tags"], now.energy, *objects, without_zone(self.created_at), now.embedding]

    def _changes(self, now: Now) -> Change | None:
        then = self._loaded or {}
        change = BeingChange(
            **self._differences(now),
            memories=self.memories[self._remembered[0] : now.remembered[0]],
            embedding=now.embedding,
            embedding_before=then["embedding"],
            embedding_changed=now["embedding"] != then["embedding"],
            genesis=self.genesis,
            attributes=self.attributes,
        )
        return change if change.fields else None


@cache
def _chooser() -> Callable[[Any], type[BaseBeing]]:
    """Which class a genesis asks for; found once, for the kinds build on this file."""
    from luxos.beings.kinds import class_of

    return class_of


def _memory_size(field: str, memory: Any) -> int:
    """How many bytes it takes; `BeingInvalid` for what is no memory."""
    from luxos.beings.memories import RESERVED

    check_object(field, memory)
    size = len(encoded(field, memory))
    if not {"at", "kind"} <= memory.keys():
        raise BeingInvalid(field=field, reason="no_memory")
    if memory["kind"] in RESERVED:
        raise BeingInvalid(field=f"{field}.kind", reason="reserved", kind=memory["kind"])
    return size
