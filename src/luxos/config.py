"""The settings of LuxOS: each has a name, a default and a sentence; all come from the environment, read once.

`Settings.from_environment(os.environ)` gives them; nothing else in LuxOS reads the environment for a setting.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

LOCAL = "local"


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
    """`LUXOS_DATABASE_LINGER`: seconds for which the embedded database outlives its last user. Default 120."""
    keep_runs: float = 365.0
    """`LUXOS_KEEP_RUNS`: days for which runs (with journals) and tasks that ended stay; 0 is for ever. Default 365."""
    keep_undo: float = 90.0
    """`LUXOS_KEEP_UNDO`: days for which changes of files can be taken back; 0 is as long as their run. Default 90."""
    keep_reports: float = 365.0
    """`LUXOS_KEEP_REPORTS`: days for which reports on versions that nobody uses stay; 0 is for ever. Default 365."""
    keep_conversations: float = 365.0
    """`LUXOS_KEEP_CONVERSATIONS`: days for which what was said and answered is kept; 0 is for ever. Default 365."""
    keep_messages: float = 90.0
    """`LUXOS_KEEP_MESSAGES`: days for which messages that were read are kept; 0 is for ever. Default 90."""
    keep_tombstones: float = 0.0
    """`LUXOS_KEEP_TOMBSTONES`: days for which beings that were deleted can come back; 0 is for ever. Default 0."""
    keep_memories: float = 0.0
    """`LUXOS_KEEP_MEMORIES`: days for which memories are kept, but for the newest 1000; 0 is for ever. Default 0."""
    cache_size: float = 20.0
    """`LUXOS_CACHE_SIZE`: GB that packages and environments take at most after `luxos db clean`. Default 20."""

    queue_depth: int = 100_000
    """`LUXOS_QUEUE_DEPTH`: how many tasks of one owner may wait in one queue. Default 100000."""
    task_lease: float = 30.0
    """`LUXOS_TASK_LEASE`: seconds after which a worker that is not heard of loses its tasks to others. Default 30."""

    cluster: str = LOCAL
    """`LUXOS_CLUSTER`: who works the queue `cpu`: `local`, or a Ray cluster, `ray://HOST:PORT`. Default `local`."""

    otel: bool = False
    """`LUXOS_OTEL`: 1 makes each call an OpenTelemetry span, sent as `OTEL_EXPORTER_OTLP_ENDPOINT` says. Default 0."""

    model: str | None = None
    """`LUXOS_MODEL`: a language model that proposes sources, by its name; needs the extra `model`. Default: none."""
    model_url: str = "http://localhost:11434/v1"
    """`LUXOS_MODEL_URL`: where it is asked, as OpenAI's API is. Default: Ollama here, `http://localhost:11434/v1`."""
    model_key: str | None = field(default=None, repr=False)
    """`LUXOS_MODEL_KEY`: the key that is sent with each question, where one is needed. Default: none."""

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> "Settings":
        """Reads the settings; `ValueError` names the variable whose value does not fit."""
        person = Path(environment.get("HOME") or "~").expanduser()
        data = Path(environment.get("XDG_DATA_HOME") or person / ".local" / "share")
        cache = Path(environment.get("XDG_CACHE_HOME") or person / ".cache")
        return cls(
            home=Path(environment.get("LUXOS_HOME") or data / "luxos").absolute(),
            cache=Path(environment.get("LUXOS_CACHE") or cache / "luxos").absolute(),
            projects=Path(environment.get("LUXOS_PROJECTS") or person / "luxos-projects").absolute(),
            dsn=environment.get("LUXOS_DSN") or None,
            database_linger=_number(environment, "LUXOS_DATABASE_LINGER", 120.0, least=-math.inf),
            keep_runs=_number(environment, "LUXOS_KEEP_RUNS", cls.keep_runs),
            keep_undo=_number(environment, "LUXOS_KEEP_UNDO", cls.keep_undo),
            keep_reports=_number(environment, "LUXOS_KEEP_REPORTS", cls.keep_reports),
            keep_conversations=_number(environment, "LUXOS_KEEP_CONVERSATIONS", cls.keep_conversations),
            keep_messages=_number(environment, "LUXOS_KEEP_MESSAGES", cls.keep_messages),
            keep_tombstones=_number(environment, "LUXOS_KEEP_TOMBSTONES", cls.keep_tombstones),
            keep_memories=_number(environment, "LUXOS_KEEP_MEMORIES", cls.keep_memories),
            cache_size=_number(environment, "LUXOS_CACHE_SIZE", cls.cache_size),
            queue_depth=int(_number(environment, "LUXOS_QUEUE_DEPTH", cls.queue_depth, least=1)),
            task_lease=_number(environment, "LUXOS_TASK_LEASE", cls.task_lease, least=1),
            cluster=_cluster(environment, "LUXOS_CLUSTER"),
            model=environment.get("LUXOS_MODEL") or None,
            model_url=environment.get("LUXOS_MODEL_URL") or cls.model_url,
            model_key=environment.get("LUXOS_MODEL_KEY") or None,
            otel=bool(_number(environment, "LUXOS_OTEL", cls.otel)),
        )


def _cluster(environment: Mapping[str, str], name: str) -> str:
    """`local`, or the address of a cluster with its port."""
    said = environment.get(name) or LOCAL
    if said != LOCAL and not _is_address(said):
        raise ValueError(name, said)
    return said


def _is_address(said: str) -> bool:
    try:
        told = urlsplit(said)
        return (
            told.scheme == "ray" and bool(told.hostname and told.port) and said == f"ray://{told.netloc.split('@')[-1]}"
        )
    except ValueError:
        return False


def _number(environment: Mapping[str, str], name: str, default: float, least: float = 0.0) -> float:
    """A setting that is a number, not below `least`."""
    said = environment.get(name)
    if not said:
        return default
    try:
        value = float(said)
    except ValueError:
        raise ValueError(name, said) from None
    if not (math.isfinite(value) and value >= least):
        raise ValueError(name, said)
    return value
