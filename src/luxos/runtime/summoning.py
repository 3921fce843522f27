"""What makes beings, as stored code reaches it: core functions, so that what code makes is a step like any other."""

from typing import Any
from uuid import UUID

from luxos.beings.core import CoreFunction
from luxos.runtime.context import Context
from luxos.runtime.errors.calls import SummonRefused
from luxos.souls.archive import Archive
from luxos.souls.registry import summon as registered
from luxos.souls.reports import catch_up
from luxos.souls.resolving import resolve_class

_FREE = frozenset({"type", "tier", "attributes", "pure", "purpose", "examples", "limits"})
"""What code may say of what it makes."""


async def summon(context: Context, name: str, source: str, **genesis: Any) -> dict[str, Any]:
    """Makes the living being of an alias, or has it evolve; code does so below its own name only.

    What cannot run in the tier that it names is told with its lines, and not made.
    """
    caller = context.call.caller
    if caller is not None:
        maker = caller.known.code
        if not name.startswith(f"{maker.name}.") or not genesis.keys() <= _FREE or genesis.get("tier") == "core":
            raise SummonRefused(who=maker.name, name=name)
        genesis["owner"] = maker.owner
    assert context.check is not None  # noqa: S101 - the dispatcher makes the call
    await context.check(name, {**genesis, "source": source})
    being = await registered(name=name, source=source, **genesis)
    await catch_up(Archive(context.settings.home))
    return {"soul": str(being.soul), "name": name, "hash": str(being.genesis["soul_hash"])}


async def make(
    context: Context, who: str, name: str | None = None, attributes: dict[str, Any] | None = None
) -> dict[str, Any]:
    """Makes an instance of a class: its state begins with these attributes, and the defaults of the others.

    Each call makes one, which is written with the call's record: both are there, or neither.
    """
    cls = await resolve_class(who)
    made = cls.new(attributes, name=name)
    if context.call.caller is not None:
        made.genesis["owner"] = context.call.caller.known.code.owner
    context.bear(made)
    return {"soul": str(made.soul), "name": name, "class": cls.called, "class_hash": cls.soul_hash}


FUNCTIONS = (
    CoreFunction(UUID("b3a5c4c2-6f0e-5a7d-9a39-2f3c1d0e8a11"), "being.summon", None, "none", summon),
    CoreFunction(UUID("5d0c8d0e-9f0b-4a55-8f0c-0c6f3b8f7e21"), "being.make", None, "none", make, makes=True),
)
"""The core functions of this room."""
