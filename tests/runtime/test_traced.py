"""Spans of calls: as the SDK of OpenTelemetry receives them, and nothing of it where none are wanted."""

import subprocess
import sys
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import StatusCode, Tracer
from tests.plugins.command import Command

from luxos.beings.core import CoreRegistry, write_core_beings
from luxos.config import Settings
from luxos.errors import LuxError
from luxos.persistence.database import Database
from luxos.runtime.calling import Calls, session_run
from luxos.runtime.dispatcher import Runtime
from luxos.runtime.errors.calls import ArgumentsUnfit, CallOverLimit
from luxos.runtime.traced import traced
from luxos.souls.registry import summon

SOULS = {
    "leaf": "def function(n):\n    return n * 10\n",
    "tree": "def function(n):\n    return sum([execution('leaf', part) for part in range(n)])\n",
    "fan": (
        "import asyncio\n\nasync def function(n):\n"
        "    return sum(await asyncio.gather(*[execution('tree', part) for part in range(n)]))\n"
    ),
    "wrong": "def function():\n    return 1 / 0\n",
    "sleeps": "import time\n\ndef function():\n    time.sleep(20)\n",
}


@pytest.fixture
def spans() -> InMemorySpanExporter:
    return InMemorySpanExporter()


@pytest.fixture
def tracer(spans: InMemorySpanExporter) -> Tracer:
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(spans))
    return provider.get_tracer("luxos")


@pytest.fixture
async def runtime(settings: Settings, database: Database, tracer: Tracer) -> AsyncIterator[Runtime]:
    registry = CoreRegistry([])
    async with database.pool.acquire() as connection, connection.transaction():
        await write_core_beings(connection, registry)
    runtime = replace(Runtime.of(settings, database, registry), tracer=tracer)
    for name, source in SOULS.items():
        await summon(name=name, source=source, tier="hermetic", pure=name == "leaf")
    yield runtime
    await runtime.close()


def told(span: ReadableSpan, key: str) -> Any:
    return (span.attributes or {}).get(f"luxos.{key}")


def by_step(spans: InMemorySpanExporter) -> dict[str, ReadableSpan]:
    return {str(told(span, "step")): span for span in spans.get_finished_spans()}


async def test_each_call_is_a_span_below_the_call_that_made_it(
    runtime: Runtime, spans: InMemorySpanExporter, tracer: Tracer
) -> None:
    with tracer.start_as_current_span("the program") as above:
        async with session_run(runtime, "a goal") as run:
            assert await Calls(runtime, run)("fan", 3) == 40 - 30
            soul = str(run.soul)
    found = by_step(spans)
    steps = await runtime.database.pool.fetch("SELECT genesis FROM relationships WHERE tags @> '{step}'")
    assert found.keys() - {"None"} == {row["genesis"]["name"] for row in steps}
    for row in steps:
        step = row["genesis"]
        span = found[step["name"]]
        parent = above if step["parent"] is None else found[step["parent"]]
        assert span.parent is not None
        assert span.parent.span_id == parent.get_span_context().span_id
        assert span.get_span_context().trace_id == above.get_span_context().trace_id
        assert (span.name, told(span, "run"), told(span, "soul_hash")) == (step["call"], soul, step["soul_hash"])
        assert span.status.status_code is StatusCode.OK


async def test_calls_at_the_same_time_are_traces_of_their_own(runtime: Runtime, spans: InMemorySpanExporter) -> None:
    async with session_run(runtime, "a goal") as run:
        calls = Calls(runtime, run)
        assert [await calls("tree", 3), await calls("tree", 2)] == [30, 10]
    first, second = by_step(spans)["tree"], by_step(spans)["tree~2"]
    assert first.get_span_context().trace_id != second.get_span_context().trace_id


async def test_what_failed_says_so(runtime: Runtime, spans: InMemorySpanExporter) -> None:
    async with session_run(runtime, "a goal") as run:
        calls = Calls(runtime, run)
        for who, error in (("wrong", LuxError), ("leaf", ArgumentsUnfit)):
            with pytest.raises(error):
                await calls(who)
        with pytest.raises(CallOverLimit):
            await calls.but(seconds=0.3)("sleeps")
    found = by_step(spans)
    assert found.keys() == {"wrong", "sleeps"}  # what did not fit was never a call
    assert {span.status.status_code for span in found.values()} == {StatusCode.ERROR}
    assert (found["wrong"].attributes or {})["error.type"] == "runtime.code_failed"
    assert "division" in str(found["wrong"].status.description)
    assert (found["sleeps"].attributes or {})["error.type"] == "runtime.call_over_limit"


