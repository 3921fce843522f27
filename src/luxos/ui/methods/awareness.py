"""What beings know of themselves, beside what follows from the steps."""

from typing import Any

from luxos.beings.awareness import Recount, recompute
from luxos.boot import System
from luxos.ui.methods.naming import soul_of
from luxos.ui.methods.person import Person


async def recompute_beings(system: System, person: Person, who: str | None, repair: bool) -> dict[str, Any]:
    """Counts again, of one being or of all: `{"status", "beings": [{soul, name, equal, differs}]}`.

    `status` is `equal`, `different`, or `repaired`; `differs` says of a field what the being `says` and what `follows`.
    """
    await system.runtime()
    soul = None if who is None else await soul_of(who)
    beings = [_told(found) async for found in recompute(soul, repair=repair)]
    if all(being["equal"] for being in beings):
        return {"status": "equal", "beings": beings}
    return {"status": "repaired" if repair else "different", "beings": beings}


def _told(found: Recount) -> dict[str, Any]:
    differs = {field: {"says": says, "follows": follows} for field, (says, follows) in found.differs.items()}
    return {"soul": str(found.soul), "name": found.name, "equal": found.equal, "differs": differs}
