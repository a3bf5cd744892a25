"""A refund's steps: each may run twice and counts once."""

from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest
import pytest_asyncio

from activities.payments.refunds import BeginRefundInput, PollRefundInput, RecordRefundInput, RefundActivities
from domain.money import Money
from domain.payments.refunds import RefundReason
from domain.payments.status import Phase, RefundStatus
from domain.payments.tasks import MoneyTask
from providers.errors import OutcomeUnknown, ProviderRefused
from tests.activities.payments.memory_provider import MemoryProvider
from tests.support import servers
from tests.support.data import NOW, add_booking, add_payment, add_salon, opened
from tests.support.desk import Desk


@pytest_asyncio.fixture
async def desk(database: servers.Database) -> AsyncIterator[Desk]:
    """A salon."""
    async with opened(database) as pool:
        yield Desk(pool, await add_salon(pool))


async def begun(desk: Desk, steps: RefundActivities) -> tuple[Any, MoneyTask]:
    """A refund of 2000 of 6600 yen, begun twice."""
    booking_id = await add_booking(desk.database, desk.salon, status="completed", amount_due=6600)
    payment_id = await add_payment(desk.database, desk.salon, booking_id, status="captured")
    refund = await desk.within(
        lambda work: work.payments.refunds.request(payment_id, Money(2000), RefundReason.REQUESTED, "c")
    )
    ids = BeginRefundInput(refund.id, desk.salon.business_id, booking_id)
    task = await steps.begin(ids)
    assert task is not None
    assert await steps.begin(ids) == task
    return refund, task


def steps_at(provider: MemoryProvider, desk: Desk) -> RefundActivities:
    """The steps with this provider."""
    return RefundActivities(desk.database, {"stripe": provider}, lambda: NOW)


async def test_refund_runs_from_request_to_money(desk: Desk) -> None:
    provider = MemoryProvider()
    steps = steps_at(provider, desk)
    refund, task = await begun(desk, steps)
    for _ in range(2):
        result = await steps.perform(task)
        assert (result.phase, result.refunded, result.provider_ref) == (Phase.SUCCEEDED, 2000, "re_0")
        done = RecordRefundInput(refund.id, desk.salon.business_id, task, result)
        assert await steps.record(done) is RefundStatus.SUCCEEDED
    assert len(provider.refunds) == 1
    assert provider.refunds["re_0"].metadata["refund_id"] == str(refund.id)
    assert (await desk.payment(refund.payment_id))["refunded"] == 2000


async def test_pending_refund_is_polled(desk: Desk) -> None:
    provider = MemoryProvider(refund_status=RefundStatus.PROCESSING)
    steps = steps_at(provider, desk)
    refund, task = await begun(desk, steps)
    result = await steps.perform(task)
    assert (result.phase, result.provider_ref) == (Phase.UNKNOWN, "re_0")
    pending = RecordRefundInput(refund.id, desk.salon.business_id, task, result)
    assert await steps.record(pending) is RefundStatus.PROCESSING

    provider.refunds["re_0"] = replace(provider.refunds["re_0"], status=RefundStatus.SUCCEEDED)
    polled = await steps.poll(PollRefundInput(task, "re_0"))
    assert polled.phase is Phase.SUCCEEDED


async def test_refusal_is_a_result_and_reaches_a_person(desk: Desk) -> None:
    steps = steps_at(MemoryProvider(fails=ProviderRefused("charge_already_refunded")), desk)
    refund, task = await begun(desk, steps)
    result = await steps.perform(task)
    assert (result.phase, result.reason) == (Phase.FAILED, "charge_already_refunded")
    refused = RecordRefundInput(refund.id, desk.salon.business_id, task, result)
    assert await steps.record(refused) is RefundStatus.FAILED
    assert await desk.attention() == ["refund_failed"]


async def test_time_out_after_success_refunds_once(desk: Desk) -> None:
    provider = MemoryProvider(fails=OutcomeUnknown("timeout"), after=True)
    steps = steps_at(provider, desk)
    _, task = await begun(desk, steps)
    with pytest.raises(OutcomeUnknown):
        await steps.perform(task)
    provider.fails = None
    assert (await steps.perform(task)).phase is Phase.SUCCEEDED
    assert len(provider.refunds) == 1
