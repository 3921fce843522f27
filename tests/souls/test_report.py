"""Reports: the seed's sections and names, the same bytes again, and written after a crash too."""

import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, strategies

from luxos.config import Settings
from luxos.persistence.database import Database
from luxos.souls.archive import INDEX, Archive
from luxos.souls.errors import ArchiveUnfit, IndexDamaged
from luxos.souls.registry import Soul, summon
from luxos.souls.report import SECTIONS, analysis, report_of, ulid
from luxos.souls.reports import catch_up, read_index, write_again

VAT = "import re\n\ndef function(net: int, rate=23) -> int:\n    return len(re.sub('a', 'b', str(net))) if net else 0\n"
CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def read(archive: Archive, pattern: str) -> dict[str, Any]:
    (file,) = archive.folder.glob(pattern)
    found: dict[str, Any] = json.loads(file.read_bytes())
    return found


@given(
    strategies.datetimes(datetime(1971, 1, 1), datetime(2200, 1, 1), timezones=strategies.just(UTC)),
    strategies.binary(min_size=32, max_size=32),
)
def test_a_ulid_holds_the_moment_and_the_hash(at: datetime, digest: bytes) -> None:
    made = ulid(at, f"sha256:{digest.hex()}")
    assert re.fullmatch(r"[0-7][0-9A-HJKMNP-TV-Z]{25}", made)
    number = 0
    for letter in made:
        number = number * 32 + CROCKFORD.index(letter)
    assert number & (2**80 - 1) == int.from_bytes(digest[:10], "big")
    assert abs(datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=number >> 80) - at) < timedelta(milliseconds=2)


async def test_a_report_has_the_sections_of_the_seed(database: Database, settings: Settings) -> None:
    archive = Archive(settings.home)
    settings.home.mkdir(parents=True)
    await summon(name="vat", source=VAT, purpose="tax")
    await summon(name="vat", source=VAT + "# 2\n")
    first, second = await catch_up(archive)
    report = read(archive, f"{second.removeprefix('sha256:')}_*.json")
    assert set(report) == set(SECTIONS)
    info = report["soul_info"]
    assert set(info) == {"soul_hash", "alias", "global_ulid", "version", "parent_hash", "created_at"}
    assert (info["soul_hash"], info["alias"], info["version"], info["parent_hash"]) == (second, "vat", 2, first)
    assert set(report["genotype"]) == {"genesis", "attributes", "functions", "capabilities", "dependencies"}
    assert report["genotype"]["genesis"]["source"] == VAT + "# 2\n"
    (function,) = report["analysis"]["functions"]
    assert (function["line"], function["calls"], function["complexity"]) == (3, ["len", "re.sub", "str"], 2)
    assert report["analysis"]["imports"] == ["re"]
    moment = datetime.fromisoformat(info["created_at"]).strftime("%Y%m%d_%H%M%S")
    assert (archive.folder / f"{second.removeprefix('sha256:')}_{moment}.md").read_text().startswith("# vat\n")
    assert set(read_index(archive)) == {first, second}


async def test_what_a_crash_cut_off_is_written_by_the_next(database: Database, settings: Settings) -> None:
    archive = Archive(settings.home)
    settings.home.mkdir(parents=True)
    soul = await Soul.register({"type": "text", "source": "a"}, alias="a")  # and its process is killed here
    other = await Soul.register({"type": "text", "source": "b"}, alias="b")
    assert await catch_up(archive) == [soul.hash, other.hash]
    assert await catch_up(archive) == [] == await catch_up(archive, everything=True)


async def test_a_report_is_written_again_with_the_same_bytes(database: Database, settings: Settings) -> None:
    archive = Archive(settings.home)
    settings.home.mkdir(parents=True)
    soul = await Soul.register({"type": "text", "source": "a", "limits": {"x": -0.0, "y": 1.0}}, alias="a")
    await catch_up(archive)
    before = {file.name: file.read_bytes() for file in archive.folder.iterdir()}
    for name in await write_again(archive, soul):
        (archive.folder / name).unlink()
    await write_again(archive, soul)
    assert {file.name: file.read_bytes() for file in archive.folder.iterdir()} == before


async def test_a_damaged_index_is_set_aside_and_told_by_the_rows(database: Database, settings: Settings) -> None:
    archive = Archive(settings.home)
    settings.home.mkdir(parents=True)
    soul = await Soul.register({"type": "text", "source": "a"}, alias="a")
    await catch_up(archive)
    whole = (archive.folder / INDEX).read_bytes()
    (archive.folder / INDEX).write_bytes(whole.replace(b"souls", b"soulz"))
    with pytest.raises(IndexDamaged):
        read_index(archive)
    assert await catch_up(archive) == [soul.hash]
    assert (archive.folder / INDEX).read_bytes() == whole
    assert (archive.folder / f"{INDEX}.damaged").exists()


async def test_a_folder_that_cannot_be_written_is_told(database: Database, settings: Settings, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    await Soul.register({"type": "text", "source": "a"}, alias="a")
    with pytest.raises(ArchiveUnfit):
        await catch_up(Archive(tmp_path / "file"))


@given(strategies.text())
def test_any_text_is_analysed(source: str) -> None:
    assert analysis({"type": "function", "source": source})["lines"] == len(source.splitlines())


async def test_a_soul_without_an_alias_has_a_report(database: Database) -> None:
    soul = await Soul.register({"type": "text", "source": "a"})
    info = (await report_of(soul))["soul_info"]
    assert (info["alias"], info["version"], info["parent_hash"]) == (None, None, None)
