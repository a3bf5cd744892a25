"""OpenTelemetry of a process that sends traces; see `runtime.tracing`, which alone imports this."""

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from opentelemetry import context as contexts
from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult
from opentelemetry.sdk.trace.sampling import ParentBased, TraceIdRatioBased
from opentelemetry.trace import Link, Span, SpanKind, Status, StatusCode
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator
from temporalio.contrib.opentelemetry import TracingInterceptor

from runtime.settings import Settings
from runtime.tracing import Attributes

#: The attributes that are sent, and no others: libraries add what they like, errors quote what was written.
SENT = frozenset(
    {
        *("http.request.method", "http.route", "http.response.status_code", "error.type"),
        *("temporalWorkflowID", "temporalRunID", "temporalActivityID", "temporalUpdateID"),
        *("outbox.command", "outbox.attempts", "provider.name"),
    }
)
#: A text is sent if it can be an id, a path template or a name of ours.
_PLAIN = re.compile(r"[A-Za-z0-9/_.:{}\-]{1,200}")

_PROPAGATOR = TraceContextTextMapPropagator()
#: One call to the collector.
_CALL_SECONDS = 5


def plain(span: ReadableSpan) -> ReadableSpan:
    """The span without events, texts of errors and attributes that are not in `SENT`: no personal data."""
    attributes = {key: value for key, value in (span.attributes or {}).items() if key in SENT and _is_plain(value)}
    failed = [(event.attributes or {}).get("exception.type") for event in span.events if event.name == "exception"]
    if failed:
        attributes["error.type"] = str(failed[-1])
    return ReadableSpan(
        name=span.name,
        context=span.context,
        parent=span.parent,
        resource=span.resource,
        attributes=attributes,
        links=[Link(link.context) for link in span.links],
        kind=span.kind,
        instrumentation_scope=span.instrumentation_scope,
        status=Status(span.status.status_code),
        start_time=span.start_time,
        end_time=span.end_time,
    )


def _is_plain(value: object) -> bool:
    return not isinstance(value, str) or _PLAIN.fullmatch(value) is not None


class PlainExporter(SpanExporter):
    """Sends every span as `plain` has it."""

    def __init__(self, inner: SpanExporter) -> None:
        self._inner = inner

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        return self._inner.export([plain(span) for span in spans])

    def shutdown(self) -> None:
        self._inner.shutdown()

    def force_flush(self, timeout_millis: int = 30_000) -> bool:
        return self._inner.force_flush(timeout_millis)


@dataclass(frozen=True, slots=True)
class Traces:
    """The traces of one process."""

    provider: TracerProvider
    tracer: trace.Tracer
    interceptor: TracingInterceptor

    @classmethod
    def of(cls, settings: Settings, process: str) -> "Traces":
        """Sent in batches from a thread of its own. Nothing is registered for the whole process."""
        provider = TracerProvider(
            # What is decided where a trace begins counts for all of it.
            sampler=ParentBased(TraceIdRatioBased(settings.traces_share)),
            resource=Resource.create(
                {
                    "service.name": f"omotenashi-{process}",
                    "service.version": settings.build_id,
                    "deployment.environment.name": settings.environment.value,
                }
            ),
            shutdown_on_exit=False,
        )
        exporter = OTLPSpanExporter(endpoint=settings.traces_endpoint, timeout=_CALL_SECONDS)
        provider.add_span_processor(BatchSpanProcessor(PlainExporter(exporter)))
        tracer = provider.get_tracer("omotenashi")
        # Not the SDK's newer plugin: its spans of runs are sent when a run ends, and a booking's lasts for weeks.
        return cls(provider, tracer, TracingInterceptor(tracer))

    def close(self) -> None:
        """Send what is waiting."""
        self.provider.shutdown()

    @contextmanager
    def span(self, name: str, attributes: Attributes | None) -> Iterator[Span]:
        """A step of the present trace."""
        with (
            self.tracer.start_as_current_span(
                name, kind=SpanKind.CLIENT, attributes=attributes, set_status_on_exception=False
            ) as made,
            _failing(made),
        ):
            yield made

    @contextmanager
    def request(self, name: str, caller: str | None) -> Iterator[Span]:
        """The first step of a new trace, linked to the caller's."""
        theirs = trace.get_current_span(_context(caller)).get_span_context()
        with (
            self.tracer.start_as_current_span(
                name,
                context=contexts.Context(),
                kind=SpanKind.SERVER,
                links=[Link(theirs)] if theirs.is_valid else [],
                set_status_on_exception=False,
            ) as made,
            _failing(made),
        ):
            yield made

    @contextmanager
    def delivery(self, name: str, attributes: Attributes, parent: str | None) -> Iterator[Span]:
        """A step that continues the trace of a message."""
        with (
            self.tracer.start_as_current_span(
                name,
                context=_context(parent),
                kind=SpanKind.CONSUMER,
                attributes=attributes,
                set_status_on_exception=False,
            ) as made,
            _failing(made),
        ):
            yield made

    def carrier(self) -> str | None:
        """The present step as a ``traceparent``."""
        carried: dict[str, str] = {}
        _PROPAGATOR.inject(carried)
        return carried.get("traceparent")

    def trace_id(self) -> str | None:
        """The id of the present trace."""
        present = trace.get_current_span().get_span_context()
        return trace.format_trace_id(present.trace_id) if present.is_valid else None


def _context(parent: str | None) -> contexts.Context:
    """The context that a ``traceparent`` names; an empty one for none, and for a text that is none."""
    return _PROPAGATOR.extract({"traceparent": parent} if parent else {}, context=contexts.Context())


@contextmanager
def _failing(made: Span) -> Iterator[None]:
    try:
        yield
    except Exception:
        made.set_status(StatusCode.ERROR)
        raise
