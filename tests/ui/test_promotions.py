"""`luxos soul promote --shadow`, `luxos soul promotions`: as a person follows a candidate, in both languages."""

import asyncio
from typing import Any

import pytest
from tests.plugins.command import Command

from luxos.persistence.database import Database
from luxos.souls.environment import Environment
from luxos.souls.registry import Soul, summon

pytestmark = pytest.mark.slow

OLD = "def function(n: int) -> int:\n    total = 0\n    for i in range(n):\n        total += i\n    return total\n"
NEW = "def function(n: int) -> int:\n    return n * (n - 1) // 2\n"
FRAGILE = "def function(n: int) -> int:\n    return n * (n - 1) // 2 + 0 * (1 // (n - 7))\n"


async def said(luxos: Command, *arguments: str, **environment: str) -> Any:
    return await asyncio.to_thread(luxos, *arguments, **environment)


async def test_a_candidate_is_followed_from_the_shadow_to_its_way_back(
    quick_luxos: Command, database: Database
) -> None:
    luxos = quick_luxos
    await summon(name="total", source=OLD, examples=[{"args": [3], "result": 3}])
    old, fragile = (await Soul.of("total")).hash, (await Soul.draft("total", {"source": FRAGILE})).hash
    begun = await said(luxos, "soul", "promote", fragile, "--alias", "total", "--shadow", "--calls", "2", "--json")
    assert (begun.code, begun.json["status"], begun.json["to"]) == (0, "shadowing", fragile)
    for n in (4, 5):
        assert (await said(luxos, "call", "total", str(n), "--json")).json["result"] == n * (n - 1) // 2
    (told,) = (await said(luxos, "soul", "promotions", "total", "--json")).json["promotions"]
    assert (told["status"], told["equal"], told["environment"]) == ("watched", 2, "production")
    assert (await Environment.of("production")).souls["total"]["hash"] == fragile
    assert [(await said(luxos, "call", "total", "7")).code for _time in range(2)] == [1, 1]
    last = await said(luxos, "call", "total", "7", LUXOS_LANG="en")
    assert last.code == 1
    assert "total was moved back" in last.out + last.err
    shown = (await said(luxos, "soul", "promotions", "total", LUXOS_LANG="en")).out
    assert "because 3 of its 3 calls failed" in shown
    assert '{"n": 7}' in shown
    assert (await said(luxos, "soul", "show", "total", "--json")).json["promotion"]["status"] == "back"
    history = (await said(luxos, "soul", "log", "total")).out
    assert "przesunięty tu z cienia; równe wywołania: 2" in history
    assert "cofnięty; nieudane wywołania: 3 z 3" in history
    assert (await Environment.of("production")).souls == {}
    assert (await Soul.of("total")).hash == old
    again = await said(luxos, "soul", "promote", fragile, "--alias", "total", "--shadow", "--json")
    assert (again.code, again.json["error"]["code"]) == (4, "runtime.promoted_before")
    assert (await said(luxos, "soul", "validate", "--json")).json["status"] == "whole"


async def test_a_difference_is_shown_and_a_shadow_is_stopped(quick_luxos: Command, database: Database) -> None:
    luxos = quick_luxos
    await summon(name="total", source=OLD)
    wrong = (await Soul.draft("total", {"source": NEW.replace("- 1", "+ 1")})).hash
    right = (await Soul.draft("total", {"source": NEW})).hash
    assert (await said(luxos, "soul", "promote", wrong, "--alias", "total", "--shadow")).code == 0
    assert (await said(luxos, "call", "total", "4")).out.strip() == "6"
    shown = (await said(luxos, "soul", "promotions", "total", LUXOS_LANG="en")).out
    assert 'with {"n": 4}: now 6, the candidate 10' in shown
    assert (await said(luxos, "soul", "promote", right, "--alias", "total", "--shadow")).code == 0
    assert (await said(luxos, "soul", "promotions", "total", "--stop")).code == 0
    refused = await said(luxos, "soul", "promotions", "total", "--stop", "--json")
    assert (refused.code, refused.json["error"]["code"]) == (4, "runtime.nothing_promoted")
    assert len((await said(luxos, "soul", "promotions", "--json")).json["promotions"]) == 2


async def test_what_replaces_another_in_an_environment_is_watched(quick_luxos: Command, database: Database) -> None:
    luxos = quick_luxos
    await summon(name="total", source=OLD)
    assert (await said(luxos, "soul", "promote", "total")).code == 0
    await summon(name="total", source=FRAGILE)
    assert (await said(luxos, "soul", "promote", "total", "--budget", "0")).code == 0
    await said(luxos, "call", "total", "7")
    (told,) = (await said(luxos, "soul", "promotions", "--json")).json["promotions"]
    assert (told["status"], told["failures"]) == ("back", 1)
    souls = (await Environment.of("production")).souls
    assert souls["total"]["hash"] == (await Soul.of("total")).hash == told["from"]
