"""The trace of one booking, from its request to the calls of providers, as a collector gets it."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import pytest_asyncio

from runtime import tracing
from runtime.settings import Settings
from tests.e2e.test_one_booking import (
    PASSWORD,
    Person,
    Running,
    hold,
    log_in,
    open_salon,
    pay,
    running_world,
    stripe_has_said_so_too,
)
from tests.support import servers
from tests.support.collector import Collector, SeenSpan, collecting

__all__ = ["log_in"]

#: What customers, staff and callers write; no part of any trace.
PLANTED = (
    *(
        "山田",
        "花子",
        "佐藤",
        "サロン花",
        "Salon Hana",
        "owner@example.jp",
        "customer@example.jp",
        "example.jp",
        PASSWORD,
    ),
    *("都合が悪く", "Tanaka", "Bearer", "eyJ", "pm_card", "client_secret", "6600"),
)


@pytest.fixture
def collector() -> Iterator[Collector]:
    with collecting() as collector:
        yield collector


@pytest_asyncio.fixture
async def world(
    database: servers.Database, temporal_server: str, tmp_path: Path, collector: Collector
) -> AsyncIterator[Running]:
    """The platform of these tests, which sends traces."""
    with tracing.running(Settings(environment="test", traces_endpoint=collector.url), "test"):  # type: ignore[arg-type]
        async with running_world(database, temporal_server, tmp_path) as world:
            yield world


def under(spans: list[SeenSpan], name: str) -> set[str]:
    """The names of the span and of all that it caused."""
    [top] = [span for span in spans if span.name == name]
    found, names = {top.id}, {top.name}
    for span in spans:  # in the order of their start: a cause comes first
        if span.parent in found:
            found.add(span.id)
            names.add(span.name)
    return names


async def test_trace_of_a_booking_leads_from_its_request_to_the_providers(
    world: Running, collector: Collector, log_in: Callable[[str], Awaitable[Person]], caplog: pytest.LogCaptureFixture
) -> None:
    owner, customer = await log_in("owner@example.jp"), await log_in("customer@example.jp")
    customer.http.headers.update({"User-Agent": "Tanaka's browser", "X-Request-ID": "Tanaka-Taro-1990"})
    _, service = await open_salon(world, owner)
    booking = await hold(customer, service, datetime.now(UTC) + timedelta(hours=20))
    done = await pay(customer, booking, "pm_card_visa")
    await customer.until(f"/bookings/{booking}", lambda seen: seen["status"] == "confirmed")
    await stripe_has_said_so_too(world)
    await customer.ask("POST", f"/bookings/{booking}/cancel", {"reason": "都合が悪くなりました"})
    await customer.until(f"/payments/{done['payment']}", lambda seen: seen["status"] == "partially_refunded")
    await customer.http.get("/Tanaka")
    tracing.stop()

    [request] = [span for span in collector.spans if span.name == "POST /api/v1/bookings"]
    spans = collector.trace(request.trace)
    names = under(spans, request.name)
    assert {
        *("deliver booking.start", "StartWorkflow:booking", "RunWorkflow:booking", "RunActivity:bookings.confirm"),
        # What the run's steps cause, each through a row of the outbox: a message, and money that goes back.
        *("deliver notice.start", "RunActivity:notices.send", "sendgrid.send"),
        *("deliver refund.start", "RunActivity:refunds.perform", "stripe.create_refund"),
    } <= names, collector.drawn(request.trace)
    assert request.attributes["http.response.status_code"] == "201"
    assert {span.attributes["temporalWorkflowID"] for span in spans if span.name == "RunWorkflow:booking"} == {
        f"booking/{booking}"
    }

    webhooks = {span.trace for span in collector.spans if span.name == "POST /api/v1/payments/webhook/{provider}"}
    assert request.trace not in webhooks
    linked = {trace for span in spans if span.name.startswith("HandleSignal:") for trace in span.links}
    assert webhooks & linked, "the webhook's own trace is linked from the run that it moved"

    sent = b"".join(collector.bodies)
    assert [text for text in PLANTED if text.encode() in sent] == []
    assert "GET unknown" in {span.name for span in collector.spans}

    logged = [record.msg for record in caplog.records if isinstance(record.msg, dict)]
    own = [line for line in logged if line.get("trace_id") == request.trace]
    assert "bookings.confirm" in {line.get("activity") for line in own}
