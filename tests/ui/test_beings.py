"""`luxos being` and `luxos graph`: the same filter as in Python, names of people, pictures that are XML."""

import asyncio
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4
from xml.etree.ElementTree import fromstring

import pytest
from tests.plugins.command import Command

from luxos.beings.being import BaseBeing
from luxos.beings.relationship import RelationshipBeing
from luxos.persistence.database import Database
from luxos.souls.registry import summon
from luxos.ui.drawing import draw

pytestmark = pytest.mark.slow

SVG = "{http://www.w3.org/2000/svg}"
EVIL = '<script>alert("x")</script> & \x01 \'"]]>'


async def three() -> list[BaseBeing]:
    """Ala knows Ola, Ola knows a being with a name that is no good for XML, and that one uses Ala."""
    made = []
    for number, name in enumerate(("Ala", "Ola", EVIL)):
        being = BaseBeing(
            genesis={"type": "person", "name": name, "owner": "me"},
            attributes={"rate": number * 10},
            tags=["people", f"n{number}"],
            energy_level=number,
        )
        await being.save()
        made.append(being)
    for source, target, tag in ((0, 1, "knows"), (1, 2, "knows"), (2, 0, "uses")):
        await RelationshipBeing(
            source_soul=made[source].soul, target_soul=made[target].soul, tags=[tag], energy_level=5
        ).save()
    return made


async def said(luxos: Command, *arguments: str) -> Any:
    """What a command gives; it runs beside the test's own loop."""
    return await asyncio.to_thread(luxos, *arguments)


@pytest.mark.parametrize(
    ("arguments", "found"),
    [
        (["tag:people"], "012"),
        (["tag:people", "rate", ">", "5"], "12"),
        (["--tag", "people", "--energy", "1..5"], "12"),
        (["--tag", "people", "--where", "rate = 10"], "1"),
        (["--any-tag", "n0", "--any-tag", "n1", "--without-tag", "n1"], "0"),
        (["--kind", "person", "--path", "$.rate ? (@ > 15)"], "2"),
        (["--attributes", '{"rate": 0}', "--owner", "me"], "0"),
        (["--name", "Ola"], "1"),
        (["--text", "ol"], "1"),
        (["kind:person", "--created", "2020-01-01.."], "012"),
        (["kind:person", "--created", "..2020-01-01"], ""),
    ],
)
async def test_beings_are_found_as_in_python(
    quick_luxos: Command, database: Database, arguments: list[str], found: str
) -> None:
    await three()
    listed = await said(quick_luxos, "being", "find", *arguments, "--json")
    assert listed.code == 0, listed
    assert sorted(being["energy_level"] for being in listed.json["beings"]) == [int(digit) for digit in found]


async def test_pages_go_on_from_the_key(quick_luxos: Command, database: Database) -> None:
    made = await three()
    first = (
        await said(quick_luxos, "being", "find", "tag:people", "--order", "-energy", "--limit", "2", "--json")
    ).json
    assert [being["energy_level"] for being in first["beings"]] == [2, 1]
    listed = await said(quick_luxos, "being", "find", "tag:people", "--order", "-energy", "--after", first["next_key"])
    assert str(made[0].soul) in listed.out
    assert "Jest ich więcej" not in listed.out


async def test_a_jsonpath_that_no_index_knows_is_told(quick_luxos: Command, database: Database) -> None:
    await three()
    for path, told in (("$.* > 15", True), ("$.rate > 15", False)):
        listed = await said(quick_luxos, "being", "find", "--path", path)
        assert listed.code == 0, listed
        assert ("Żaden indeks nie zna tego jsonpath" in listed.err) is told
        assert (await said(quick_luxos, "being", "find", "--path", path, "--json")).json["reads_all"] is told


