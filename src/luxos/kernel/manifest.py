"""Which components there are, in what order they start, and what becomes of them when they end: `kernel.yaml`.

The checked form is kept beside its text: YAML is read only where the text has changed, and where the new one is
refused, the last good one is used.
"""

from typing import Any, NamedTuple

from luxos.kernel.memory.snapshot import SetAside, load, save
from luxos.kernel.sentences import KernelError

LARGEST = 65536
"""Bytes of a manifest."""
_KIND = "manifest-1"


class Component(NamedTuple):
    """One program that the kernel runs. Times are seconds."""

    name: str
    command: list[str]
    restart: str
    """`permanent`, `transient` or `temporary`, as OTP means them."""
    ready: float
    """Within which it has said `READY=1`."""
    heartbeat: float
    """Within which it has said `WATCHDOG=1` again; 0 is never."""
    shutdown: float
    """Between SIGTERM and SIGKILL."""
    environment: dict[str, str]
    spare: bool = False
    """Whether a second process waits, warm, to take its place."""


class Zone(NamedTuple):
    """Components that fall and rise together, as the strategy says."""

    name: str
    strategy: str
    """`one_for_one`, `rest_for_one` or `one_for_all`."""
    intensity: int
    """More deaths than this in `period` seconds are too many."""
    period: float
    components: list[Component]


class Manifest(NamedTuple):
    """What a kernel runs."""

    mode: str
    """`passive`, `active` or `strict`, until an operator says otherwise."""
    standby: bool
    """Whether a second kernel waits to take over."""
    zones: list[Zone]


class Read(NamedTuple):
    """A manifest, and what was wrong on the way to it."""

    manifest: Manifest
    refusals: list[KernelError]


def read_manifest(path: str, kept: str) -> Read:
    """The manifest of the file, or the last good one, which lies in `kept`. Raises `KernelError`, `OSError`."""
    refusals: list[KernelError] = []
    known = _last_good(kept, refusals)
    try:
        text = _text(path)
        if known is None or known["text"] != text:
            known = {"text": text, "checked": _checked(text)}
            save(kept, _KIND, known)
    except KernelError as refusal:
        if known is None:
            raise
        refusals.append(refusal)
    return Read(_built(known["checked"]), refusals)


def _last_good(kept: str, refusals: list[KernelError]) -> dict[str, Any] | None:
    try:
        known = load(kept, _KIND)
    except SetAside as torn:
        refusals.append(torn)
        return None
    return known if isinstance(known, dict) else None


def _text(path: str) -> str:
    try:
        with open(path, "rb") as file:
            data = file.read(LARGEST + 1)
    except FileNotFoundError:
        raise KernelError("manifest.absent", path=path) from None
    if len(data) > LARGEST:
        raise KernelError("manifest.too_large", most=LARGEST)
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        raise KernelError("manifest.syntax", line=data.count(b"\n", 0, error.start) + 1) from None


def _checked(text: str) -> dict[str, Any]:
    from luxos.kernel.checking import check

    return check(text)


def _built(checked: dict[str, Any]) -> Manifest:
    zones = [
        Zone(**{**zone, "components": [Component(**component) for component in zone["components"]]})
        for zone in checked["zones"]
    ]
    return Manifest(checked["mode"], checked["standby"], zones)
