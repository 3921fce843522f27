"""When something is due, over the change of the clock in both directions."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from luxos.runtime.tasks.cron import MANY, Cron
from luxos.runtime.tasks.errors import CronInvalid, ZoneUnknown

WARSAW = "Europe/Warsaw"
MINUTE = timedelta(minutes=1)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


def due(text: str, zone: str, after: str, count: int) -> list[str]:
    """The next moments as the clock on the wall shows them, with its distance from UTC."""
    cron, moment, found = Cron(text, zone), at(after), []
    for _ in range(count):
        following = cron.after(moment)
        assert following is not None
        moment = following
        found.append(moment.astimezone(ZoneInfo(zone)).isoformat(timespec="minutes"))
    return found


SPRING, AUTUMN = "2026-03-28T12:00+01:00", "2026-10-24T12:00+02:00"


@pytest.mark.parametrize(
    ("text", "after", "moments"),
    [
        # The clock goes from 02:00 to 03:00 on the 29th of March.
        ("0 8 * * *", SPRING, ["2026-03-29T08:00+02:00", "2026-03-30T08:00+02:00"]),
        ("30 2 * * *", SPRING, ["2026-03-29T03:00+02:00", "2026-03-30T02:30+02:00"]),
        ("0,30 2 * * *", SPRING, ["2026-03-29T03:00+02:00", "2026-03-30T02:00+02:00", "2026-03-30T02:30+02:00"]),
        ("0 2,3 * * *", SPRING, ["2026-03-29T03:00+02:00", "2026-03-30T02:00+02:00", "2026-03-30T03:00+02:00"]),
        ("59 1 * * *", SPRING, ["2026-03-29T01:59+01:00", "2026-03-30T01:59+02:00"]),
        ("30 * * * *", "2026-03-29T00:45+01:00", ["2026-03-29T01:30+01:00", "2026-03-29T03:30+02:00"]),
        ("*/30 2 * * *", SPRING, ["2026-03-30T02:00+02:00", "2026-03-30T02:30+02:00"]),
        # It goes from 03:00 back to 02:00 on the 25th of October.
        ("0 8 * * *", AUTUMN, ["2026-10-25T08:00+01:00", "2026-10-26T08:00+01:00"]),
        ("30 2 * * *", AUTUMN, ["2026-10-25T02:30+02:00", "2026-10-26T02:30+01:00"]),
        ("30 2 * * *", "2026-10-25T02:30+02:00", ["2026-10-26T02:30+01:00"]),
        ("30 2 * * *", "2026-10-25T02:10+01:00", ["2026-10-26T02:30+01:00"]),  # the second time 02:10 comes
        ("0 3 * * *", AUTUMN, ["2026-10-25T03:00+01:00", "2026-10-26T03:00+01:00"]),
        (
            "30 * * * *",
            "2026-10-25T01:45+02:00",
            ["2026-10-25T02:30+02:00", "2026-10-25T02:30+01:00", "2026-10-25T03:30+01:00"],
        ),
        ("0 0 29 2 *", SPRING, ["2028-02-29T00:00+01:00"]),
        ("0 9 * * MON-FRI", "2026-11-27T10:00+01:00", ["2026-11-30T09:00+01:00", "2026-12-01T09:00+01:00"]),
        ("0 9 1 * MON", "2026-11-27T10:00+01:00", ["2026-11-30T09:00+01:00", "2026-12-01T09:00+01:00"]),
    ],
)
def test_in_warsaw(text: str, after: str, moments: list[str]) -> None:
    assert due(text, WARSAW, after, len(moments)) == moments


@pytest.mark.parametrize(
    "text",
    [
        *("", "* * * *", "* * * * * *", "60 * * * *", "0 24 * * *", "0 0 30 2 *", "@daily", "a b c d e"),
        *("0 0 * * *#1", "*/0 * * * *", "5-1 * * * *", "9" * 5000 + " * * * *", "² * * * *", "0 0 */20 * 1L"),
    ],
)
def test_what_says_no_times_is_refused(text: str) -> None:
    with pytest.raises(CronInvalid):
        Cron(text, WARSAW)


@given(st.lists(st.text("0123456789*/-,#LW ²", max_size=6), min_size=4, max_size=6).map(" ".join))
def test_any_text_is_times_or_refused(text: str) -> None:
    try:
        cron = Cron(text, "UTC")
    except CronInvalid:
        return
    assert cron.after(at("2026-01-01T00:00+00:00")) is not None


@pytest.mark.parametrize("zone", ["", "Mars/Base", "../../etc/passwd", "/etc/passwd", "Europe", "\0", "x" * 5000])
def test_what_is_no_zone_is_refused(zone: str) -> None:
    with pytest.raises(ZoneUnknown):
        Cron("0 8 * * *", zone)


def test_what_was_missed() -> None:
    daily = Cron("0 8 * * *", WARSAW)
    since, until = at("2026-10-23T06:00+00:00"), at("2026-10-27T12:00+00:00")
    assert daily.count(since, until) == 4
    assert daily.latest(until) == at("2026-10-27T07:00+00:00")
    assert daily.latest(at("2026-10-27T07:00+00:00")) == at("2026-10-27T07:00+00:00")
    assert Cron("* * * * *", WARSAW).count(at("2020-01-01T00:00+00:00"), until) == MANY
    assert Cron("0 0 29 2 *", "UTC").latest(until) == at("2024-02-29T00:00+00:00")


# Against a plain search through all minutes.

FIELD = {
    "minute": st.sampled_from(["*", "*/15", "0", "30", "0,45", "7-9"]),
    "hour": st.sampled_from(["*", "*/2", "0", "1", "2", "2,3", "1-3", "23"]),
}
LORD_HOWE = "Australia/Lord_Howe"
"""The one place whose clock moves by half an hour; there `cronsim` passes over some of what a star means that night."""
ZONES = st.sampled_from(
    [WARSAW, "America/New_York", LORD_HOWE, "America/St_Johns", "Africa/Cairo", "UTC", "Asia/Kolkata"]
)


def members(field: str, most: int) -> set[int]:
    found: set[int] = set()
    for part in field.split(","):
        span, _slash, step = part.partition("/")
        first, _dash, last = ("0", "-", str(most)) if span == "*" else span.partition("-")
        found |= set(range(int(first), int(last or first) + 1, int(step or 1)))
    return found


def searched(minute: str, hour: str, zone: str, after: datetime, until: datetime) -> Iterator[datetime]:
    minutes, hours, place = members(minute, 59), members(hour, 23), ZoneInfo(zone)
    if "*" in (minute[0], hour[0]):
        moment = after.replace(second=0, microsecond=0) + MINUTE
        while moment <= until:
            wall = moment.astimezone(place)
            if wall.minute in minutes and wall.hour in hours:
                yield moment
            moment += MINUTE
        return
    wall, found = after.astimezone(place).replace(tzinfo=None) - timedelta(hours=3), set()
    while wall.replace(tzinfo=place).astimezone(UTC) <= until + timedelta(hours=3):
        wall += MINUTE
        if wall.minute in minutes and wall.hour in hours:
            found.add(exists(wall, place))
    yield from (moment for moment in sorted(found) if after < moment <= until)


def exists(wall: datetime, place: ZoneInfo) -> datetime:
    """The first moment at which the clock shows this, or, where it leaves that out, what follows the gap."""
    while wall.replace(tzinfo=place).astimezone(UTC).astimezone(place).replace(tzinfo=None) != wall:
        wall += MINUTE
    return wall.replace(tzinfo=place).astimezone(UTC)


CHANGES = ["2026-03-29T01:00", "2026-10-25T01:00", "2026-03-08T07:00", "2026-11-01T06:00", "2026-04-04T15:00"]
CHANGES += ["2026-10-03T15:30", "2026-04-23T22:00", "2026-10-29T21:00", "2026-07-01T12:00"]


@given(FIELD["minute"], FIELD["hour"], ZONES, st.sampled_from(CHANGES), st.integers(0, 1800))
def test_it_is_what_a_search_through_all_minutes_finds(
    minute: str, hour: str, zone: str, change: str, before: int
) -> None:
    after = at(change + "+00:00") - timedelta(minutes=before)
    until = after + timedelta(hours=26)
    assume(not (zone == LORD_HOWE and "*" in (minute[0], hour[0])))
    expected = list(searched(minute, hour, zone, after.replace(second=0), until))
    cron, found, moment = Cron(f"{minute} {hour} * * *", zone), [], after
    while (following := cron.after(moment)) is not None and following <= until:
        found.append(following)
        moment = following
    assert found == expected
    assert list(islice(cron._following(after), len(found))) == found
