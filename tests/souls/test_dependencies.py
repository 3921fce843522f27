"""What a source uses: names are pinned to hashes, and what no hash can pin is told with its line."""

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from luxos.beings.errors import GenotypeInvalid, SourceInvalid
from luxos.persistence.database import Database
from luxos.souls.dependencies import NotPinned, not_pinned, uses_of
from luxos.souls.errors import DependencyUnknown, SoulTooBig, SoulUnknown
from luxos.souls.registry import Soul, summon

CALLS = """
async def function(name, others, *args):
    await execution("text.clean", name)
    await execution(who="text.clean")
    vat = await lux.execution('vat')
    soul = await lux.souls.get_by_alias("shop")
    await summon("new", source="x")
    await lux.summon(name="new_too", source="x")
    await execution(name)
    await execution("a" + name)
    await execution(*args)
    run = execution
    await helper(lux)
    eval("execution('x')")
    [await execution(other) for other in others]
    lux.log("text"); found = lux.find(tags=["x"])
    f = lux.summon
    return getattr(vat, "execution")("x"), vat.execution("y"), executions("z")
"""


def test_names_written_out_are_found_and_the_rest_is_told() -> None:
    uses = uses_of(CALLS)
    assert uses.names == {"text.clean": 3, "vat": 5, "shop": 6, "new": 7, "new_too": 8}
    assert uses.made == {"new", "new_too"}
    assert [place.line for place in uses.not_pinned] == [9, 10, 11, 12, 13, 14, 15, 17]
    assert uses.not_pinned[0] == NotPinned(9, "await execution(name)")


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_lines_are_counted_as_python_counts_them(end: str) -> None:
    uses = uses_of(end.join(["s = '\u2028\x85'", "# \f", "", "execution(s)"]))
    assert uses.not_pinned == [NotPinned(4, "execution(s)")]


def test_names_are_those_that_python_reads() -> None:
    assert uses_of("ｅｘｅｃｕｔｉｏｎ('a')\n𝓁𝓊𝓍.summon('b')\n").names == {"a": 1, "b": 2}


@given(st.text(st.characters(codec="utf-8")))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        compile(text, "x", "exec")
    except (SyntaxError, ValueError):
        with pytest.raises(SourceInvalid):
            uses_of(text)
    else:
        uses_of(text)


@pytest.mark.parametrize(
    ("source", "line"),
    [
        ("def function(:\n", 1),
        ("x = 1\n  y = 2\n", 2),
        ("a\0b", 1),
        ("(" * 100_000, 1),
        ("-" * 50_000 + "1", 1),
        ("x" + ".y" * 50_000, 1),
        ("# coding: nothing\n'\n", 2),
    ],
)
async def test_what_is_no_python_is_refused_with_its_line(database: Database, source: str, line: int) -> None:
    with pytest.raises((SourceInvalid, GenotypeInvalid)) as caught:
        await summon(name="bad", source=source)
    assert len(str(caught.value)) < 500
    assert caught.value.details.get("line", line) == line
    assert await database.pool.fetchval("SELECT count(*) FROM base_beings") == 1


async def test_a_source_that_nobody_could_read_is_refused(database: Database) -> None:
    with pytest.raises(SoulTooBig):
        await summon(name="big", source="# x\n" * 300_000)
    with pytest.raises(SoulTooBig):
        await Soul.register({"type": "text", "source": "x" * 9_000_000}, alias="big")
    assert await database.pool.fetchval("SELECT count(*) FROM base_beings") == 1


def calling(name: str) -> str:
    return f'def function():\n    return execution("{name}")\n'


