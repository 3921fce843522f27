"""Putting beings away, taking them back, and removing them for good."""

from typing import Any

from luxos.beings import removal
from luxos.boot import System
from luxos.ui.methods.naming import soul_of, uuid_of
from luxos.ui.methods.person import Person


async def delete_being(system: System, person: Person, who: str) -> dict[str, Any]:
    """Leaves a tombstone, and says which `aliases` lead to it; a relationship is named by its whole UUID."""
    await system.runtime()
    soul = uuid_of(who) or await soul_of(who)
    await removal.delete(soul)
    return {"status": "deleted", "soul": str(soul), "aliases": await removal.aliases_of(soul)}


async def restore_being(system: System, person: Person, who: str) -> dict[str, Any]:
    """Takes a tombstone back."""
    await system.runtime()
    soul = uuid_of(who) or await soul_of(who)
    await removal.restore(soul)
    return {"status": "restored", "soul": str(soul)}


async def preview_purge(system: System, person: Person, who: str) -> dict[str, Any]:
    """What would go for good: `{"status", "soul", "name", "counts" by kind, "runs" with how many steps, "aliases"}`."""
    await system.runtime()
    return {"status": "preview", **(await removal.purge_preview(await soul_of(who))).as_json()}


async def purge_being(system: System, person: Person, confirmed: dict[str, Any]) -> dict[str, Any]:
    """Removes for good what a preview said, and nothing else."""
    await system.runtime()
    confirm = removal.Purge.from_json(confirmed)
    return {"status": "purged", **(await removal.purge(confirm.soul, confirm=confirm)).as_json()}
