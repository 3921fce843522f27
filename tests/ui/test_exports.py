"""A run as a picture and as a trace: read again by those who read such files."""

import base64
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4
from xml.etree import ElementTree

import pytest
from google.protobuf.json_format import ParseDict, ParseError
from hypothesis import given
from hypothesis import strategies as st
from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status, TracesData
from tests.plugins.command import Command

from luxos.ui.otlp import otlp
from luxos.ui.timeline import draw_run

BEGAN = datetime(2026, 11, 27, 16, 0, 0, 123457, UTC)
SVG = "{http://www.w3.org/2000/svg}"


def moment(seconds: float) -> str:
    return (BEGAN + timedelta(seconds=seconds)).isoformat(timespec="microseconds")


def a_step(name: str, began: float, ended: float | None, status: str = "done", **more: Any) -> dict[str, Any]:
    parent = name.rpartition("/")[0] or None
    times = {"started_at": moment(began)} | ({} if ended is None else {"finished_at": moment(ended)})
    seconds = None if ended is None else ended - began
    said = {"verb": "CALL", "call": "vat", "attempts": 1, "seconds": seconds}
    return {"step": name, "parent": parent, "status": status, **said, **times, **more}


def a_run(*steps: dict[str, Any], goal: str = "a goal") -> dict[str, Any]:
    return {"run": str(uuid4()), "goal": goal, "status": "done", "created_at": moment(0), "steps": list(steps)}


TREE = a_run(
    a_step("vat", 0.5, 2.5),
    a_step("vat/1", 1.0, 1.25, "failed", error={"code": "runtime.code_failed", "message": "on <purpose>"}, attempts=3),
    a_step("vat/1/1", 1.0, 1.125),
    a_step("other", 3.0, None, "started"),
)


def parsed(run: dict[str, Any]) -> TracesData:
    """The trace as the protobuf mapping of JSON reads it; OTLP writes ids in hexadecimal digits in place of base64."""
    trace = json.loads(json.dumps(otlp(run)))
    for span in trace["resourceSpans"][0]["scopeSpans"][0]["spans"]:
        for key in ("traceId", "spanId", "parentSpanId"):
            if key in span:
                span[key] = base64.b64encode(bytes.fromhex(span[key])).decode()
    return ParseDict(trace, TracesData())


def spans_of(run: dict[str, Any]) -> list[Span]:
    ((scope,),) = [resource.scope_spans for resource in parsed(run).resource_spans]
    return list(scope.spans)


def test_a_trace_is_read_as_what_it_says() -> None:
    root, vat, inner, leaf, opened = spans_of(TREE)
    assert {span.trace_id.hex() for span in (root, vat, inner, leaf, opened)} == {TREE["run"].replace("-", "")}
    assert (root.name, root.parent_span_id) == ("a goal", b"")
    above = [vat.parent_span_id, inner.parent_span_id, leaf.parent_span_id, opened.parent_span_id]
    assert above == [root.span_id, vat.span_id, inner.span_id, root.span_id]
    assert len({span.span_id for span in (root, vat, inner, leaf, opened)}) == 5
    assert vat.start_time_unix_nano == 1795795200_623457000
    assert vat.end_time_unix_nano - vat.start_time_unix_nano == 2_000_000_000
    assert opened.start_time_unix_nano == opened.end_time_unix_nano
    assert (vat.status.code, opened.status.code) == (Status.STATUS_CODE_OK, Status.STATUS_CODE_UNSET)
    assert (inner.status.code, inner.status.message) == (Status.STATUS_CODE_ERROR, "on <purpose>")
    told = {each.key: each.value for each in inner.attributes}
    assert (told["luxos.attempts"].int_value, told["error.type"].string_value) == (3, "runtime.code_failed")
    assert {span.kind for span in (root, vat)} == {Span.SPAN_KIND_INTERNAL}


def test_a_field_that_is_none_of_otlp_would_be_noticed() -> None:
    """The negative control."""
    with pytest.raises(ParseError):
        ParseDict({**otlp(TREE), "spans": []}, TracesData())


