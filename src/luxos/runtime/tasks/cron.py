"""When something is due: a cron expression in a time zone.

An expression that names its minutes and hours is due once for each time that it names, whatever the clock does: a time
that the clock leaves out is due at the end of the gap, a time that it shows twice is due the first time. An expression
with a star in either of the two follows the clock as it goes. That is how Debian's cron does it, and `cronsim`; on Lord
Howe Island alone, where the clock moves by half an hour, a star may pass over some of that night.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import islice
from zoneinfo import ZoneInfo

from cronsim import CronSim, CronSimError

from luxos.runtime.tasks.errors import CronInvalid, ZoneUnknown

_FIELDS, _LONGEST = 5, 200
_LOOK_BACK = timedelta(hours=1)
_OLDEST = timedelta(days=366 * 60)
MANY = 1000
"""How many missed moments are counted at the most."""


@dataclass(frozen=True)
class Cron:
    """`text` has five fields, minute hour day month weekday; `CronInvalid` or `ZoneUnknown` where it says no times."""

    text: str
    zone: str

    def __post_init__(self) -> None:
        if len(self.text) > _LONGEST or len(self.text.split()) != _FIELDS:
            raise CronInvalid(text=self.text[:_LONGEST])
        if self.after(datetime.now(UTC)) is None:
            raise CronInvalid(text=self.text)

    def after(self, moment: datetime) -> datetime | None:
        """The first moment later than `moment`, in UTC; nothing where the next fifty years have none."""
        return next(self._following(moment), None)

    def latest(self, until: datetime) -> datetime | None:
        """The last moment that is not later than `until`."""
        back = _LOOK_BACK
        while back < _OLDEST:
            found = list(self._between(until - back, until))
            if found:
                return found[-1]
            back *= 2
        return None

    def count(self, since: datetime, until: datetime) -> int:
        """How many moments are later than `since` and not later than `until`; counted up to `MANY`."""
        return sum(1 for _moment in islice(self._between(since, until), MANY))

    def _between(self, since: datetime, until: datetime) -> Iterator[datetime]:
        for moment in self._following(since):
            if moment > until:
                return
            yield moment

    def _following(self, moment: datetime) -> Iterator[datetime]:
        """All moments later than `moment`. Where the clock was put back, `cronsim` may begin with one that is past."""
        newest = moment
        try:
            for found in CronSim(self.text, moment.astimezone(zone_of(self.zone))):
                if (due := found.astimezone(UTC)) > newest:
                    newest = due
                    yield due
        except (CronSimError, ValueError, OverflowError) as error:
            raise CronInvalid(text=self.text) from error


def zone_of(name: str) -> ZoneInfo:
    """A time zone by its name; `ZoneUnknown` where there is none."""
    try:
        return ZoneInfo(name)
    except (ValueError, OSError, KeyError) as error:  # a name may also lead to a folder, or out of the zones
        raise ZoneUnknown(name=name[:_LONGEST]) from error
