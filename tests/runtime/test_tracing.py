"""Traces: nothing while they are off, and only what is allowed while they are on."""

import re
from collections.abc import Iterator

import pytest
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from pydantic import ValidationError
from temporalio.exceptions import ApplicationError

from api.app import create_app
from providers.errors import ProviderRefused
from providers.traced import traced
from runtime import tracing
from runtime.settings import Environment, Settings
from runtime.trace_export import PlainExporter, Traces

#: Nothing listens there, and nothing is sent: the spans of a test are read in memory.
NOWHERE = "http://127.0.0.1:1/v1/traces"


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> Iterator[InMemorySpanExporter]:
    """What this process would send."""
    exporter = InMemorySpanExporter()
    monkeypatch.setattr(
        "runtime.trace_export.BatchSpanProcessor", lambda _: SimpleSpanProcessor(PlainExporter(exporter))
    )
    with tracing.running(Settings(environment=Environment.TEST, traces_endpoint=NOWHERE), "test"):
        yield exporter


def only(exporter: InMemorySpanExporter) -> ReadableSpan:
    [span] = exporter.get_finished_spans()
    return span


class Provider:
    """Refuses, with a text that quotes a person."""

    name = "stripe"

    async def create_refund(self, amount: int) -> int:
        if amount < 0:
            raise ProviderRefused("no_such_customer_tanaka@example.jp")
        return amount


def test_tracing_is_off_without_an_endpoint() -> None:
    provider = Provider()
    with tracing.running(Settings(environment=Environment.TEST), "test"):
        assert not tracing.is_on()
        assert tracing.interceptors() == []
        assert tracing.carrier() is tracing.trace_id() is None
        assert traced(provider, "stripe") is provider
        with tracing.span("a") as one, tracing.request("b", None) as two, tracing.delivery("c", {}, None) as three:
            assert one is two is three is None


@pytest.mark.parametrize("endpoint", ["collector:4318", "http://collector:4318", "grpc://collector/v1", "http:// /v1"])
def test_tracing_wants_the_whole_address(endpoint: str) -> None:
    with pytest.raises(ValidationError, match="scheme, a host and a path"):
        Settings(environment=Environment.TEST, traces_endpoint=endpoint)


def test_tracing_ends_with_its_block(sent: InMemorySpanExporter) -> None:
    assert tracing.is_on()
    tracing.stop()
    tracing.stop()
    assert not tracing.is_on()
    assert tracing.carrier() is None


async def test_traced_provider_is_one_step_and_says_nothing_of_the_person(sent: InMemorySpanExporter) -> None:
    provider = traced(Provider(), "stripe")
    assert provider.name == "stripe"
    with pytest.raises(ProviderRefused):
        await provider.create_refund(-1)
    span = only(sent)
    assert span.name == "stripe.create_refund"
    assert dict(span.attributes or {}) == {"provider.name": "stripe", "error.type": "providers.errors.ProviderRefused"}
    assert not span.status.is_ok
    assert "tanaka" not in span.to_json()
    assert await provider.create_refund(5) == 5


def test_span_is_sent_without_texts_of_errors_and_unknown_attributes(sent: InMemorySpanExporter) -> None:
    def fail() -> None:
        with tracing.span("a", {"customer.name": "田中", "temporalWorkflowID": "x@y.jp"}) as span:
            assert span is not None
            span.set_attribute("http.route", "/api/v1/bookings/{booking_id}")
            span.set_attribute("outbox.command", "田中 太郎")
            span.add_event("seen", {"e-mail": "tanaka@example.jp"})
            raise ApplicationError("tanaka@example.jp is unknown")

    with pytest.raises(ApplicationError):
        fail()
    seen = only(sent)
    assert dict(seen.attributes or {}) == {
        "http.route": "/api/v1/bookings/{booking_id}",
        "error.type": "temporalio.exceptions.ApplicationError",
    }
    assert seen.events == ()
    assert seen.status.description is None


def test_request_begins_a_trace_and_only_links_the_callers(sent: InMemorySpanExporter) -> None:
    theirs = "0af7651916cd43dd8448eb211c80319c"
    with tracing.request("GET /", f"00-{theirs}-b7ad6b7169203331-01"):
        own = tracing.trace_id()
    with tracing.request("GET /", "00-tanaka"):
        assert tracing.trace_id() not in {own, theirs, None}
    linked, plain = sent.get_finished_spans()
    assert own != theirs
    assert [f"{link.context.trace_id:032x}" for link in linked.links] == [theirs]
    assert plain.links == ()


def test_delivery_continues_the_trace_that_wrote_the_message(sent: InMemorySpanExporter) -> None:
    with tracing.request("POST /", None):
        carried, trace = tracing.carrier(), tracing.trace_id()
    assert carried is not None
    assert re.fullmatch(rf"00-{trace}-[0-9a-f]{{16}}-0[13]", carried)
    with tracing.delivery("deliver", {}, carried):
        assert tracing.trace_id() == trace
    with tracing.delivery("deliver", {}, "no context"):
        assert tracing.trace_id() not in {trace, None}


def test_share_of_traces_is_decided_where_one_begins() -> None:
    settings = Settings(environment=Environment.TEST, traces_endpoint=NOWHERE, traces_share=0)
    traces = Traces.of(settings, "test")
    with traces.request("POST /", None) as left_out:
        assert not left_out.is_recording()
        carried = traces.carrier()
    assert carried is not None
    assert int(carried[-2:], 16) & 1 == 0, "the flag that says that it is sampled"
    with traces.delivery("deliver", {}, carried) as also:
        assert not also.is_recording()
    traces.close()


def test_tracing_of_the_framework_stays_off(monkeypatch: pytest.MonkeyPatch) -> None:
    """It would send texts of errors and whole addresses."""
    monkeypatch.setenv("FASTAPI_OTEL_AUTO_CONFIGURE", "true")
    monkeypatch.setattr("fastapi.telemetry._asgi._unconfigured", lambda _: False)
    assert not create_app(Settings(environment=Environment.TEST))._native_telemetry.enabled()