def test_what_was_given_and_what_came_of_it_stays_here() -> None:
    run = a_run(a_step("vat", 0, 1, arguments={"pin": "a secret"}, result="a secret"))
    assert "a secret" not in json.dumps(otlp(run))


@given(st.lists(st.tuples(st.floats(0, 1e6), st.floats(0, 1e6), st.text(max_size=8)), max_size=12), st.text())
def test_any_run_is_a_picture_and_a_trace(drawn: list[tuple[float, float, str]], goal: str) -> None:
    steps = [a_step(f"{number}", began, began + took, call=call) for number, (began, took, call) in enumerate(drawn)]
    run = a_run(*steps, goal=goal)
    assert len(bars(draw_run(run))) == len(steps)
    spans = spans_of(run)
    assert len(spans) == len(steps) + 1
    assert max(span.end_time_unix_nano for span in spans) == spans[0].end_time_unix_nano


def bars(text: str) -> list[ElementTree.Element]:
    picture = ElementTree.fromstring(text)  # noqa: S314 - we wrote it
    return [one for one in picture.iter(f"{SVG}rect") if one.find(f"{SVG}title") is not None]


def test_bars_stand_where_their_steps_were() -> None:
    vat, inner, leaf, opened = bars(draw_run(TREE))

    def ends(bar: ElementTree.Element) -> tuple[float, float]:
        x, width = float(bar.attrib["x"]), float(bar.attrib["width"])
        return x, round(x + width, 1)

    (left, right), (begin, end), (first, _last), (late, edge) = map(ends, (vat, inner, leaf, opened))
    assert left < begin == first < end < right < late
    assert (right - left) / (end - begin) == pytest.approx(8, rel=0.02)
    assert edge - left == pytest.approx(620)  # what has not ended goes on to the edge
    assert [float(bar.attrib["y"]) for bar in (vat, inner, leaf, opened)] == [64, 82, 100, 118]
    title = inner.find(f"{SVG}title")
    assert title is not None
    assert "on <purpose>" in (title.text or "")


def test_children_stand_below_what_called_them_and_many_steps_are_told() -> None:
    run = a_run(a_step("b", 1, 2), a_step("a", 0, 3), a_step("a/1", 0.5, 0.6), a_step("gone/1", 0.1, 0.2))
    titles = [str(bar.findtext(f"{SVG}title")).split()[0] for bar in bars(draw_run(run))]
    assert titles == ["b", "a", "a/1", "gone/1"]
    many = draw_run(a_run(*(a_step(str(number), number, number + 1) for number in range(2100))))
    assert len(bars(many)) == 2000
    assert "100" in many.splitlines()[-1][-60:]


@pytest.mark.slow
def test_a_run_is_written_into_files(quick_luxos: Command, tmp_path: Path) -> None:
    (tmp_path / "plan.lux").write_text(
        'goal "Zażółć & <gęślą>"\none = WRITE "a.txt", "1"\ntwo = READ "a.txt" AFTER one\n'
    )
    run = quick_luxos("run", "plan.lux", "--json", cwd=tmp_path).json["run"]
    svg, trace = tmp_path / "run.svg", tmp_path / "run.json"
    said = quick_luxos("run", "show", run, "--svg", str(svg), "--otlp", str(trace))
    assert said.code == 0, said
    assert {str(svg), str(trace)} <= {line.split()[-1].rstrip(".") for line in said.out.splitlines()}
    assert len(bars(svg.read_text())) == 2
    assert "Zażółć &amp; &lt;gęślą&gt;" in svg.read_text()
    assert len(json.loads(trace.read_text())["resourceSpans"][0]["scopeSpans"][0]["spans"]) == 3
    shaped = quick_luxos("run", "show", run, "--svg", str(svg), "--json").json
    assert (shaped["svg"], "otlp" in shaped) == (str(svg), False)
    refused = quick_luxos("run", "show", run, "--otlp", str(tmp_path / "no" / "folder"))
    assert (refused.code, "Traceback" in refused.err) == (5, False)
