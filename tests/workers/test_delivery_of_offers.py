"""From a change of hours to the runs it concerns, with a real Temporal and the real relay."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from temporalio.client import Client

from activities.scheduling.reaccommodations import ReaccommodationActivities, ReaccommodationStep
from db.engine.session import Database
from domain.scheduling.hours import MinuteRange, WeeklyHours
from tests.support import data
from tests.support.data import Salon
from tests.support.servers import CONVERTER
from tests.workers.commands import ask_to_start, deliver_all, signals_of, snapshot_of
from workers.outbox_dispatcher import OutboxDispatcher
from workers.outbox_relay import OutboxRelay
from workflows.bookings.booking.messages import STRANDED
from workflows.scheduling.reaccommodation.messages import DECIDED, ReaccommodationInput
from workflows.support import ids

CLOSED, OPEN = (WeeklyHours((day,) * 7) for day in ((), (MinuteRange(0, 1440),)))


@pytest.fixture
def relay(pool: Database, temporal: Client) -> OutboxRelay:
    """The real one."""
    return OutboxRelay(pool, OutboxDispatcher(temporal, pool))


async def _set_week(pool: Database, salon: Salon, week: WeeklyHours) -> None:
    async with pool.unit_of_work(salon.scope) as work:
        await work.scheduling.hours.set_week(salon.business_id, week, datetime.now(UTC), confirm=True)


async def _stranded(pool: Database, relay: OutboxRelay) -> tuple[Salon, UUID]:
    salon = await data.add_salon(pool)
    booking_id = await data.add_booking(pool, salon, datetime.now(UTC) + timedelta(days=5))
    await _set_week(pool, salon, CLOSED)
    await deliver_all(relay, pool)
    return salon, booking_id


async def test_reaccommodation_run_of_a_stranded_booking_learns_that_it_is_kept(
    pool: Database, temporal: Client, relay: OutboxRelay
) -> None:
    salon, booking_id = await _stranded(pool, relay)
    handle = temporal.get_workflow_handle(ids.reaccommodation(booking_id, 1))
    async for event in handle.fetch_history_events():
        payloads = event.workflow_execution_started_event_attributes.input.payloads
        (start,) = await CONVERTER.decode(payloads, [ReaccommodationInput])
        break
    assert (start.booking_id, start.business_id, start.number) == (booking_id, salon.business_id, 1)
    assert start.remind_at is not None
    assert start.remind_at < start.decide_by
    await _set_week(pool, salon, OPEN)
    await deliver_all(relay, pool)
    assert await signals_of(handle, 1) == [(DECIDED, {"status": "kept"})]
    assert (
        await data.rows(pool, "SELECT last_error FROM outbox WHERE command IS NOT NULL AND delivered_at IS NULL") == []
    )


@pytest.mark.parametrize("was_there", [True, False])
async def test_deadline_signal_reaches_the_bookings_run(
    pool: Database, temporal: Client, relay: OutboxRelay, was_there: bool
) -> None:
    salon, booking_id = await _stranded(pool, relay)
    if was_there:
        await ask_to_start(pool, await snapshot_of(pool, salon.business_id, booking_id))
        await deliver_all(relay, pool)
    [offer] = await data.rows(pool, "SELECT id FROM reaccommodations WHERE booking_id = :id", id=booking_id)
    steps = ReaccommodationActivities(pool, lambda: datetime.now(UTC))
    await steps.give_up(ReaccommodationStep(offer["id"], salon.business_id, booking_id))
    await deliver_all(relay, pool)
    said = {"reaccommodation_id": str(offer["id"])}
    handle = temporal.get_workflow_handle(ids.booking(booking_id))
    assert await signals_of(handle, 1) == [(STRANDED, said)]
