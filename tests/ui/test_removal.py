"""`luxos being delete`, `restore` and `purge`, as a person uses them."""

from uuid import uuid4

import pytest
from tests.plugins.command import Command

from luxos.beings.being import BaseBeing


@pytest.mark.slow
async def test_a_being_is_put_away_taken_back_and_removed_for_good(quick_luxos: Command) -> None:
    being = BaseBeing(soul=uuid4(), genesis={"type": "note", "name": "kartka"})
    for number in range(60):
        being.remember("counted", number=number)
        await being.save()
    who = str(being.soul)
    assert quick_luxos("being", "delete", who, "--json").json == {"status": "deleted", "soul": who, "aliases": []}
    refused = quick_luxos("being", "delete", who[:4])
    assert refused.code != 0
    assert "Traceback" not in refused.err
    assert "przywrócony" in quick_luxos("being", "restore", who).out
    assert (await BaseBeing.load(being.soul)).soul == being.soul
    preview = quick_luxos("being", "purge", who, "--json")
    assert (preview.code, preview.json["status"]) == (7, "preview")
    assert preview.json["counts"]["chapters"] > 0
    unasked = quick_luxos("being", "purge", who)
    assert (unasked.code, "Niczego nie usunięto" in unasked.out) == (7, True)
    assert await BaseBeing.find(being.soul) is not None
    assert quick_luxos("being", "purge", who, "--yes", "--json").json["status"] == "purged"
    assert await BaseBeing.find(being.soul) is None
    assert quick_luxos("db", "check", "--json").json["status"] == "whole"


async def test_a_core_being_stays(quick_luxos: Command) -> None:
    refused = quick_luxos("being", "delete", "6d1f1c52-5d0b-4f0e-8a39-0d5f6c4f0a01", "--json")
    assert (refused.code, refused.json["error"]["code"]) == (4, "being_static")


async def test_what_luxos_stands_on_stays_and_a_person_is_told_what_to_do_instead(quick_luxos: Command) -> None:
    kept = BaseBeing(soul=uuid4(), tags=["environment"], genesis={"type": "environment", "name": "production"})
    await kept.save()
    refused = quick_luxos("being", "delete", str(kept.soul), "--json")
    assert (refused.code, refused.json["error"]["code"]) == (4, "being_kept")
    for work in (("delete",), ("purge", "--yes")):
        refused = quick_luxos("being", work[0], str(kept.soul), *work[1:])
        assert (refused.code, "przechowuje" in refused.err) == (4, True)
    assert await BaseBeing.find(kept.soul) is not None
