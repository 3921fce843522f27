"""The wrapper that makes each call an OpenTelemetry span, where that is configured; elsewhere it is not there at all.

A call that a call makes is a child of its span, and an outermost one of whatever span the program is in. Arguments and
results are no part of it: traces go to places where those do not belong.
"""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

from luxos.config import Settings
from luxos.errors import LuxError
from luxos.runtime.call import Call, Handler, Outcome
from luxos.runtime.errors.calls import TracingMissing
from luxos.version import __version__

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.trace import Tracer


def tracer_of(settings: Settings) -> Tracer | None:
    """What begins spans; nothing where none are wanted. `TracingMissing` where OpenTelemetry is not installed.

    A program that has set up OpenTelemetry for itself gets the spans; else they are sent as its variables say.
    """
    if not settings.otel:
        return None
    try:
        from opentelemetry import trace

        if isinstance(trace.get_tracer_provider(), trace.ProxyTracerProvider):
            trace.set_tracer_provider(_sending())
    except ImportError as error:
        raise TracingMissing from error
    return trace.get_tracer("luxos", __version__)


def _sending() -> TracerProvider:
    """A provider that sends spans on in the background, and the rest when the process ends."""
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.resources import OTELResourceDetector, Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    # What is wrong with the receiver is told to whoever listens to the log, and to nobody who did not ask.
    logging.getLogger("opentelemetry").addHandler(logging.NullHandler())
    named = Resource.create({"service.name": "luxos"}).merge(OTELResourceDetector().detect())
    provider = TracerProvider(resource=named)
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    return provider


def traced(handler: Handler, tracer: Tracer | None) -> Handler:
    """Calls `handler` in a span of its own; without a tracer it is `handler` itself."""
    if tracer is None:
        return handler
    from opentelemetry.trace import Span, StatusCode, set_span_in_context

    async def handle(call: Call) -> Outcome:
        above = None if call.span is None else set_span_in_context(call.span)
        told = {
            "luxos.run": str(call.run),
            "luxos.step": call.step,
            "luxos.verb": call.verb,
            "luxos.soul_hash": call.soul_hash,
            "luxos.recording": call.manner.recording,
        }
        with tracer.start_as_current_span(
            call.alias, above, attributes=told, record_exception=False, set_status_on_exception=False
        ) as span:
            call.span = span
            try:
                outcome = await handler(call)
            except (Exception, asyncio.CancelledError) as error:
                _failed(span, error)
                raise
            span.set_status(StatusCode.OK)
            return outcome

    def _failed(span: Span, error: BaseException) -> None:
        span.set_attribute("error.type", error.code if isinstance(error, LuxError) else type(error).__name__)
        span.set_status(StatusCode.ERROR, str(error))

    return handle
