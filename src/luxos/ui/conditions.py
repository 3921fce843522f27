"""What a command and the process in the background must have in common for the one to work through the other.

The process in the background works with its own version, settings and environment. A command with others would get what
it did not ask for, so it works alone then. docs/reference/service.md says it to people.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass

from luxos.config import Settings
from luxos.version import __version__

_TOLD_TO_PIP = ("PIP_", "SSL_", "REQUESTS_", "CURL_")
_PROXY = "_PROXY"


@dataclass(frozen=True)
class WorksAlone:
    """The process in the background was not used; `differs` is what differs there: version or settings."""

    differs: str


def conditions(settings: Settings, environment: Mapping[str, str]) -> dict[str, str]:
    """The version, and a digest of what decides how things are done; how long the database lingers decides nothing."""
    decides = {name: str(value) for name, value in asdict(settings).items() if name != "database_linger"}
    fetching = {name: value for name, value in environment.items() if _is_for_pip(name.upper())}
    told = json.dumps([decides, fetching], sort_keys=True)
    return {"version": __version__, "settings": hashlib.sha256(told.encode()).hexdigest()}


def _is_for_pip(name: str) -> bool:
    return name.startswith(_TOLD_TO_PIP) or name.endswith(_PROXY)
