"""`RelationshipBeing`: a row of `relationships`, from one being to another."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar
from uuid import UUID, uuid4

import asyncpg

from luxos.beings.being import BaseBeing
from luxos.beings.errors import BeingUnknown
from luxos.beings.record import Record, Texts, without_zone


@dataclass(eq=False, kw_only=True)
class RelationshipBeing(Record):
    """A relationship; its two ends are set when it is made and never change."""

    row: ClassVar[str] = "relationship"
    key: ClassVar[str] = "id"

    id: UUID = field(default_factory=uuid4)
    source_soul: UUID
    target_soul: UUID

    async def save(self, *, connection: Any = None) -> None:
        """As every row is saved; `BeingUnknown` where a being at an end is not there."""
        try:
            await super().save(connection=connection)
        except asyncpg.ForeignKeyViolationError as error:
            source = "source" in (error.constraint_name or "")
            raise BeingUnknown(soul=self.source_soul if source else self.target_soul) from error

    @classmethod
    def _pool(cls) -> Any:
        return BaseBeing._pool()

    @classmethod
    def _fixed(cls, row: Mapping[str, Any]) -> dict[str, Any]:
        return {"source_soul": row["source_soul"], "target_soul": row["target_soul"]}

    def _texts(self) -> Texts:
        return super()._texts() | {"source_soul": str(self.source_soul), "target_soul": str(self.target_soul)}

    def _values(self) -> list[Any]:
        ends = (self.source_soul, self.target_soul)
        created = without_zone(self.created_at)
        return [self.id, self.tags, self.energy_level, *ends, self.genesis, self.attributes, created]
