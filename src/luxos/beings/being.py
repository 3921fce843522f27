"""`BaseBeing`: a row of `base_beings`."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, ClassVar
from uuid import UUID, uuid4

from luxos.beings.errors import BeingInvalid, BeingStatic
from luxos.beings.record import Record, Texts, without_zone
from luxos.beings.values import check_dict, check_embedding, check_value
from luxos.persistence.json_codec import canonical


@dataclass(eq=False, kw_only=True)
class BaseBeing(Record):
    """A being: what it is (genesis), what it is like now (attributes), what it went through, and what it thinks of it.

    `memories` only grows: `remember` adds one, and those of other writers stay. `embedding` is a vector or nothing.
    """

    db_pool: ClassVar[Any] = None
    """The pool (`Database.pool`) that is used where no `connection` is given; boot sets it."""
    row: ClassVar[str] = "being"
    key: ClassVar[str] = "soul"
    objects: ClassVar[tuple[str, ...]] = ("genesis", "attributes", "self_awareness")
    kind: ClassVar[str | None] = None
    """The `genesis.type` of the rows that this class loads; nothing for all."""

    soul: UUID = field(default_factory=uuid4)
    memories: list[dict[str, Any]] = field(default_factory=list)
    self_awareness: dict[str, Any] = field(default_factory=dict)
    embedding: list[float] | None = None
    _remembered: tuple[int, str] = field(default=(0, "[]"), init=False, repr=False)

    def remember(self, kind: str, **what: Any) -> None:
        """Adds a memory, `{at, kind, …}`; it is written by the next save."""
        self.memories.append({"at": datetime.now(UTC).isoformat(), "kind": kind, **what})

    @classmethod
    def _pool(cls) -> Any:
        if BaseBeing.db_pool is None:
            raise RuntimeError("no database is open: BaseBeing.db_pool is not set, and no connection was given")
        return BaseBeing.db_pool

    @classmethod
    def _is_kind(cls, row: Mapping[str, Any]) -> bool:
        return cls.kind is None or row["genesis"].get("type") == cls.kind

    def _take(self, row: Mapping[str, Any]) -> None:
        self.memories = row["memories"]
        self._remembered = len(self.memories), canonical(self.memories)
        self.embedding = (
            None if row["embedding"] is None else [float(number) for number in json.loads(row["embedding"])]
        )
        super()._take(row)

    def _check(self) -> None:
        super()._check()
        check_embedding(self.embedding)
        check_value("memories", self.memories)
        count, text = self._remembered
        if canonical(self.memories[:count]) != text:
            raise BeingInvalid(field="memories", reason="memories only grow")
        for index, memory in enumerate(self.memories[count:], count):
            check_dict(f"memories[{index}]", memory)
            if not {"at", "kind"} <= memory.keys():
                raise BeingInvalid(field=f"memories[{index}]", reason="a memory has `at` and `kind`")

    def _check_changeable(self) -> None:
        if self.genesis.get("tier") == "core":
            raise BeingStatic(soul=self.soul)

    def _texts(self) -> Texts:
        return super()._texts() | {"embedding": _vector(self.embedding) or "null"}

    def _whole(self) -> Texts:
        return super()._whole() | {"memories": canonical(self.memories)}

    def _unsaved(self) -> list[str]:
        return super()._unsaved() + (["memories"] if len(self.memories) > self._remembered[0] else [])

    def _values(self) -> list[Any]:
        objects = (self.genesis, self.attributes, self.memories, self.self_awareness)
        created, vector = without_zone(self.created_at), _vector(self.embedding)
        return [self.soul, self.tags, self.energy_level, *objects, created, vector]

    def _difference(self, changed: set[str], added: int) -> list[Any]:
        new = self.memories[self._remembered[0] :]
        return [*super()._difference(changed, added), new, "embedding" in changed, _vector(self.embedding)]


def _vector(embedding: list[float] | None) -> str | None:
    """The text that pgvector reads."""
    return None if embedding is None else "[" + ",".join(repr(float(number)) for number in embedding) + "]"
