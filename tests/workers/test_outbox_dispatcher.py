"""What arrives at a real Temporal: each run once, events to the open run or to a new one."""

from datetime import timedelta
from pathlib import Path
from types import ModuleType
from unittest.mock import Mock
from uuid import UUID, uuid4

import pytest
from temporalio.client import Client, WorkflowExecutionStatus, WorkflowHandle
from temporalio.service import RPCError
from temporalio.workflow import _Definition

from db.engine.session import Database, Scope
from db.platform import outbox
from db.platform.flags import FlagValues
from db.platform.outbox import REFUND_EVENT, START_NOTICE, START_REFUND
from domain.bookings.snapshot import BookingSnapshot
from domain.platform.flag_rollout import Measure, RolloutPlan, Step
from domain.platform.flags import Subject
from tests.support import data
from tests.support.servers import CONVERTER
from tests.workers.commands import add, add_payment_event, ask_to_start, deliver_all, signals_of, snapshot_of
from workers.outbox_dispatcher import OutboxDispatcher
from workers.outbox_relay import OutboxRelay
from workers.registry import worker_specs
from workflows import processes
from workflows.bookings.booking.messages import BookingInput
from workflows.platform.flag_rollout.messages import RolloutInput
from workflows.processes import PROCESSES
from workflows.start import ProcessStart
from workflows.support import ids
from workflows.support.search_attributes import BOOKING_ID, BUSINESS_ID, STAGE, STARTS_AT


@pytest.fixture
def relay(pool: Database, temporal: Client) -> OutboxRelay:
    """The real one."""
    return OutboxRelay(pool, OutboxDispatcher(temporal, pool))


async def _booking(pool: Database, **values: object) -> BookingSnapshot:
    salon = await data.add_salon(pool)
    pending = {"status": "pending", "amount_due": 6600, "payment_mode": "prepay"}
    booking_id = await data.add_booking(pool, salon, **{**pending, **values})
    return await snapshot_of(pool, salon.business_id, booking_id)


async def _started(handle: WorkflowHandle) -> BookingInput:
    async for event in handle.fetch_history_events():
        payloads = event.workflow_execution_started_event_attributes.input.payloads
        (start,) = await CONVERTER.decode(payloads, [BookingInput])
        return start
    raise AssertionError("no history")


async def _heard(handle: WorkflowHandle, number: int) -> list[UUID]:
    return [UUID(said["webhook_id"]) for _, said in await signals_of(handle, number)]


async def test_booking_starts_with_all_that_operators_ask_for(
    pool: Database, temporal: Client, relay: OutboxRelay
) -> None:
    booking = await _booking(pool, amount_due=6600)
    await ask_to_start(pool, booking)
    await deliver_all(relay, pool)
    handle = temporal.get_workflow_handle(ids.booking(booking.booking_id))
    described = await handle.describe()
    shown = described.typed_search_attributes
    assert await _started(handle) == BookingInput(booking)
    assert (shown[BUSINESS_ID], shown[BOOKING_ID]) == (str(booking.business_id), str(booking.booking_id))
    assert (shown[STAGE], shown[STARTS_AT]) == ("waiting_for_payment", booking.start_at)
    summary = await described.static_summary()
    assert summary is not None
    assert summary.startswith(f"{booking.code}, starts 2026-11-27 03:00 UTC")


async def test_command_delivered_twice_starts_once(pool: Database, temporal: Client, relay: OutboxRelay) -> None:
    booking = await _booking(pool)
    await ask_to_start(pool, booking)
    await deliver_all(relay, pool)
    first = await temporal.get_workflow_handle(ids.booking(booking.booking_id)).describe()
    await data.rows(pool, "UPDATE outbox SET delivered_at = NULL")
    await deliver_all(relay, pool)
    again = await temporal.get_workflow_handle(ids.booking(booking.booking_id)).describe()
    assert first.run_id == again.run_id
    assert await data.rows(pool, "SELECT 1 FROM outbox WHERE delivered_at IS NULL") == []


