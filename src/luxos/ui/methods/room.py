"""What takes the room, and what goes when its time is over."""

import asyncio
from typing import Any

from luxos.boot import System
from luxos.runtime import room
from luxos.runtime.retention import Cleaning, Part, clean, preview
from luxos.ui.methods.person import Person


async def usage(system: System, person: Person) -> dict[str, Any]:
    """Bytes, by table, by kind of being and by folder: `{"status", "tables", "kinds", "folders"}`."""
    database = (await system.runtime()).database
    return {
        "status": "done",
        "tables": await room.tables(database),
        "kinds": await room.kinds(database),
        "folders": await asyncio.to_thread(room.folders, system.settings),
    }


async def preview_clean(system: System, person: Person) -> dict[str, Any]:
    """What `clean_database` would remove now: `{"status", "goes": [{kind, count, bytes}]}`."""
    database = (await system.runtime()).database
    return {"status": "preview", "goes": _told(await preview(database, system.settings))}


async def clean_database(system: System, person: Person) -> dict[str, Any]:
    """Removes what is older than the settings keep it; `cleaning` is the being that tells of it, if anything went."""
    database, cleaning = (await system.runtime()).database, Cleaning()
    await clean(database, system.settings, cleaning)
    soul = None if cleaning.soul is None else str(cleaning.soul)
    return {"status": "cleaned", "went": _told(cleaning.removed()), "cleaning": soul}


def _told(parts: list[Part]) -> list[dict[str, Any]]:
    return [part.as_json() for part in parts]
