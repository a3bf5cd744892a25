"""Traces: what one request causes, from HTTP through the outbox and Temporal to a provider's answer.

Off unless ``OMOTENASHI_TRACES_ENDPOINT`` is set: then every function here returns at its first line, and OpenTelemetry
is not loaded. Ids travel as W3C trace context (https://www.w3.org/TR/trace-context/).
"""

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from importlib import import_module
from typing import TYPE_CHECKING

from runtime.settings import Settings

if TYPE_CHECKING:
    from opentelemetry.trace import Span
    from temporalio.client import Interceptor

    from runtime.trace_export import Traces

Attributes = Mapping[str, str | int]


class _Process:
    """The traces of this process; None while they are off."""

    traces: "Traces | None" = None


_NO_SPAN: AbstractContextManager[None] = nullcontext()


def start(settings: Settings, process: str) -> None:
    """Send traces of this process from now on, if the settings say where. Called before clients and providers are made.

    Args:
        settings: where they are sent, and the share of them.
        process: names this process, for example ``api`` or ``worker-payments``.
    """
    if not settings.traces_endpoint or _Process.traces is not None:
        return
    # Loaded at its first use, by name: OpenTelemetry takes a tenth of the start of a process, and most send nothing.
    _Process.traces = import_module("runtime.trace_export").Traces.of(settings, process)


def stop() -> None:
    """Send what is waiting, and end. Blocks for some seconds where nothing answers."""
    traces, _Process.traces = _Process.traces, None
    if traces is not None:
        traces.close()


@contextmanager
def running(settings: Settings, process: str) -> Iterator[None]:
    """Traces of this process, while the block runs."""
    start(settings, process)
    try:
        yield
    finally:
        stop()


def is_on() -> bool:
    """Whether this process sends traces."""
    return _Process.traces is not None


def span(name: str, attributes: Attributes | None = None) -> AbstractContextManager["Span | None"]:
    """A step of the present trace, or the first of a new one. Only attributes that `runtime.trace_export` names are
    sent; they and the name must not be about a person.

    An exception marks it as failed, by the name of its class.
    """
    if _Process.traces is None:
        return _NO_SPAN
    return _Process.traces.span(name, attributes)


def request(name: str, caller: str | None) -> AbstractContextManager["Span | None"]:
    """The first step of a new trace, for a request. The ids of a caller (``traceparent``) are only linked: callers do
    not decide what is sent."""
    if _Process.traces is None:
        return _NO_SPAN
    return _Process.traces.request(name, caller)


def delivery(name: str, attributes: Attributes, parent: str | None) -> AbstractContextManager["Span | None"]:
    """A step that continues the trace of who wrote the message (`carrier`)."""
    if _Process.traces is None:
        return _NO_SPAN
    return _Process.traces.delivery(name, attributes, parent)


def carrier() -> str | None:
    """The present step, as a ``traceparent``, for a message that is delivered later."""
    if _Process.traces is None:
        return None
    return _Process.traces.carrier()


def trace_id() -> str | None:
    """The id of the present trace, 32 hexadecimal digits."""
    if _Process.traces is None:
        return None
    return _Process.traces.trace_id()


def interceptors() -> list["Interceptor"]:
    """What passes the context on through Temporal: for a client, whose workers use it too."""
    return [] if _Process.traces is None else [_Process.traces.interceptor]
