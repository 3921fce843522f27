"""What takes the room."""

import asyncio
from typing import Any

from luxos.boot import System
from luxos.runtime import room
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
