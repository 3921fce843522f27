"""What the kernel tells: the types of its bus, and the lines of its log. `at` is a moment of the monotonic clock."""

from typing import NamedTuple


class KernelStarted(NamedTuple):
    at: float
    pid: int
    adopted: int
    """Components that lived on from the kernel before."""


class KernelStopped(NamedTuple):
    at: float
    pid: int


class KernelSafe(NamedTuple):
    """Strict mode, and too many deaths in the zone: no component runs until a mode is given."""

    at: float
    zone: str


class KernelLate(NamedTuple):
    """The kernel itself was held up; nobody is accused of silence for it."""

    at: float
    seconds: float


class KernelReplaced(NamedTuple):
    """The kernel before did not answer, and was killed by its standby."""

    at: float
    pid: int


class ModeChanged(NamedTuple):
    at: float
    mode: str


class Refused(NamedTuple):
    """A manifest, a snapshot or an order was not taken: a code of `sentences.py`, and its fields."""

    at: float
    code: str
    fields: dict[str, object]


class ComponentStarted(NamedTuple):
    at: float
    component: str
    pid: int


class ComponentAdopted(NamedTuple):
    at: float
    component: str
    pid: int


class ComponentReady(NamedTuple):
    at: float
    component: str
    seconds: float


class ComponentDied(NamedTuple):
    at: float
    component: str
    status: int | None
    """What it ended with, negative for a signal; None where nobody can know, or where it could not be begun."""


class ComponentHung(NamedTuple):
    """Nothing was heard of it for longer than its heartbeat."""

    at: float
    component: str
    seconds: float


class ComponentLate(NamedTuple):
    """It did not say in time that it is ready."""

    at: float
    component: str
    seconds: float


class ComponentStopped(NamedTuple):
    at: float
    component: str
    killed: bool
    """Whether it had to be killed, for its time to stop was over."""


class ZoneFailing(NamedTuple):
    """More deaths than the zone's intensity, in its period."""

    at: float
    zone: str
    deaths: int


ALL: tuple[type, ...] = (
    KernelStarted,
    KernelStopped,
    KernelSafe,
    KernelLate,
    KernelReplaced,
    ModeChanged,
    Refused,
    ComponentStarted,
    ComponentAdopted,
    ComponentReady,
    ComponentDied,
    ComponentHung,
    ComponentLate,
    ComponentStopped,
    ZoneFailing,
)
SYNCED: tuple[type, ...] = tuple(topic for topic in ALL if topic not in {ComponentStarted, ComponentReady})
"""Those that must outlive a power cut."""
