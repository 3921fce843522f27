"""`validate`: one flipped bit, anywhere, is found and named."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings, strategies

from luxos.beings.being import BaseBeing
from luxos.config import Settings
from luxos.persistence.database import Database
from luxos.runtime.hermetic.confined import confined
from luxos.souls import environment, promotion
from luxos.souls.archive import INDEX, PRODUCTION, Archive
from luxos.souls.errors import EnvironmentUnknown
from luxos.souls.importing import import_reports
from luxos.souls.registry import Soul
from luxos.souls.reports import catch_up
from luxos.souls.signing import key_file
from luxos.souls.validation import Finding, validate

VAT = "def function(net):\n    return net\n"


async def nothing_runs(who: str, *args: Any, **kwargs: Any) -> Any:
    raise AssertionError("these souls have no examples")


async def found(archive: Archive, name: str | None = None) -> list[Finding]:
    return [finding async for finding in validate(archive, name)]


@pytest.fixture
async def archive(database: Database, settings: Settings) -> Archive:
    """Two versions of one soul, both promoted one after the other, with all files."""
    made = Archive(settings.home)
    settings.home.mkdir(parents=True, exist_ok=True)
    for source in (VAT, VAT + "# more\n"):
        await Soul.register({"type": "function", "source": source, "purpose": "tax", "name": "vat"}, alias="vat")
        await promotion.promote(made, "vat", nothing_runs, confined)
    await catch_up(made)
    assert await found(made) == [] == await found(made, "production")
    return made


async def test_of_no_environment_nothing_is_said(archive: Archive) -> None:
    with pytest.raises(EnvironmentUnknown):
        await found(archive, "staging")


def one_of(pattern: str) -> Callable[[Archive], Path]:
    return lambda archive: sorted(archive.folder.glob(pattern))[0]


FILES: dict[str, tuple[Callable[[Archive], Path], str]] = {
    "report": (one_of("[0-9a-f]*.json"), "report"),
    "summary": (one_of("*.md"), "report"),
    "index": (lambda archive: archive.folder / INDEX, "index"),
    "manifest": (one_of("deployment_manifest_*.json"), "manifest_file"),
    "production": (lambda archive: archive.folder / PRODUCTION, "production_config"),
    "key": (key_file, "key"),
}


@pytest.mark.parametrize("which", FILES)
@given(data=strategies.data())
@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
async def test_a_flipped_bit_of_a_file_is_named(archive: Archive, which: str, data: strategies.DataObject) -> None:
    place, rule = FILES[which]
    file = place(archive)
    whole = file.read_bytes()
    bit = data.draw(strategies.integers(0, len(whole) * 8 - 1))
    broken = bytearray(whole)
    broken[bit // 8] ^= 1 << bit % 8
    file.write_bytes(broken)
    try:
        told = await found(archive)
    finally:
        file.write_bytes(whole)
    assert [(one.rule, Path(one.name).name) for one in told] == [(rule, file.name)]


def flipped(value: Any, choose: Callable[[int], int]) -> Any:
    """The value with one bit of its JSON text another, such that it is still JSON, and another value."""
    text = json.dumps(value, sort_keys=True).encode()
    first = choose(len(text) * 8)
    for step in range(len(text) * 8):
        bit = (first + step) % (len(text) * 8)
        broken = bytearray(text)
        broken[bit // 8] ^= 1 << bit % 8
        try:
            made = json.loads(broken)
            json.dumps(made, ensure_ascii=False).encode()
        except ValueError:
            continue
        if made != value and "\\u0000" not in json.dumps(made):
            return made
    raise AssertionError("no bit can be another")


ROWS = {"soul": {"version", "row", "dependency"}, "manifest": {"manifest", "chain", "environment", "manifest_file"}}


@pytest.mark.parametrize("tag", ROWS)
@given(data=strategies.data())
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
async def test_a_flipped_bit_of_a_row_is_named(
    archive: Archive, database: Database, tag: str, data: strategies.DataObject
) -> None:
    rows = await database.pool.fetch("SELECT soul, genesis FROM base_beings WHERE tags @> $1 ORDER BY soul", [tag])
    row = data.draw(strategies.sampled_from(rows))
    broken = flipped(row["genesis"], lambda bits: data.draw(strategies.integers(0, bits - 1)))
    write = "UPDATE base_beings SET genesis = $2 WHERE soul = $1"
    await database.pool.execute(write, row["soul"], broken)
    try:
        told = await found(archive)
    finally:
        await database.pool.execute(write, row["soul"], row["genesis"])
    assert told
    assert {one.rule for one in told} & ROWS[tag]
    name = row["genesis"]["soul_hash"] if tag == "soul" else row["genesis"]["hash"]
    assert any(name in one.name or str(row["soul"]) in one.name for one in told), [str(one) for one in told]


async def test_an_environment_that_says_something_else_is_named(archive: Archive) -> None:
    row = await BaseBeing.load(environment.row_of("production"))
    row.attributes["souls"] = {"vat": "sha256:" + "0" * 64}
    await row.save()
    assert Finding("environment", "production") in await found(archive)
    assert Finding("environment", "production") in await found(archive, "production")


async def test_a_key_that_others_can_read_is_named(archive: Archive) -> None:
    key_file(archive).chmod(0o644)
    assert await found(archive) == [Finding("key", str(key_file(archive)))]


async def test_what_it_advises_helps(archive: Archive, database: Database) -> None:
    """Files that are damaged or gone, a key that others can read, and a version of which only the report is left."""

    async def advised(words: str) -> None:
        told = [str(one) for one in await found(archive)]
        assert told
        assert all(words in one for one in told), told

    for place, _rule in (FILES["manifest"], FILES["production"]):
        file = place(archive)
        for break_it in (lambda file=file: file.write_bytes(b"x"), file.unlink):
            break_it()
            await advised("`luxos soul report --all`")
            await environment.write_files(archive, again=True)
            assert await found(archive) == []
    key_file(archive).chmod(0o644)
    await advised(f"`chmod 600 {key_file(archive)}`")
    key_file(archive).chmod(0o600)
    made = await Soul.register({"type": "function", "source": "def function():\n    return 1\n", "name": "one"})
    await catch_up(archive)
    await database.pool.execute("DELETE FROM base_beings WHERE soul = $1", made.being)
    await advised(f"`luxos soul import {archive.folder}`")
    assert [one["hash"] for one in (await import_reports(archive.folder)).as_json()["imported"]] == [made.hash]
    assert await found(archive) == []
