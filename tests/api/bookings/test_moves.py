"""Moving over HTTP: a customer's move is judged by the policy as a cancellation at that moment would be."""

from collections.abc import AsyncIterator
from datetime import datetime
from typing import Any
from uuid import UUID

import pytest_asyncio

from api.http.envelope import Envelope
from api.v1.bookings.bookings.quote_schemas import RescheduleQuoteRead
from db.engine.session import Database as Pool
from tests.api.bookings.test_commands import Live, command, opened_live, read
from tests.api.conftest import Clock, error_of
from tests.e2e.platform import running_platform
from tests.support import data, servers


@pytest_asyncio.fixture
async def live(database: servers.Database, pool: Pool, clock: Clock, temporal_server: str) -> AsyncIterator[Live]:
    async with (
        opened_live(database, pool, clock, temporal_server) as opened,
        running_platform(opened.settings, opened.client),
    ):
        yield opened


async def paid(live: Live, start_at: datetime, **more: Any) -> UUID:
    """A confirmed booking whose price was captured."""
    salon = live.salon.ids
    booking = await data.add_booking(live.pool, salon, start_at, payment_mode="prepay", amount_due=6600, **more)
    await data.add_payment(live.pool, salon, booking, amount=6600, captured=6600, status="captured")
    return booking


async def test_moving_far_ahead_and_cancelling_costs_what_cancelling_at_once_costs(live: Live) -> None:
    booking = str(await paid(live, live.salon.at(10, days=-1)))
    quote = (await live.salon.customer.post(f"/bookings/{booking}/cancellation-quote")).json()["data"]
    assert quote["penalty"]["amount"] > 0
    later = live.salon.at(10, days=30).isoformat()
    moved = read(await command(live.salon.customer, booking, "reschedule", start_at=later))
    assert moved.status == "confirmed"
    cancelled = read(await command(live.salon.customer, booking, "cancel"))
    assert cancelled.penalty.amount == quote["penalty"]["amount"]


async def test_quote_of_a_move_names_its_terms_and_the_rule_that_refuses(live: Live) -> None:
    customer = live.salon.customer
    booking = str(await paid(live, live.salon.at(10, days=1)))
    path = f"/bookings/{booking}/reschedule-quote"
    quote = Envelope[RescheduleQuoteRead].model_validate_json((await customer.post(path)).content, extra="forbid").data
    assert (quote.needs_approval, quote.moves_left, quote.kept_penalty.amount) == (False, 2, 0)
    assert quote.latest_at is not None
    for hour in (11, 12, 13):
        later = live.salon.at(hour, days=20).isoformat()
        assert (await command(customer, booking, "reschedule", start_at=later)).status_code == 200
    for refused in (
        await customer.post(path),
        await command(customer, booking, "reschedule", start_at=live.salon.at(14, days=20).isoformat()),
    ):
        assert error_of(refused) == (422, "rule_broken")
        assert refused.json()["error"]["details"] == {"rule": "too_many_moves", "max_moves": 3}
    by_staff = (await live.salon.staff.post(path)).json()["data"]
    assert (by_staff["moves_left"], by_staff["latest_at"]) == (None, None)
