"""A run as OpenTelemetry's OTLP in JSON, one trace: the run is its root span, and each step is a span.

Ids follow from those of the run and of its steps, so the same run is always the same trace. Arguments and results are
left out: traces go to places where those do not belong.
"""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from luxos.runtime.steps import step_id
from luxos.version import __version__

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_INTERNAL = 1
_UNSET, _OK, _ERROR = 0, 1, 2
_CODES = {"done": _OK, "failed": _ERROR}


def otlp(run: Mapping[str, Any]) -> dict[str, Any]:
    """The trace of a run with its steps, as `luxos run show --json` gives it.

    An attempt that has not ended ends where it began: a span must have an end.
    """
    soul = UUID(run["run"])
    ids = {None: _span_id(soul)} | {step["step"]: _span_id(step_id(soul, step["step"])) for step in run["steps"]}
    spans = [_root(run, soul), *(_span(soul, step, ids) for step in run["steps"])]
    scope = {"scope": {"name": "luxos", "version": __version__}, "spans": spans}
    resource = {"attributes": _attributes({"service.name": "luxos", "service.version": __version__})}
    return {"resourceSpans": [{"resource": resource, "scopeSpans": [scope]}]}


def _root(run: Mapping[str, Any], soul: UUID) -> dict[str, Any]:
    ended = [step["finished_at"] for step in run["steps"] if step.get("finished_at")]
    return {
        "traceId": soul.hex,
        "spanId": _span_id(soul),
        "name": run["goal"] or "run",
        "kind": _INTERNAL,
        "startTimeUnixNano": _nanoseconds(run["created_at"]),
        "endTimeUnixNano": _nanoseconds(max([run["created_at"], *ended], key=datetime.fromisoformat)),
        "attributes": _attributes({"luxos.run": run["run"], "luxos.status": run["status"]}),
        "status": {"code": _CODES.get(run["status"], _UNSET)},
    }


def _span(soul: UUID, step: Mapping[str, Any], ids: Mapping[str | None, str]) -> dict[str, Any]:
    error = step.get("error", {})
    told = {
        "luxos.step": step["step"],
        "luxos.call": step["call"],
        "luxos.verb": step["verb"],
        "luxos.status": step["status"],
        "luxos.attempts": step["attempts"],
        **({"error.type": error["code"]} if error else {}),
    }
    return {
        "traceId": soul.hex,
        "spanId": ids[step["step"]],
        "parentSpanId": ids.get(step["parent"], ids[None]),
        "name": step["call"],
        "kind": _INTERNAL,
        "startTimeUnixNano": _nanoseconds(step["started_at"]),
        "endTimeUnixNano": _nanoseconds(step.get("finished_at") or step["started_at"]),
        "attributes": _attributes(told),
        "status": {"code": _CODES.get(step["status"], _UNSET), **({"message": error["message"]} if error else {})},
    }


def _span_id(identity: UUID) -> str:
    """The last eight bytes, of which two bits are not by chance, and never all zero."""
    return identity.hex[16:]


def _nanoseconds(moment: str) -> str:
    """As OTLP writes 64 bits in JSON: as text."""
    return str((datetime.fromisoformat(moment) - _EPOCH) // timedelta(microseconds=1) * 1000)


def _attributes(told: Mapping[str, str | int]) -> list[dict[str, Any]]:
    return [
        {"key": key, "value": {"intValue": str(value)} if isinstance(value, int) else {"stringValue": value}}
        for key, value in told.items()
    ]