async def test_a_being_is_shown_by_its_uuid_the_beginning_of_it_and_its_name(
    quick_luxos: Command, database: Database
) -> None:
    ala, _ola, evil = await three()
    for who in (str(ala.soul), str(ala.soul)[:8], ala.soul.hex[:20], "Ala"):
        shown = await said(quick_luxos, "being", "show", who, "--json")
        assert (shown.code, shown.json["soul"]) == (0, str(ala.soul)), shown
    assert "Ala" in (await said(quick_luxos, "being", "show", "Ala")).out
    assert "file.write" in (await said(quick_luxos, "being", "find", "kind:function", "--text", "write")).out
    assert (await said(quick_luxos, "being", "show", str(evil.soul))).code == 0


async def test_names_that_fit_none_or_several_are_told(quick_luxos: Command, database: Database) -> None:
    one = UUID(int=(uuid4().int >> 64 << 64) | 1)
    for number in range(2):
        await BaseBeing(soul=UUID(int=one.int + number), genesis={"type": "x", "name": "twin"}).save()
    for who, code in (
        ("nobody", "being_unnamed"),
        ("0" * 7, "being_unnamed"),
        (str(uuid4()), "being_unknown"),
        ("twin", "being_ambiguous"),
        (str(one)[:13], "being_ambiguous"),
        ("'; DROP TABLE base_beings; --", "being_unnamed"),
    ):
        shown = await said(quick_luxos, "being", "show", who, "--json")
        assert (shown.code != 0, shown.json["error"]["code"]) == (True, code), shown
    assert str(one) in (await said(quick_luxos, "being", "show", "twin")).err


@pytest.mark.parametrize(
    "arguments",
    [
        ["being", "find", "colour:red"],
        ["being", "find", "--energy", "much"],
        ["being", "find", "--attributes", "{"],
        ["being", "find", "--path", "$.a ? ("],
        ["being", "find", "--order", "sideways"],
        ["being", "find", "--after", "here"],
        ["being", "find", "kind:a", "--kind", "b"],
        ["graph", "neighbours", "nobody"],
        ["graph", "cycles", "--energy", "x"],
        ["graph", "influence", "--direction", "up"],
    ],
)
async def test_what_has_no_meaning_is_told_in_polish(
    quick_luxos: Command, database: Database, arguments: list[str]
) -> None:
    told = await said(quick_luxos, *arguments)
    assert told.code == 2, told
    assert "Traceback" not in told.err
    assert {"ż", "ę", "ó", "ł", "ą", "ś", "ć"} & set(told.err), told


async def test_the_graph_is_walked_and_looked_at(quick_luxos: Command, database: Database) -> None:
    ala, ola, evil = [str(being.soul) for being in await three()]
    near = (await said(quick_luxos, "graph", "neighbours", "Ala", "--direction", "out", "--json")).json
    assert {being["soul"] for being in near["beings"]} == {ala, ola}
    part = (await said(quick_luxos, "graph", "around", "Ala", "--depth", "2", "--tag", "knows", "--json")).json
    assert {being["soul"]: being["depth"] for being in part["beings"]} == {ala: 0, ola: 1, evil: 2}
    path = (await said(quick_luxos, "graph", "path", "Ala", evil, "--direction", "out", "--json")).json
    assert [path["beings"] for path in path["paths"]] == [[ala, ola, evil]]
    paths = (await said(quick_luxos, "graph", "paths", "Ala", evil, "--json")).json
    assert [len(path["relationships"]) for path in paths["paths"]] == [1, 2]
    cycles = (await said(quick_luxos, "graph", "cycles", "--json")).json
    assert [set(cycle) for cycle in cycles["cycles"]] == [{ala, ola, evil}]
    shares = (await said(quick_luxos, "graph", "influence", "--json")).json["influence"]
    assert sum(one["share"] for one in shares) == pytest.approx(1)
    groups = (await said(quick_luxos, "graph", "communities", "--json")).json["communities"]
    assert sum(group["size"] for group in groups) == 3


