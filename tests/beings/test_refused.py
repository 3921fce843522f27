"""What the tables cannot hold is refused in a whole sentence and changes nothing; what they can, comes back exactly."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from string import Formatter
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from luxos.beings.being import BaseBeing
from luxos.beings.bulk import save_all
from luxos.beings.errors import REASONS, BeingConflict, BeingDeleted, BeingInvalid, BeingUnknown
from luxos.beings.record import Record
from luxos.beings.relationship import RelationshipBeing
from luxos.beings.removal import restore
from luxos.beings.values import check_value, encoded
from luxos.i18n import speaking
from luxos.persistence.database import Database
from luxos.persistence.json_codec import canonical, decode

MEGA = 2**20
INJECTIONS = [
    "'; DROP TABLE base_beings; --",
    "\"}'::jsonb; DELETE FROM relationships; --",
    "$1",
    "%s {0} {soul}",
    "{a,b}",
    '"quoted"',
    "back\\slash",
    "\\x00",
    "\\u0000",
    "NULL",
    "{}",
    "a,b",
    "\n\t\r",
    "zażółć 🦊",
    "",
    " ",
]


async def rows(database: Database) -> list[Any]:
    return [tuple(row) for row in await database.pool.fetch("SELECT soul, xmin, attributes::TEXT FROM base_beings")]


def nested(depth: int, wrap: Callable[[object], object]) -> object:
    value: object = 1
    for _level in range(depth):
        value = wrap(value)
    return value


def circle(make: Callable[[], Any], put: Callable[[Any, Any], None]) -> object:
    value = make()
    put(value, value)
    return value


def sharing() -> object:
    """Small in memory, endless in writing: each level holds the one below it ten times."""
    return nested(60, lambda inner: [inner] * 10)


BAD: list[tuple[str, Callable[[], object], str, str]] = [
    ("nan", lambda: {"a": float("nan")}, "attributes.a", "not_number"),
    ("infinity", lambda: {"a": [float("-inf")]}, "attributes.a[0]", "not_number"),
    ("nul", lambda: {"a": {"b": "x\0"}}, "attributes.a.b", "nul"),
    ("nul in a key", lambda: {"a\0": 1}, "attributes", "nul"),
    ("surrogate", lambda: {"a": "\udfff"}, "attributes.a", "surrogate"),
    ("surrogate in a key", lambda: {"a": {"\ud800": 1}}, "attributes.a", "surrogate"),
    ("deep lists", lambda: {"a": nested(10_000, lambda inner: [inner])}, "attributes.a", "nested"),
    ("deep objects", lambda: {"a": nested(10_000, lambda inner: {"x": inner})}, "attributes.a", "nested"),
    ("a circle", lambda: {"a": circle(list, lambda one, other: one.append(other))}, "attributes.a", "nested"),
    ("a circle of keys", lambda: circle(dict, lambda one, other: one.update(x=other, y=other)), "attributes", "nested"),
    ("sharing", lambda: {"a": sharing()}, "attributes", "too_big"),
    ("17 MB", lambda: {"a": "x" * 17 * MEGA}, "attributes", "too_big"),
    ("17 MB of letters of two bytes", lambda: {"a": "ż" * 9 * MEGA}, "attributes", "too_big"),
    ("a long number", lambda: {"a": -(10**4000)}, "attributes.a", "number_too_long"),
    ("a set", lambda: {"a": {1}}, "attributes.a", "not_json"),
    ("bytes", lambda: {"a": b"x"}, "attributes.a", "not_json"),
    ("a tuple", lambda: {"a": (1,)}, "attributes.a", "not_json"),
    ("a number as a key", lambda: {"a": {1: 1}}, "attributes.a", "key_not_text"),
    ("a truth as a key", lambda: {True: 1}, "attributes", "key_not_text"),
]


@pytest.mark.parametrize(("made", "named", "reason"), [bad[1:] for bad in BAD], ids=[bad[0] for bad in BAD])
async def test_refused_at_insert_at_change_and_in_memories(
    database: Database, made: Callable[[], object], named: str, reason: str
) -> None:
    kept = BaseBeing(attributes={"a": 1})
    await kept.save()
    before = await rows(database)
    changed = await BaseBeing.load(kept.soul)
    changed.attributes = made()  # type: ignore[assignment]
    remembering = await BaseBeing.load(kept.soul)
    remembering.remember("x", content=made())
    for being in (BaseBeing(attributes=made()), changed, remembering):  # type: ignore[arg-type]
        with pytest.raises(BeingInvalid) as caught:
            await being.save()
        assert caught.value.details["reason"] == reason
        if being is not remembering:
            assert caught.value.details["field"].startswith(named)
    assert await rows(database) == before


@pytest.mark.parametrize("reason", sorted(REASONS))
def test_every_reason_is_a_polish_sentence_and_an_english_one(reason: str) -> None:
    details = {name: 16 for _text, name, _format, _conversion in Formatter().parse(REASONS[reason]) if name}
    error = BeingInvalid(field="attributes.a", reason=reason, **details)
    with speaking("en"):
        english = str(error)
    with speaking("pl"):
        polish = str(error)
    assert english.startswith("The field attributes.a cannot be stored: ")
    assert polish.startswith("Pola attributes.a nie da się zapisać: ")
    assert polish.partition(": ")[2].partition(". ")[0] != english.partition(": ")[2].partition(". ")[0]
    assert "{" not in english + polish


async def test_sizes_are_said_and_all_objects_count_together(database: Database) -> None:
    with pytest.raises(BeingInvalid) as caught:
        await BaseBeing(attributes={"a": "x" * 9 * MEGA}, self_awareness={"b": "x" * 8 * MEGA}).save()
    assert caught.value.details == {"field": "attributes", "reason": "too_big", "size": 18, "limit": 16}


@pytest.mark.parametrize(
    "tags",
    [[f"t{number}" for number in range(1001)], [f"{number:03}" + "x" * 497 for number in range(132)], ["ż" * 500] * 66],
    ids=["too many", "too long together", "letters of two bytes"],
)
async def test_tags_are_counted_together(database: Database, tags: list[str]) -> None:
    kept = BaseBeing(tags=tags[:-1])
    await kept.save()
    before = await rows(database)
    kept.tags = tags
    for being in (BaseBeing(tags=tags), kept):
        with pytest.raises(BeingInvalid) as caught:
            await being.save()
        assert caught.value.details == {"field": "tags", "reason": "tags", "limit": 1000, "size": 64}
    assert await rows(database) == before


async def test_ten_megabytes_are_kept_and_left_alone_by_other_changes(database: Database) -> None:
    big = "zażółć " * (10 * MEGA // 11)
    being = BaseBeing(attributes={"big": big, "n": 1})
    await being.save()
    found = await BaseBeing.load(being.soul)
    assert found.attributes == {"big": big, "n": 1}
    stored = "SELECT pg_column_toast_chunk_id(attributes) FROM base_beings WHERE soul = $1"
    if (await database.pool.fetchval("SHOW server_version_num")) >= "170000":
        before = await database.pool.fetchval(stored, being.soul)
        found.energy_level += 1
        await found.save()
        assert await database.pool.fetchval(stored, being.soul) == before
    found.attributes["n"] = 2
    await found.save()
    assert (await BaseBeing.load(being.soul)).attributes == {"big": big, "n": 2}


@pytest.mark.parametrize("number", [2**53 + 1, -(2**53) - 1, 2**63, 2**64 + 1, 10**100, -(10**3999), 0, -1])
async def test_integers_are_exact(database: Database, number: int) -> None:
    being = BaseBeing(attributes={"n": number})
    await being.save()
    found = await BaseBeing.load(being.soul)
    assert found.attributes["n"] == number
    found.attributes["n"] += 1
    await found.save()
    assert (await BaseBeing.load(being.soul)).attributes["n"] == number + 1


async def test_one_and_one_point_nothing_are_two_values(database: Database) -> None:
    being = BaseBeing(attributes={"n": 1})
    await being.save()
    one, two = await BaseBeing.load(being.soul), await BaseBeing.load(being.soul)
    one.attributes["n"] = 1.0
    await one.save()
    found = await BaseBeing.load(being.soul)
    assert type(found.attributes["n"]) is float
    two.attributes["n"] = 2
    with pytest.raises(BeingConflict):
        await two.save()


@pytest.mark.parametrize("text", INJECTIONS)
async def test_text_is_text_in_every_field(database: Database, text: str) -> None:
    being = BaseBeing(
        tags=[text, "x"],
        genesis={"type": text, text: text, "owner": text, "name": text},
        attributes={text: [text, {text: text}]},
        self_awareness={text: text},
        memories=[{"at": text, "kind": text, text: text}] if text not in {"at", "kind"} else [],
    )
    other = BaseBeing()
    await being.save()
    await other.save()
    tie = RelationshipBeing(
        source_soul=being.soul, target_soul=other.soul, tags=[text], genesis={text: text}, attributes={text: text}
    )
    await tie.save()
    found, found_tie = await BaseBeing.load(being.soul), await RelationshipBeing.load(tie.id)
    assert (found.tags, found.genesis, found.attributes) == (being.tags, being.genesis, being.attributes)
    assert (found.self_awareness, found.memories) == (being.self_awareness, being.memories)
    assert (found_tie.tags, found_tie.genesis, found_tie.attributes) == (tie.tags, tie.genesis, tie.attributes)
    found.attributes[text] = text + "!"
    found.tags.append(text)
    await found.save()
    again = await BaseBeing.load(being.soul)
    assert (again.attributes[text], again.tags) == (text + "!", [text, "x", text])
    assert await database.pool.fetchval("SELECT count(*) FROM relationships") == 1


async def test_what_an_index_cannot_take_is_refused(database: Database) -> None:
    """A relationship that looks like a chapter, but says no number."""
    one, two = BaseBeing(), BaseBeing()
    await one.save()
    await two.save()
    with pytest.raises(BeingInvalid) as caught:
        await RelationshipBeing(
            source_soul=one.soul, target_soul=two.soul, tags=["memory"], attributes={"first": "x"}
        ).save()
    assert caught.value.details["reason"] == "database"
    assert await database.pool.fetchval("SELECT count(*) FROM relationships") == 0


@pytest.mark.parametrize("who", [uuid4(), "no uuid", "'; DROP TABLE base_beings; --", "\0", 7])
async def test_who_is_not_there_is_unknown(database: Database, who: Any) -> None:
    with pytest.raises(BeingUnknown):
        await BaseBeing.load(who)
    assert await BaseBeing.find(who) is None
    with pytest.raises(BeingUnknown):
        await RelationshipBeing.load(who)


FIXED: list[tuple[str, str, Any]] = [
    ("being", "soul", uuid4()),
    ("being", "created_at", datetime(2020, 1, 1)),
    ("being", "created_at", datetime(2020, 1, 1, tzinfo=UTC)),
    ("being", "created_at", None),
    ("tie", "id", uuid4()),
    ("tie", "created_at", datetime(2020, 1, 1)),
    ("tie", "source_soul", uuid4()),
    ("tie", "target_soul", uuid4()),
]


async def _all_rows(database: Database) -> list[Any]:
    beings = await database.pool.fetch("SELECT *, xmin FROM base_beings ORDER BY soul")
    return beings + await database.pool.fetch("SELECT *, xmin FROM relationships ORDER BY id")


@pytest.mark.parametrize(("kind", "field", "value"), FIXED)
@pytest.mark.parametrize("loaded", [True, False])
async def test_what_a_row_is_born_with_stays(
    database: Database, kind: str, field: str, value: Any, loaded: bool
) -> None:
    one, two = BaseBeing(), BaseBeing()
    await save_all([one, two])
    tie = RelationshipBeing(source_soul=one.soul, target_soul=two.soul)
    await tie.save()
    record: Record = one if kind == "being" else tie
    if loaded:
        record = await type(record).load(record.identity)
    rows, was = await _all_rows(database), getattr(record, field)
    setattr(record, field, value)
    for work in (record.save(), save_all([record]), record.update(lambda found: None)):
        with pytest.raises(BeingInvalid, match=str(was)) as caught:
            await work
        assert caught.value.details["field"] == field
    setattr(record, field, was)
    with pytest.raises(BeingInvalid, match=field):
        await record.update(lambda found: setattr(found, field, value))
    assert await _all_rows(database) == rows
    record.energy_level = 5
    await record.save()
    assert (await type(record).load(record.identity)).energy_level == 5


async def test_a_moment_in_another_zone_is_the_same_moment(database: Database) -> None:
    zone = timezone(timedelta(hours=2))
    being = BaseBeing(created_at=datetime(2026, 1, 1, 12, tzinfo=zone))
    await being.save()
    assert being.created_at == datetime(2026, 1, 1, 10)
    being.created_at = datetime(2026, 1, 1, 12, tzinfo=zone)
    being.energy_level = 1
    await being.save()
    assert (await BaseBeing.load(being.soul)).created_at == datetime(2026, 1, 1, 10)
    again = BaseBeing(soul=being.soul, energy_level=1, created_at=datetime(2026, 1, 1, 10))
    await again.save()
    for work in (BaseBeing.save, lambda being: save_all([being])):
        other = BaseBeing(soul=being.soul, energy_level=1, created_at=datetime(2026, 1, 1, 12))
        with pytest.raises(BeingConflict, match="created_at"):
            await work(other)


@pytest.mark.parametrize("moment", [datetime.max.replace(tzinfo=timezone(-timedelta(hours=1))), "today", 7])
async def test_what_is_no_moment_is_refused(database: Database, moment: Any) -> None:
    with pytest.raises(BeingInvalid, match="created_at"):
        await BaseBeing(created_at=moment).save()


async def test_an_end_is_a_uuid(database: Database) -> None:
    for ends in ({"source_soul": "x"}, {"target_soul": None}):
        tie = RelationshipBeing(**{"source_soul": uuid4(), "target_soul": uuid4(), **ends})
        with pytest.raises(BeingInvalid, match=next(iter(ends))):
            await tie.save()


async def test_a_tombstone_says_when(database: Database) -> None:
    being = BaseBeing(tags=["x"])
    await being.save()
    being.tags.append("tombstone")
    being.attributes["deleted"] = {"at": "2026-11-25T03:00:00+00:00", "by": "jan"}
    await being.save()
    with pytest.raises(BeingDeleted, match="2026-11-25T03:00:00") as caught:
        await BaseBeing.load(being.soul)
    assert caught.value.details["soul"] == being.soul
    with pytest.raises(BeingDeleted):
        await BaseBeing.load_many([being.soul])
    assert await BaseBeing.find(being.soul) is None
    found = await BaseBeing.find(being.soul, deleted=True)
    assert found is not None
    assert len(await BaseBeing.load_many([being.soul], deleted=True)) == 1
    found.tags.remove("tombstone")
    with pytest.raises(BeingDeleted):
        await found.save()
    await restore(being.soul)
    assert (await BaseBeing.load(being.soul)).tags == ["x"]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.binary(max_size=2),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text(max_size=4) | st.integers(0, 3), inner, max_size=4)
        | st.tuples(inner)
    ),
    max_leaves=20,
)


def refused(look: Callable[[str, object], object], value: object) -> dict[str, Any] | None:
    try:
        look("value", value)
    except BeingInvalid as error:
        return error.details
    return None


@given(JSON)
def test_the_quick_look_refuses_what_the_thorough_one_refuses(value: object) -> None:
    thorough = refused(check_value, value)
    assert refused(encoded, value) == thorough
    if thorough is None:
        assert canonical(decode(encoded("value", value))) == canonical(value)


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(value=JSON, start=st.booleans())
async def test_whatever_comes_is_kept_whole_or_not_at_all(database: Database, value: object, start: bool) -> None:
    being = BaseBeing(attributes={"a": value} if start else {"a": 0})
    try:
        await being.save()
        being.attributes["a"] = value
        await being.save()
    except BeingInvalid:
        found = await BaseBeing.find(being.soul)
        assert found is None if start else found is not None and found.attributes == {"a": 0}
    else:
        kept = (await BaseBeing.load(being.soul)).attributes["a"]
        assert canonical(kept).replace("-0.0", "0.0") == canonical(value).replace("-0.0", "0.0")