async def test_run_that_is_over_is_not_started_again(pool: Database, temporal: Client, relay: OutboxRelay) -> None:
    booking = await _booking(pool)
    await ask_to_start(pool, booking)
    await deliver_all(relay, pool)
    handle = temporal.get_workflow_handle(ids.booking(booking.booking_id))
    await handle.terminate()
    await data.rows(pool, "UPDATE outbox SET delivered_at = NULL")
    await deliver_all(relay, pool)
    assert (await handle.describe()).status is WorkflowExecutionStatus.TERMINATED


async def test_events_reach_the_run_in_their_order(pool: Database, temporal: Client, relay: OutboxRelay) -> None:
    booking = await _booking(pool)
    webhook_ids = [uuid4() for _ in range(4)]
    await ask_to_start(pool, booking)
    for webhook_id in webhook_ids:
        await add_payment_event(pool, booking, webhook_id)
    await deliver_all(relay, pool)
    handle = temporal.get_workflow_handle(ids.booking(booking.booking_id))
    assert await _heard(handle, len(webhook_ids)) == webhook_ids


@pytest.mark.parametrize("was_there", [True, False])
async def test_event_after_the_end_starts_a_resumed_run(
    pool: Database, temporal: Client, relay: OutboxRelay, was_there: bool
) -> None:
    booking = await _booking(pool, status="expired", hold_expires_at=data.NOW)
    handle = temporal.get_workflow_handle(ids.booking(booking.booking_id))
    if was_there:
        await ask_to_start(pool, booking)
        await deliver_all(relay, pool)
        await handle.terminate()
    first, second = uuid4(), uuid4()
    await add_payment_event(pool, booking, first)
    await add_payment_event(pool, booking, second)
    await deliver_all(relay, pool)
    assert await _started(handle) == BookingInput(booking, resumed=True)
    assert await _heard(handle, 2) == [first, second]


async def test_refund_and_notice_start_once(pool: Database, temporal: Client, relay: OutboxRelay) -> None:
    refund_id, notice_id, business_id = uuid4(), uuid4(), uuid4()
    refund = {"refund_id": refund_id, "business_id": business_id, "booking_id": uuid4(), "amount": 5000}
    give_up_at = (data.NOW + timedelta(hours=24)).isoformat()
    notice = {"notice_id": notice_id, "business_id": business_id, "kind": "booking_confirmed", "give_up_at": give_up_at}
    for _ in range(2):
        await add(pool, f"refund/{refund_id}", START_REFUND, refund)
        await add(pool, f"notice/{notice_id}", START_NOTICE, notice)
    await deliver_all(relay, pool)
    assert await data.rows(pool, "SELECT last_error FROM outbox WHERE delivered_at IS NULL") == []
    for workflow_id in (ids.refund(refund_id), ids.notice(notice_id)):
        described = await temporal.get_workflow_handle(workflow_id).describe()
        assert described.typed_search_attributes[BUSINESS_ID] == str(business_id)


@pytest.mark.parametrize("was_over", [True, False])
async def test_dispatcher_delivers_a_refunds_event_to_the_refunds_run(
    pool: Database, temporal: Client, relay: OutboxRelay, was_over: bool
) -> None:
    refund = {"refund_id": uuid4(), "business_id": uuid4(), "booking_id": uuid4()}
    aggregate, webhook_id = f"refund/{refund['refund_id']}", uuid4()
    handle = temporal.get_workflow_handle(ids.refund(refund["refund_id"]))
    await add(pool, aggregate, START_REFUND, dict(refund))
    await deliver_all(relay, pool)
    if was_over:
        await handle.terminate()
    await add(pool, aggregate, REFUND_EVENT, {**refund, "webhook_id": webhook_id})
    await deliver_all(relay, pool)
    assert await _heard(handle, 1) == [webhook_id]
    with pytest.raises(RPCError):
        await temporal.get_workflow_handle(ids.booking(refund["booking_id"])).describe()