async def test_what_is_used_is_pinned_as_it_was(database: Database) -> None:
    rate = await Soul.register({"type": "function", "source": "def function(): return 23\n"}, alias="rate")
    vat = await summon(name="vat", source=calling("rate"))
    assert vat.genesis["dependencies"] == {"rate": rate.hash}
    newer = await Soul.evolve("rate", {"source": "def function(): return 8\n"})
    soul = await Soul.of("vat")
    assert await soul.pins() == {"rate": rate.hash}
    evolved = await Soul.evolve("vat", {"pure": True})
    assert await evolved.pins() == {"rate": rate.hash}, "a change keeps the pins of what is still used"
    again = await summon(name="vat", source=calling("rate"), pure=True)
    assert again.genesis["dependencies"] == {"rate": newer.hash}, "a declaration pins what is newest"
    gone = await Soul.evolve("vat", {"source": "def function(): return 1\n"})
    assert "dependencies" not in gone.genotype or gone.genotype["dependencies"] == {}


async def test_a_soul_that_uses_itself_pins_itself_whatever_its_hash(database: Database) -> None:
    one = await Soul.register({"type": "function", "source": calling("again")}, alias="again")
    assert one.genotype["dependencies"] == {"again": "self"}
    assert await one.pins() == {"again": one.hash}
    await Soul.rename("again", "once_more")
    same = await Soul.register({"type": "function", "source": calling("again")}, alias="once_more")
    assert same == one


async def test_a_core_being_is_pinned_by_its_uuid(database: Database) -> None:
    await database.pool.execute(
        "INSERT INTO base_beings (soul, tags, genesis, attributes, memories, self_awareness) "
        "VALUES ($1, '{core}', $2, '{}', '[]', '{}')",
        UUID(int=5),
        {"type": "function", "tier": "core", "name": "file.write"},
    )
    soul = await Soul.register({"type": "function", "source": calling("file.write")}, alias="a")
    assert soul.genotype["dependencies"] == {"file.write": f"core:{UUID(int=5)}"}
    assert await soul.pins() == {"file.write": UUID(int=5)}


async def test_a_name_that_nobody_has_is_refused_with_its_line(database: Database) -> None:
    before = await database.pool.fetchval("SELECT count(*) FROM base_beings")
    for used in ("nobody", "sha256:" + "0" * 64, "0123456789"):
        with pytest.raises(DependencyUnknown) as caught:
            await summon(name="a", source=calling(used))
        assert (caught.value.details["line"], caught.value.details["used"]) == (2, used)
    for pin in ("sha256:" + "0" * 64, "group:sha256:" + "0" * 64, f"core:{UUID(int=1)}"):
        with pytest.raises(SoulUnknown):
            await summon(name="a", source=calling("a"), dependencies={"b": pin})
    for broken in ({"b": "latest"}, {"b": 1}, ["b"], {"b": "core:x"}):
        with pytest.raises(GenotypeInvalid):
            await summon(name="a", source=calling("a"), dependencies=broken)
    assert await database.pool.fetchval("SELECT count(*) FROM base_beings") == before


async def test_a_hash_in_the_source_is_a_pin_and_a_uuid_is_none(database: Database) -> None:
    used = await Soul.register({"type": "function", "source": "def function(): return 1\n"})
    soul = await Soul.register({"type": "function", "source": calling(used.hash)}, alias="a")
    assert await soul.pins() == {used.hash: used.hash}
    short = used.hash.removeprefix("sha256:")[:12]
    assert await (await Soul.register({"type": "function", "source": calling(short)})).pins() == {short: used.hash}
    loose = await Soul.register({"type": "function", "source": calling(str(UUID(int=7)))})
    assert loose.not_pinned == [NotPinned(2, str(UUID(int=7)))]


async def test_what_is_not_pinned_stays_known(database: Database) -> None:
    from luxos.souls.aliases import history

    soul = await Soul.register({"type": "function", "source": "execution(input())\nsummon('x')\n"}, alias="a")
    places = [NotPinned(1, "execution(input())"), NotPinned(2, "x")]
    assert soul.not_pinned == not_pinned(soul.genotype) == places
    assert (await history("a"))[0]["not_pinned"] == [place.as_json() for place in places]
    assert (await Soul.of("a")).not_pinned == places
