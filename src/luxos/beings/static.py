"""The beings that the code brings besides functions: their UUIDs, which no row of a person may take."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from luxos.persistence.schema import SCHEMA_BEING

CORE_OWNER = "luxos"


@dataclass(frozen=True)
class CoreClass:
    """A core being that is not called: a class of beings, or a part of the system."""

    uuid: UUID
    name: str
    type: str
    purpose: str

    @property
    def genesis(self) -> dict[str, Any]:
        """What its row says."""
        return {
            "type": self.type,
            "tier": "core",
            "name": self.name,
            "purpose": self.purpose,
            "owner": CORE_OWNER,
        }


CLASSES = (
    CoreClass(UUID("6d1f1c52-5d0b-4f0e-8a39-0d5f6c4f0a01"), "BaseBeing", "class", "Every being."),
    CoreClass(UUID("6d1f1c52-5d0b-4f0e-8a39-0d5f6c4f0a02"), "ClassBeing", "class", "A being that others are made by."),
    CoreClass(UUID("6d1f1c52-5d0b-4f0e-8a39-0d5f6c4f0a03"), "FunctionBeing", "class", "A being that can be called."),
    CoreClass(UUID("6d1f1c52-5d0b-4f0e-8a39-0d5f6c4f0a04"), "RelationshipBeing", "class", "From one being to another."),
    CoreClass(UUID("6d1f1c52-5d0b-4f0e-8a39-0d5f6c4f0a05"), "Kernel", "kernel", "Keeps the zones of LuxOS alive."),
    CoreClass(UUID("6d1f1c52-5d0b-4f0e-8a39-0d5f6c4f0a06"), "Factory", "factory", "Makes beings from a genesis."),
    CoreClass(UUID("6d1f1c52-5d0b-4f0e-8a39-0d5f6c4f0a07"), "MessageBeing", "class", "Sent along a channel."),
    CoreClass(UUID("6d1f1c52-5d0b-4f0e-8a39-0d5f6c4f0a08"), "TaskBeing", "class", "Something that is to be done."),
)
STATIC = frozenset({SCHEMA_BEING, *(being.uuid for being in CLASSES)})
"""The UUIDs of core beings that are not functions; those of functions are known to a `CoreRegistry`."""
