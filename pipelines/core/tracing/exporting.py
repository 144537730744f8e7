"""Exporter of spans to a collector that speaks OTLP over HTTP, by OpenTelemetry's own library.

Loaded where one is named. What cannot be sent in time is dropped: nothing waits for a collector but the end of a
run, a command or a service, for `TIMEOUT_S` at most.
"""

import logging
import re
from urllib.parse import urlsplit

from pipelines.core.errors import SettingsError
from pipelines.core.tracing.spans import Span

try:
    from opentelemetry import trace
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor
except ImportError:
    raise SettingsError(
        "OTEL_EXPORTER_OTLP_ENDPOINT is set, but what sends traces is not installed:"
        " pip install 'studybuddy[observability]'."
    ) from None

TIMEOUT_S = 2.0
"""For one batch, with what is tried again of it."""

EVERY_MS = 1000
"""Pause between two batches."""


class Exporter:
    """Spans of one process, on their way to the collector at `endpoint`; `/v1/traces` is added to it.

    Raises:
        SettingsError: it is no address.
    """

    def __init__(self, endpoint: str, part: str) -> None:
        if urlsplit(endpoint).scheme not in ("http", "https") or not urlsplit(endpoint).hostname:
            raise SettingsError(
                "OTEL_EXPORTER_OTLP_ENDPOINT must be the address of a collector that speaks OTLP over HTTP, such as"
                " http://collector:4318."
            )
        for name in ("opentelemetry.exporter", "opentelemetry.sdk"):
            logging.getLogger(name).setLevel(logging.CRITICAL)  # a collector that is away would be told every second
        address = re.sub(r"/*$", "/v1/traces", endpoint)
        self._provider = TracerProvider(resource=Resource.create({"service.name": part}))
        self._provider.add_span_processor(
            BatchSpanProcessor(OTLPSpanExporter(address, timeout=TIMEOUT_S), schedule_delay_millis=EVERY_MS)
        )
        self._tracer = self._provider.get_tracer("studybuddy")

    def begin(self, name: str, parent: str | None) -> "Under":
        """Something begins to be done for `parent` (W3C's `traceparent`; None: for nobody else)."""
        context = trace.set_span_in_context(trace.NonRecordingSpan(_parsed(parent))) if parent else None
        return Under(self._tracer.start_span(name, context, record_exception=False, set_status_on_exception=False))

    def flush(self) -> None:
        """Send what waits."""
        self._provider.force_flush()


class Under:
    """One span as OpenTelemetry has it."""

    __slots__ = ("_span", "parent")

    def __init__(self, span: trace.Span) -> None:
        self._span = span
        found = span.get_span_context()
        self.parent = f"00-{found.trace_id:032x}-{found.span_id:016x}-{found.trace_flags:02x}"

    def end(self, said: Span, error: BaseException | None) -> None:
        """It is done, with what was said of it; `error`: or failed, of which the kind alone is told."""
        self._span.update_name(said.name)
        self._span.set_attributes(said.values)
        if error is not None:
            self._span.set_status(trace.Status(trace.StatusCode.ERROR, type(error).__name__))
        self._span.end()


def _parsed(parent: str) -> trace.SpanContext:
    _, trace_id, span_id, flags = parent.split("-")
    return trace.SpanContext(int(trace_id, 16), int(span_id, 16), True, trace.TraceFlags(int(flags, 16)))
