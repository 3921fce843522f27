"""`RelationshipBeing`: a row of `relationships`, from one being to another."""

from dataclasses import dataclass, field
from typing import Any, ClassVar
from uuid import UUID, uuid4

import asyncpg

from luxos.beings.being import BaseBeing
from luxos.beings.errors import BeingInvalid, BeingUnknown
from luxos.beings.record import Record, without_zone
from luxos.beings.shared import Now


@dataclass(eq=False, kw_only=True)
class RelationshipBeing(Record):
    """A relationship; its two ends are set when it is made and never change."""

    row: ClassVar[str] = "relationship"
    key_column: ClassVar[str] = "id"
    fixed: ClassVar[tuple[str, ...]] = ("id", "source_soul", "target_soul", "created_at")

    id: UUID = field(default_factory=uuid4)
    source_soul: UUID
    target_soul: UUID

    async def save(self, *, connection: Any = None) -> None:
        """As every row is saved; `BeingUnknown` where a being at an end is not there."""
        try:
            if connection is None or self._loaded is not None:
                await super().save(connection=connection)
            else:
                async with connection.transaction():  # so that a missing end does not end the caller's transaction
                    await super().save(connection=connection)
        except asyncpg.ForeignKeyViolationError as error:
            source = "source" in (error.constraint_name or "")
            raise BeingUnknown(soul=self.source_soul if source else self.target_soul) from error

    @classmethod
    def _pool(cls) -> Any:
        return BaseBeing._pool()

    def _check_identity(self) -> None:
        super()._check_identity()
        for name in ("source_soul", "target_soul"):
            if not isinstance(end := getattr(self, name), UUID):
                raise BeingInvalid(field=name, reason="not_uuid", kind=type(end).__name__)

    def _values(self, now: Now) -> list[Any]:
        ends = (self.source_soul, self.target_soul)
        created = without_zone(self.created_at)
        return [self.id, now["tags"], now.energy, *ends, now["genesis"], now["attributes"], created]
