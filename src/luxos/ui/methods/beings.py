"""Beings, looked at and looked for."""

from typing import Any

from luxos.beings.being import BaseBeing
from luxos.beings.classes import ClassBeing
from luxos.beings.find import page, reads_all
from luxos.beings.instance import InstanceBeing
from luxos.boot import System
from luxos.runtime.dispatcher import Runtime
from luxos.souls.resolving import namesakes, resolve_class
from luxos.ui.methods.naming import soul_of
from luxos.ui.methods.person import Person


async def find_beings(
    system: System, person: Person, meant: str, order: str | None, limit: int, after: str | None
) -> dict[str, Any]:
    """A page of the beings that the text of a filter means, the key of the next one, and whether all had to be read."""
    await system.runtime()
    found = await page(meant, order=order, limit=limit, after=after)
    beings = [_brief(being) for being in found.beings]
    return {"beings": beings, "next_key": found.next_key, "reads_all": await reads_all(meant)}


async def show_being(system: System, person: Person, who: str) -> dict[str, Any]:
    """One being, with everything that its row holds."""
    runtime = await system.runtime()
    being = await BaseBeing.load(await soul_of(who))
    return {**_whole(being), **await _methods(runtime, being)}


async def make_being(
    system: System, person: Person, who: str, name: str | None, attributes: dict[str, Any]
) -> dict[str, Any]:
    """Makes an instance of the class that an alias, a UUID or a hash means; its `namesakes` bear the same name."""
    await system.runtime()
    made = await (await resolve_class(who)).make(attributes, name=name)
    return {"status": "made", **_brief(made), "methods": made.methods, "namesakes": await namesakes(made)}


async def _methods(runtime: Runtime, being: BaseBeing) -> dict[str, Any]:
    """The methods of an instance, or of those that a class makes, as they are called; nothing of other beings."""
    if isinstance(being, InstanceBeing) and being.methods:
        methods = (await runtime.codes.class_of(being))[1]
    elif isinstance(being, ClassBeing):
        methods = being.methods
    else:
        return {}
    return {"methods": list(map(str, methods.values()))}


def _whole(being: BaseBeing) -> dict[str, Any]:
    return {
        **_brief(being),
        "genesis": being.genesis,
        "memories": being.memories,
        "self_awareness": being.self_awareness,
        "embedding": being.embedding,
    }


def _brief(being: BaseBeing) -> dict[str, Any]:
    """What a list shows."""
    return {
        "soul": str(being.soul),
        "kind": being.genesis.get("type"),
        "name": being.genesis.get("name"),
        "tags": being.tags,
        "energy_level": being.energy_level,
        "created_at": being.created_at.isoformat() if being.created_at else None,
        "attributes": being.attributes,
    }
