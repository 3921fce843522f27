"""The settings of LuxOS: each has a name, a default and a sentence; all come from the environment, read once.

`Settings.from_environment(os.environ)` gives them; nothing else in LuxOS reads the environment for a setting.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Settings:
    """The values that one LuxOS process works with; never changed after they were read."""

    home: Path
    """`LUXOS_HOME`: the data folder (database, journals, undo data). Default `~/.local/share/luxos`."""
    cache: Path
    """`LUXOS_CACHE`: what can be fetched or built again (packages, environments). Default `~/.cache/luxos`."""
    projects: Path
    """`LUXOS_PROJECTS`: where new projects are put. Default `~/luxos-projects`."""
    dsn: str | None
    """`LUXOS_DSN`: a PostgreSQL 15 or newer with pgvector to use in place of the embedded one. Default: none."""
    database_linger: float
    """`LUXOS_DATABASE_LINGER`: seconds for which the embedded database outlives its last user. Default 10."""

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> "Settings":
        """Reads the settings; `ValueError` names the variable whose value does not fit."""
        person = Path(environment.get("HOME") or "~").expanduser()
        data = Path(environment.get("XDG_DATA_HOME") or person / ".local" / "share")
        cache = Path(environment.get("XDG_CACHE_HOME") or person / ".cache")
        linger = environment.get("LUXOS_DATABASE_LINGER") or "10"
        try:
            seconds = float(linger)
        except ValueError:
            raise ValueError("LUXOS_DATABASE_LINGER", linger) from None
        return cls(
            home=Path(environment.get("LUXOS_HOME") or data / "luxos").absolute(),
            cache=Path(environment.get("LUXOS_CACHE") or cache / "luxos").absolute(),
            projects=Path(environment.get("LUXOS_PROJECTS") or person / "luxos-projects").absolute(),
            dsn=environment.get("LUXOS_DSN") or None,
            database_linger=seconds,
        )
