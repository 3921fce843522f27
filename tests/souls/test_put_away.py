"""What an older LuxOS let somebody put away: the commands go on, and what they advise helps."""

import pytest

from luxos.beings.being import BaseBeing
from luxos.beings.errors import BeingDeleted
from luxos.beings.removal import restore
from luxos.config import Settings
from luxos.persistence.database import Database
from luxos.souls import environment
from luxos.souls.archive import Archive
from luxos.souls.environment import Environment, row_of
from luxos.souls.registry import Soul, summon
from luxos.ui.methods.souls import environments_of


async def test_souls_are_listed_without_their_environment_and_the_advice_brings_it_back(
    database: Database, settings: Settings
) -> None:
    await summon(name="plus", source="def function(n):\n    return n + 1\n")
    settings.home.mkdir(parents=True, exist_ok=True)
    archive, souls = Archive(settings.home), {"plus": {"hash": (await Soul.of("plus")).hash}}
    for name in ("production", "staging"):
        await environment.change(archive, name, lambda _before: (souls, {"kind": "promote"}))
    deleted = {"at": "2026-01-01T00:00:00+00:00", "by": "ala"}
    put_away = "UPDATE base_beings SET tags = tags || '{tombstone}', attributes = attributes || $2 WHERE soul = $1"
    await database.pool.execute(put_away, row_of("production"), {"deleted": deleted})
    async with BaseBeing.transaction() as lent:
        assert await environments_of(lent) == {"plus": {"staging": souls["plus"]["hash"]}}
    with pytest.raises(BeingDeleted, match=f"luxos being restore {row_of('production')}"):
        await Environment.of("production")
    await restore(row_of("production"))
    assert (await Environment.of("production")).souls.keys() == {"plus"}