async def test_relay_delivers_a_fresh_row_past_rows_whose_payload_does_not_validate(
    pool: Database, temporal: Client, relay: OutboxRelay
) -> None:
    await data.rows(
        pool,
        "INSERT INTO outbox (event, aggregate, payload, command)"
        " SELECT 'bad', 'bad/' || n, '{\"nothing\": 1}', 'booking.start' FROM generate_series(1, 500) AS n",
    )
    booking = await _booking(pool)
    await ask_to_start(pool, booking)
    await relay.dispatch_batch()
    await relay.finish()
    (row,) = await data.rows(pool, "SELECT delivered_at, attempts FROM outbox WHERE event = 'booking.start'")
    assert (row["delivered_at"] is not None, row["attempts"]) == (True, 1)
    (failed,) = await data.rows(pool, "SELECT DISTINCT last_error FROM outbox WHERE failures > 0")
    assert failed["last_error"] == "ValidationError"


def test_outbox_commands_have_one_descriptor() -> None:
    public = {name: value for name, value in vars(outbox).items() if name.isupper() and not name.startswith("_")}
    commands = [value for value in public.values() if isinstance(value, str)]
    assert sorted(each.command for each in PROCESSES) == sorted(commands)


def test_start_descriptors_name_a_workflow_of_their_queue() -> None:
    runs = {
        (queue, _Definition.must_from_class(each).name)
        for queue, spec in worker_specs(Mock()).items()
        for each in spec.workflows
    }
    for each in PROCESSES:
        start = each if isinstance(each, ProcessStart) else each.process
        assert start is None or (start.queue, start.workflow) in runs


def test_start_modules_are_on_the_list() -> None:
    root = Path(processes.__file__).parent
    modules = {".".join(path.relative_to(root.parent).with_suffix("").parts) for path in root.rglob("*/start.py")} - {
        "workflows.start"
    }
    assert modules
    assert modules == {value.__name__ for value in vars(processes).values() if isinstance(value, ModuleType)}


async def test_notice_is_started_again_only_when_a_person_asked(
    pool: Database, temporal: Client, relay: OutboxRelay
) -> None:
    notice_id = uuid4()
    handle = temporal.get_workflow_handle(ids.notice(notice_id))
    give_up_at = (data.NOW + timedelta(hours=24)).isoformat()
    notice = {"notice_id": notice_id, "business_id": None, "kind": "booking_confirmed", "give_up_at": give_up_at}

    async def run_after(event: str) -> str | None:
        async with pool.unit_of_work(Scope.platform()) as work:
            await work.platform.outbox.add(event, f"notice/{notice_id}", None, notice, START_NOTICE)
        await deliver_all(relay, pool)
        return (await handle.describe()).run_id

    first = await run_after("notice.queued")
    await handle.terminate()
    assert await run_after("notice.queued") == first
    assert await run_after("notice.retried") != first


async def test_request_is_found_from_the_run(pool: Database, temporal: Client, relay: OutboxRelay) -> None:
    booking = await _booking(pool)
    await ask_to_start(pool, booking)
    await data.rows(pool, "UPDATE outbox SET request_id = 'req-7'")
    await deliver_all(relay, pool)
    described = await temporal.get_workflow_handle(ids.booking(booking.booking_id)).describe()
    assert await described.memo_value("request_id", type_hint=str) == "req-7"


async def test_rollout_starts_with_its_whole_plan(pool: Database, temporal: Client, relay: OutboxRelay) -> None:
    plan = RolloutPlan((Step(500, timedelta(hours=1)),), {Measure.PAYMENTS_FAILED: 3})
    values = FlagValues("", True, False, Subject.USER, 0, (), ())
    async with pool.unit_of_work(Scope.platform()) as work:
        flag = await work.platform.flags.create("waitlist.offers", values)
        rollout = await work.platform.flags.start_rollout(flag, plan)
    await deliver_all(relay, pool)
    handle = temporal.get_workflow_handle(ids.flag_rollout(rollout.id))
    async for event in handle.fetch_history_events():
        payloads = event.workflow_execution_started_event_attributes.input.payloads
        (start,) = await CONVERTER.decode(payloads, [RolloutInput])
        break
    assert start == RolloutInput(rollout.id, "waitlist.offers", plan)
