"""Sources that somebody wrote to break things: kept to the byte wherever they go, or refused in a sentence."""

import random
from pathlib import Path
from typing import Any

import pytest
from tests.integrity.test_hostile import ask
from tests.plugins.sampling import WHOLE

import luxos
from luxos.boot import system
from luxos.config import Settings
from luxos.errors import LuxError
from luxos.persistence.database import Database
from luxos.session import Lux
from luxos.souls.archive import Archive
from luxos.souls.errors import SoulError
from luxos.souls.exporting import export
from luxos.souls.importing import import_reports
from luxos.souls.registry import Soul, at
from luxos.souls.reports import catch_up
from luxos.souls.validation import validate

ONE = "def function():\n    return 1\n"
KEPT = {
    "lists": "def function():\n    return " + "[" * 90 + "]" * 90 + "\n",
    "blocks": "def function():\n" + "".join("    " * (i + 1) + "if 1:\n" for i in range(95)) + "    " * 97 + "pass\n",
    "long_line": "def function():\n    x = 1" + "; x = 1" * 5_000 + "\n    return x\n",
    "crlf": "def function():\r\n    return 1\r\n",
    "cr": "def function():\r    return 1\r",
    "mixed": "def function():\r\n    x = 1\n\r\n    return x",
    "formfeed": "def function():\n\x0c    return 1\n",
    "separators": "def function():\n    return '\u2028\u2029\x85\x1c'\n",
    "utf7": "# -*- coding: utf-7 -*-\n" + ONE,
    "latin": "# coding: latin-1\ndef function():\n    return 'ą'\n",
    "homoglyph": "def functiοn():\n    return 1\n",
    "compatible": "def ｆunction():\n    return 1\n",
    "bidi": "def function():\n    return '\u202e\u2066'\n",
    "astral": "def function():\n    return '\U0001f9ff\U0010ffff\x7f\x01'\n",
    "formats": "def function(x):\n    return " + "f'{x!r:{x}}'" + " + f'{x}'" * 300 + "\n",
    "defaults": "def function(a=" + "(lambda: " * 60 + "1" + ")" * 60 + "):\n    return a\n",
    "arguments": "def function(" + ",".join(f"a{i}" for i in range(2000)) + "):\n    return 1\n",
    "dunders": "def function():\n    return ().__class__.__bases__[0].__subclasses__()\n",
    "computed": "async def function(x):\n    return await execution('a' + x)\n",
    "itself": "async def function():\n    return await execution('itself')\n",
    "shadowed": "execution = 1\n" + ONE,
    "twice": ONE + ONE.replace("1", "2"),
    "cases": "def function(x):\n    match x:\n" + "".join(f"        case {i}: return {i}\n" for i in range(1000)),
    "walrus": "def function():\n    return [" + "[y := " * 60 + "1" + "]" * 60 + " for x in ()]\n",
    "types": "def function(x: " + "list[" * 90 + "int" + "]" * 90 + ") -> int:\n    return 1\n",
    "fences": "def function():\n    return '''\n" + "`" * 3000 + "\n'''\n",
    "markup": "def function():\n    '''# <script>alert(1)</script> | \x1b[31m | ](javascript:x) \n'''\n    return 1\n",
    "sql": 'def function():\n    return "\'; DROP TABLE base_beings; --"\n',
    "star": "from os import *\n" + ONE,
    "relative": "from ..... import x\n" + ONE,
    "generator": "async def function():\n    yield 1\n",
    "no_newline": "def function(): return 1",
}
REFUSED = {
    "parentheses": "def function():\n    return " + "(" * 5000 + "1" + ")" * 5000 + "\n",
    "minuses": "def function():\n    return " + "-" * 20000 + "1\n",
    "sums": "def function():\n    return " + "+".join(["1"] * 20000) + "\n",
    "dots": "def function(a):\n    return a" + ".b" * 20000 + "\n",
    "calls": "def function(a):\n    return a" + "()" * 5000 + "\n",
    "branches": "def function(x):\n    if x: return 0\n" + "    elif x: return 1\n" * 3000,
    "digits": "def function():\n    return " + "9" * 5000 + "\n",
    "huge": "def function():\n    return '" + "x" * 5_000_000 + "'\n",
    "lines": "def function():\n" + "    x = 1\n" * 100_000 + "    return x\n",
    "nul": "def function():\n    return '\0'\n",
    "surrogate": "def function():\n    return '\ud800'\n",
    "mark": "\ufeff" + ONE,
    "tabs": "def function():\n\tif 1:\n        return 1\n",
    "decorators": "@" + ".".join(["a"] * 2000) + "\n" + ONE,
    "empty": "",
    "comment": "# nothing\n",
    "semicolons": ";;\n",
    "backslash": ONE + "\\",
}


SOME = KEPT if WHOLE else dict(random.sample(sorted(KEPT.items()), 8)) | {"crlf": KEPT["crlf"]}


@pytest.fixture
async def lux(settings_with_database: Settings, database: Database) -> Any:
    async with luxos.open(home=settings_with_database.home, dsn=settings_with_database.dsn) as opened:
        yield opened


async def test_nasty_sources_are_kept_to_the_byte(
    lux: Lux, settings_with_database: Settings, database: Database, tmp_path: Path
) -> None:
    """Made, evolved, mutated, shown, told apart, reported, exported; and the same again in an empty database."""
    hashes = {name: await whole_way(lux, name, source, tmp_path) for name, source in SOME.items()}
    archive = Archive(lux.settings.home)
    await catch_up(archive)
    assert [finding async for finding in validate(archive)] == []
    await database.pool.execute("DELETE FROM base_beings WHERE tags && '{soul,alias}'")
    for name in SOME:
        taken = await import_reports(tmp_path / name)
        assert (taken.refused, len(taken.imported)) == ([], 1), name
    for name, source in SOME.items():
        assert (await at(hashes[name]))["source"] == source


async def whole_way(lux: Lux, name: str, source: str, folder: Path) -> str:
    await lux.summon(name=name, source=source)
    first = await Soul.of(name)
    assert (await at(first.hash))["source"] == source, name
    if source.endswith("\n"):
        grown = await lux.souls.evolve(name, {"source": f"{source}# more\n"})
        assert (await at(grown.hash))["source"] == f"{source}# more\n"
    await lux.souls.evolve(name, {"source": "def function():\n    return 0\n"})
    assert (await export(first.hash, folder / name)) == [first.hash]
    return first.hash


async def test_commands_show_them(lux: Lux, settings_with_database: Settings) -> None:
    for name, source in SOME.items():
        await lux.summon(name=name, source=source)
    settings = settings_with_database
    async with system(settings) as opened:
        for name, source in SOME.items():
            assert (await ask(opened, "soul_at", {"who": name}))["genotype"]["source"] == source
            assert (await ask(opened, "soul_show", {"who": name}))["soul_info"]["alias"] == name
            assert (await ask(opened, "soul_diff", {"one": name, "other": "crlf"}))["to"]


async def test_others_are_refused_and_leave_nothing(lux: Lux, database: Database) -> None:
    count = "SELECT count(*) FROM base_beings"
    before = await database.pool.fetchval(count)
    for name, source in REFUSED.items():
        with pytest.raises(LuxError) as caught:
            await lux.summon(name=name, source=source)
        assert len(str(caught.value)) < 600, name
        with pytest.raises(SoulError):
            await Soul.of(name)
    assert await database.pool.fetchval(count) == before