async def test_what_is_not_recorded_is_a_span_all_the_same(runtime: Runtime, spans: InMemorySpanExporter) -> None:
    async with session_run(runtime, "a goal") as run:
        calls = Calls(runtime, run)
        await calls.but(recording="off")("leaf", 1)
        await calls.but(recording="summary")("leaf", 2)
    assert [(span.name, told(span, "recording")) for span in spans.get_finished_spans()] == [
        ("leaf", "off"),
        ("leaf", "summary"),
    ]


def test_without_a_tracer_there_is_no_wrapper() -> None:
    async def handle(_call: Any) -> Any:
        raise AssertionError

    assert traced(handle, None) is handle


NOTHING = """
import asyncio, sys
import luxos.boot, luxos.session, luxos.runtime.execution, luxos.runtime.calling, luxos.ui.methods
assert not any(name.startswith("opentelemetry") for name in sys.modules)  # Monty takes a part of it where it can
import luxos
async def main():
    async with luxos.open() as lux:
        await lux.summon(name="leaf", source="def function(n):\\n    return n\\n")
        assert await lux.execution("leaf", 1) == 1
asyncio.run(main())
print("opentelemetry.sdk" in sys.modules)
"""


@pytest.mark.slow
@pytest.mark.parametrize(("wanted", "printed"), [("0", "False"), ("1", "True")])
def test_nothing_is_imported_where_no_spans_are_wanted(quick_luxos: Command, wanted: str, printed: str) -> None:
    environment = {**quick_luxos.environment, "LUXOS_OTEL": wanted, "OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:9"}
    said = subprocess.run(
        [sys.executable, "-c", NOTHING], env=environment, capture_output=True, text=True, timeout=100, check=False
    )
    assert (said.returncode, said.stdout.strip()) == (0, printed), said
    assert said.stderr == ""  # nobody receives the spans, and nobody is bothered with that


@contextmanager
def receiving() -> Iterator[tuple[str, list[ExportTraceServiceRequest]]]:
    """A receiver of spans on loopback: its address, and what it received."""
    received = []

    class Answer(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            content = self.rfile.read(int(self.headers["Content-Length"]))
            received.append(ExportTraceServiceRequest.FromString(content))
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *arguments: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answer)
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", received
    finally:
        server.shutdown()
        server.server_close()


@pytest.mark.slow
def test_a_command_sends_its_spans_before_it_ends(quick_luxos: Command, tmp_path: Path) -> None:
    (tmp_path / "plan.lux").write_text('one = WRITE "a.txt", "1"\ntwo = READ "a.txt" AFTER one\n')
    with receiving() as (address, received):
        wanted = {"LUXOS_OTEL": "1", "OTEL_EXPORTER_OTLP_ENDPOINT": address, "OTEL_EXPORTER_OTLP_COMPRESSION": "none"}
        ran = quick_luxos("run", "plan.lux", cwd=tmp_path, **wanted)
        assert (ran.code, ran.err) == (0, "")
    (resource,) = [each for request in received for each in request.resource_spans]
    assert {each.key: each.value.string_value for each in resource.resource.attributes}["service.name"] == "luxos"
    assert [span.name for scope in resource.scope_spans for span in scope.spans] == ["file.write", "file.read"]


@pytest.mark.slow
def test_what_is_not_installed_is_said(quick_luxos: Command) -> None:
    without = "import sys; sys.modules['opentelemetry'] = None; from luxos.__main__ import main; sys.exit(main())"
    said = subprocess.run(
        [sys.executable, "-c", without, "runs"],
        env={**quick_luxos.environment, "LUXOS_OTEL": "1"},
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert (said.returncode, said.stdout) == (5, "")
    assert "lux-os[otel]" in said.stderr
    assert "Traceback" not in said.stderr
    assert quick_luxos("runs", LUXOS_OTEL="yes").code == 2
