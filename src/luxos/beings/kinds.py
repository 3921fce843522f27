"""Which class a being is an object of: by its `genesis.type`; where the type has no class of its own, `InstanceBeing`
for what a class made, and `BaseBeing` for anything else."""

from collections.abc import Mapping
from functools import cache
from typing import Any
from uuid import UUID

from luxos.beings.being import BaseBeing

KEPT = frozenset(
    {"schema", "kernel", "runtime", "run", "soul", "soul_group", "alias", "memory", "channel", "conversation", "audit"}
    | {"queue", "worker", "schedule", "environment", "manifest", "signing_key", "promotion", "cleaning"}
)
"""Types of beings by which LuxOS keeps its own things; they are plain beings, and no class makes them."""
CLASS = "class_hash"
"""The key of a genesis that says by which version of a class a being was made."""
HOUSE = KEPT - {"audit", "channel", "conversation"} | {"step", "descent"}
"""Types of rows on which LuxOS stands, so that nobody puts them away: each also bears such a tag."""


@cache
def kinds() -> Mapping[str, type[BaseBeing]]:
    """The classes by the `genesis.type` of their beings."""
    from luxos.beings.classes import ClassBeing
    from luxos.beings.factory import Factory
    from luxos.beings.function import FunctionBeing
    from luxos.beings.message import MessageBeing
    from luxos.beings.task import TaskBeing

    return {str(each.kind): each for each in (ClassBeing, Factory, FunctionBeing, MessageBeing, TaskBeing)}


def class_of(genesis: Mapping[str, Any]) -> type[BaseBeing]:
    """The class for a being with this genesis."""
    if not isinstance(genesis, dict):
        return BaseBeing  # which then says that the row is damaged
    kind = genesis.get("type")
    if not isinstance(kind, str):
        return BaseBeing
    known = kinds().get(kind)
    return known or (_instances() if isinstance(genesis.get(CLASS), str) else BaseBeing)


@cache
def _instances() -> type[BaseBeing]:
    from luxos.beings.instance import InstanceBeing

    return InstanceBeing


def of(row: Mapping[str, Any]) -> BaseBeing:
    """The object of a row, of the class that its genesis says."""
    return BaseBeing._of(row)


async def load(identity: UUID, *, deleted: bool = False, connection: Any = None) -> BaseBeing:
    """The being, of the class that its genesis says; `BeingUnknown` and `BeingDeleted` as `BaseBeing.load`."""
    return await BaseBeing.load(identity, deleted=deleted, connection=connection)