async def test_a_tie_to_an_ancestor_is_followed_where_it_is_named_and_told_where_not(
    quick_luxos: Command, database: Database
) -> None:
    for source in ("def function():\n    return 1\n", "def function():\n    return 2\n"):
        living = str((await summon(name="one", source=source)).soul)
    told = (await said(quick_luxos, "graph", "around", living)).out
    assert living in told
    assert "descent (1)" in told
    assert "--tag descent" in told
    part = (await said(quick_luxos, "graph", "around", living, "--tag", "descent", "--json")).json
    assert "descent" not in part["not_followed"]
    assert len(part["beings"]) == 2
    assert "descent" not in (await said(quick_luxos, "graph", "neighbours", str((await three())[0].soul))).out


@pytest.mark.parametrize(
    "words",
    [
        ["neighbours", "Ola"],
        ["around", "Ola"],
        ["path", "Ala", "Ola"],
        ["paths", "Ala", "Ola"],
        ["influence"],
        ["communities"],
        ["cycles"],
    ],
    ids=lambda words: words[0],
)
async def test_every_answer_can_be_drawn(
    quick_luxos: Command, database: Database, tmp_path: Path, words: list[str]
) -> None:
    await three()
    told = await said(quick_luxos, "graph", *words, "--svg", str(tmp_path / "graph.svg"))
    assert told.code == 0, told
    assert "graph.svg" in told.out
    picture = fromstring((tmp_path / "graph.svg").read_text(encoding="utf-8"))  # noqa: S314 - our own
    labels = {text.text for text in picture.iter(f"{SVG}text")}
    assert {"Ala", "Ola"} <= labels
    assert ("grupa, bytów: 3" if words == ["communities"] else "person") in labels
    assert not list(picture.iter(f"{SVG}script"))


async def test_a_picture_that_cannot_be_written_is_told(quick_luxos: Command, database: Database) -> None:
    await three()
    told = await said(quick_luxos, "graph", "influence", "--svg", "/nowhere/graph.svg", "--json")
    assert (told.code, told.json["error"]["code"]) == (5, "ui.file_unfit")


def test_nothing_one_being_and_rings_can_be_drawn() -> None:
    being = {"soul": "a" * 36, "name": EVIL, "kind": None, "energy_level": 0, "deleted": True}
    ring = {"id": "1", "source": being["soul"], "target": being["soul"], "tags": [EVIL], "energy_level": -5}
    for part in (
        {"beings": [], "relationships": []},
        {"beings": [being], "relationships": []},
        {"beings": [being], "relationships": [ring], "cycles": [[being["soul"]]]},
    ):
        picture = draw(part, EVIL)
        assert "\x01" not in picture
        assert "<script" not in picture
        assert fromstring(picture).find(f"{SVG}title") is not None  # noqa: S314 - our own
        assert draw(part, EVIL) == picture


def test_communities_have_colours_of_their_own_and_numbers() -> None:
    beings = [
        {"soul": str(number), "name": f"n{number}", "kind": "note", "energy_level": 0, "deleted": False}
        for number in range(20)
    ]
    groups = [{"size": 4 if at < 2 else 1, "beings": [str(n) for n in _members(at)]} for at in range(14)]
    picture = fromstring(draw({"beings": beings, "relationships": [], "communities": groups}, "x"))  # noqa: S314
    dots = [dot for dot in picture.iter(f"{SVG}circle") if dot.find(f"{SVG}title") is not None]
    colours = {dot.findtext(f"{SVG}title", "").split(" ")[0]: dot.get("fill") for dot in dots}
    for at in range(14):
        assert len({colours[f"n{number}"] for number in _members(at)}) == 1
    assert len({colours[f"n{_members(at)[0]}"] for at in range(7)}) == 7
    assert {colours[f"n{_members(at)[0]}"] for at in range(7, 14)} == {"#d0d0d0"}
    words = [text.text for text in picture.iter(f"{SVG}text")]
    assert words.count("1") == 5  # four beings and the legend
    assert words.count("14") == 1
    assert sum("4" in word for word in words if word and ("grupa" in word or "group" in word)) == 2


def _members(group: int) -> list[int]:
    return list(range(group * 4, group * 4 + 4)) if group < 2 else [6 + group]
