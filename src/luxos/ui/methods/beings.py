"""Beings, looked at and looked for."""

from typing import Any

from luxos.beings.being import BaseBeing
from luxos.beings.find import page, reads_all
from luxos.boot import System
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
    await system.runtime()
    return _whole(await BaseBeing.load(await soul_of(who)))


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
