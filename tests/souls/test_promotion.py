"""Promotion: what is checked, and what an environment was before and is again."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from luxos.config import Settings
from luxos.i18n import speaking
from luxos.persistence.database import Database
from luxos.runtime.hermetic.confined import confined
from luxos.souls import environment
from luxos.souls.archive import PRODUCTION, Archive
from luxos.souls.environment import Environment
from luxos.souls.errors import (
    AliasMissing,
    EnvironmentInvalid,
    EnvironmentUnknown,
    KeyUnfit,
    ManifestDamaged,
    ManifestUnknown,
    NothingEarlier,
    NotPromoted,
    PromotionRefused,
    PromotionUnchecked,
    SoulUnknown,
)
from luxos.souls.going_back import rollback_alias
from luxos.souls.manifest import Manifest, manifests
from luxos.souls.promotion import promote, same
from luxos.souls.registry import Soul, summon
from luxos.souls.signing import key_file, own_key, read_key
from luxos.souls.type_check import Judged, type_check

DOUBLE = "def function(n: int) -> int:\n    return n * 2\n"


async def doubles(who: str, *args: Any, **kwargs: Any) -> Any:
    return 2 * (args or tuple(kwargs.values()))[0]


@pytest.fixture
def archive(database: Database, settings: Settings) -> Archive:
    settings.home.mkdir(parents=True, exist_ok=True)
    return Archive(settings.home)


async def versions(count: int) -> list[str]:
    found = []
    for number in range(count):
        await summon(name="double", source=f"{DOUBLE}# {number}\n")
        found.append((await Soul.of("double")).hash)
    return found


async def in_production(name: str = "production") -> dict[str, str]:
    return {alias: entry["hash"] for alias, entry in (await Environment.of(name)).souls.items()}


async def test_examples_are_run_and_counted(archive: Archive) -> None:
    examples = [{"args": [2], "result": 4}, {"arguments": {"n": 3}, "result": 6.0}]
    await summon(name="double", source=DOUBLE, examples=examples)
    made = await promote(archive, "double", doubles, confined)
    soul = await Soul.of("double")
    wanted = {"double": {"hash": soul.hash, "examples": 2, "types": "passed", "unchecked": []}}
    assert made.souls == wanted
    assert json.loads((archive.folder / PRODUCTION).read_bytes())["souls"] == {"double": soul.hash}
    assert (archive.folder / made.file).read_bytes() == made.file_bytes()


@pytest.mark.parametrize("example", [{"args": [2], "result": 5}, {"args": [2]}, 3, {"args": 3, "result": 1}])
async def test_an_example_that_does_not_hold_refuses(archive: Archive, example: Any) -> None:
    await summon(name="double", source=DOUBLE, examples=[example])
    with pytest.raises(PromotionRefused):
        await promote(archive, "double", doubles, confined, unchecked=True)
    with pytest.raises(EnvironmentUnknown):
        await in_production()


async def test_types_that_do_not_fit_refuse(archive: Archive) -> None:
    await summon(name="double", source="def function(n: int) -> str:\n    return n * 2\n")
    with pytest.raises(PromotionRefused, match=r"2"):
        await promote(archive, "double", doubles, confined, unchecked=True)


async def judged(source: str, **genotype: Any) -> Judged:
    return await type_check({"type": "function", "source": source, **genotype}, confined)


async def test_a_plain_function_is_handed_what_an_async_one_awaits() -> None:
    plain = "def function(a: int) -> int:\n    return execution('two', a) + 1\n"
    assert await judged(plain) == Judged()
    awaited = f"async def function(a: int) -> int:\n{plain.partition(chr(10))[2]}"
    assert "wiersz 2" in (await judged(awaited)).wrong[0]
    assert await judged(awaited.replace("execution('two', a)", "(await execution('two', a))")) == Judged()
    within = (
        "async def function(a: int):\n    def inner():\n        return execution('two', a) + 1\n    return inner()\n"
    )
    assert await judged(within) == Judged()
    assert await judged("def function():\n    return self.attributes['a']\n") == Judged()


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("x: int = 'a'", "wartość jest innego typu, niż zadeklarowano"),
        ("return str(a)", "wynik jest innego typu, niż zadeklarowano"),
        ("return len(a)", "argument jest innego typu, niż przyjmuje to, co wywołano"),
        ("return a + 'b'", "ten operator nie działa na takich typach"),
        ("return a.nothing", "ten typ nie ma takiego atrybutu"),
        ("return nothing", "nic nie ma takiej nazwy"),
        ("return a[0]", "ten typ nie ma elementów"),
        ("return a()", "tego nie można wywołać"),
        ("for x in a: pass", "po wartości tego typu nie można przejść pętlą"),
        ("return function()", "brakuje argumentu"),
        ("return function(1, 2)", "argumentów jest więcej, niż przyjmuje to, co wywołano"),
        ("return function(1, b=2)", "to, co wywołano, nie ma argumentu o takiej nazwie"),
    ],
)
async def test_what_the_checker_finds_is_told_in_the_persons_words(body: str, said: str) -> None:
    with speaking("pl"):
        wrong = (await judged(f"def function(a: int) -> int:\n    {body}\n    return 1\n")).wrong
    assert any(one.startswith(f"wiersz 2: {said} (") for one in wrong), wrong


COUNTER = (
    "class Counter:\n    def more(self, by: int = 1) -> int:\n        self.count += by\n        return self.count\n"
)
COUNT = {"count": {"py_type": "int", "default": 0}, "kind": {"py_type": 'Literal["a", "b"] | datetime', "default": "a"}}


async def test_an_instance_has_what_its_class_declares() -> None:
    assert await judged(COUNTER, type="class", attributes=COUNT) == Judged()
    assert (await judged(COUNTER, type="class")).wrong
    assert await judged("class One: count = 2; a = 3\n", type="class", attributes=COUNT) == Judged()
    decorated = "class One:\n    @staticmethod\n    def a() -> int:\n        return 'ż'\n"
    found = await judged(decorated, type="class", attributes=COUNT)
    assert (len(found.wrong), "wiersz 4" in found.wrong[0]) == (1, True)
    wrong = COUNTER.replace("-> int", "-> str")
    found = await judged(wrong, type="class", attributes=COUNT)
    assert (len(found.wrong), "wiersz 4" in found.wrong[0]) == (1, True), found


async def test_a_type_beside_a_module_that_is_not_known_is_judged() -> None:
    source = "import nowhere_at_all\ndef function(n: int) -> str:\n    return n\n"
    found = await judged(source)
    assert (len(found.wrong), len(found.unjudged)) == (1, 1)


@pytest.mark.parametrize(
    "source",
    [
        "import nowhere_at_all\n\ndef function(n):\n    return n\n",
        "def function(n):\n    yield n\n",
        "def function(n):\n    return eval(n)\n",
    ],
)
async def test_what_cannot_be_judged_is_promoted_only_by_word(archive: Archive, source: str) -> None:
    await summon(name="odd", source=source)
    with pytest.raises(PromotionUnchecked):
        await promote(archive, "odd", doubles, confined)
    assert (await promote(archive, "odd", doubles, confined, unchecked=True)).souls["odd"]["unchecked"]


async def test_the_checker_runs_nothing() -> None:
    source = "raise ValueError\nwhile True:\n    pass\ndef function(n: int) -> int:\n    return n\n"
    assert (await asyncio.wait_for(judged(source), 60)).wrong == ()


async def test_a_version_without_an_alias_needs_one(archive: Archive) -> None:
    soul = await Soul.register({"type": "text", "source": "a"})
    with pytest.raises(AliasMissing):
        await promote(archive, soul.hash, doubles, confined)
    assert set((await promote(archive, soul.hash, doubles, confined, alias="text")).souls) == {"text"}
    with pytest.raises(EnvironmentInvalid):
        await promote(archive, soul.hash, doubles, confined, to="No!")


async def test_an_environment_goes_back_step_by_step(archive: Archive) -> None:
    hashes = await versions(3)
    for found in hashes:
        await promote(archive, found, doubles, confined)
    for wanted in (hashes[1], hashes[0]):
        await environment.rollback(archive)
        assert await in_production() == {"double": wanted}
    with pytest.raises(NothingEarlier):
        await environment.rollback(archive)
    await environment.rollback(archive, to="3")
    assert await in_production() == {"double": hashes[2]}
    for wanted in (hashes[1], hashes[0]):
        await environment.rollback(archive, alias="double")
        assert await in_production() == {"double": wanted}
    with pytest.raises(NothingEarlier):
        await environment.rollback(archive, alias="double")
    with pytest.raises(ManifestUnknown):
        await environment.rollback(archive, to="99")
    with pytest.raises(NotPromoted):
        await environment.rollback(archive, to="1", alias="nobody")


async def test_demotion_takes_out_and_rollback_puts_back(archive: Archive) -> None:
    (found,) = await versions(1)
    await promote(archive, "double", doubles, confined, to="staging")
    await environment.demote(archive, "double", "staging")
    assert await in_production("staging") == {}
    with pytest.raises(NotPromoted):
        await environment.demote(archive, "double", "staging")
    await environment.rollback(archive, "staging")
    assert await in_production("staging") == {"double": found}


async def test_every_change_at_once_makes_one_chain(archive: Archive) -> None:
    (found,) = await versions(1)
    await asyncio.gather(*(promote(archive, found, doubles, confined, alias=f"a{number}") for number in range(8)))
    assert await in_production() == {f"a{number}": found for number in range(8)}
    chain = [Manifest.of_row(genesis) for _row, genesis in await manifests("production")]
    ordered = sorted((one for one in chain if one), key=lambda one: one.sequence)
    assert [one.sequence for one in ordered] == list(range(1, 9))
    assert [one.content["previous"] for one in ordered] == [None, *(one.hash for one in ordered[:-1])]


async def test_a_forged_manifest_is_not_built_on(archive: Archive, database: Database) -> None:
    await versions(1)
    made = await promote(archive, "double", doubles, confined)
    forged = {**made.genesis(), "signature": "0" * 128}
    await database.pool.execute("UPDATE base_beings SET genesis = $2 WHERE soul = $1", made.row, forged)
    with pytest.raises(ManifestDamaged):
        await promote(archive, "double", doubles, confined, alias="other")


async def test_all_that_make_the_key_at_once_get_the_same(archive: Archive) -> None:
    keys = await asyncio.gather(*(asyncio.to_thread(own_key, archive) for _ in range(16)))
    assert len(set(keys)) == 1
    assert (key_file(archive).stat().st_mode & 0o777, archive.keys.stat().st_mode & 0o777) == (0o600, 0o700)
    assert [file.name for file in archive.keys.iterdir()] == ["signing.key"]


def test_every_single_bit_of_the_key_matters(tmp_path: Path) -> None:
    archive = Archive(tmp_path)
    own_key(archive)
    file = key_file(archive)
    whole = file.read_bytes()
    for bit in range(len(whole) * 8):
        broken = bytearray(whole)
        broken[bit // 8] ^= 1 << bit % 8
        file.write_bytes(broken)
        with pytest.raises(KeyUnfit):
            read_key(file)
    file.write_bytes(whole)
    assert read_key(file) == own_key(archive)


async def test_an_alias_goes_back_to_what_its_version_was_made_from(archive: Archive) -> None:
    hashes = await versions(3)
    for wanted, number in ((hashes[1], 4), (hashes[0], 5)):
        soul, version = await rollback_alias("double")
        assert (soul.hash, version, (await Soul.of("double")).hash) == (wanted, number, wanted)
    with pytest.raises(NothingEarlier):
        await rollback_alias("double")
    assert (await rollback_alias("double", to="3"))[0].hash == hashes[2]
    assert (await rollback_alias("double", to=hashes[0][7:20]))[0].hash == hashes[0]
    with pytest.raises(SoulUnknown):
        await rollback_alias("double", to="99")


@pytest.mark.parametrize(
    ("one", "other", "equal"),
    [(1, 1.0, True), (1, True, False), ([1], [1, 2], False), ({"a": [1]}, {"a": [1]}, True), (None, False, False)],
)
def test_sameness(one: Any, other: Any, equal: bool) -> None:
    assert same(one, other) is equal
