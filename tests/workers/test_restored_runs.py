"""Runs that Temporal lost: which rows must have one, and that each gets exactly one again."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from unittest.mock import Mock
from uuid import uuid4

import asyncpg
import pytest
import pytest_asyncio
from pydantic import TypeAdapter
from temporalio.client import Client, WorkflowExecutionStatus
from temporalio.common import WorkflowIDReusePolicy
from temporalio.workflow import _Definition

from db.engine.session import Database, Scope
from db.platform.outbox import START_REFUND
from domain.onboarding.verification import ReviewStatus
from domain.payments.status import Movement, PaymentStatus
from stack.runs import ProcessRuns, RunsRestored, describe, restore_runs
from tests.support import data, servers
from tests.support.servers import CONVERTER
from tests.support.waitlist import add_offer
from tests.workers.commands import deliver_all, signals_of
from workers.outbox_dispatcher import OutboxDispatcher, starts
from workers.outbox_relay import OutboxRelay
from workers.registry import worker_specs
from workflows.start import ProcessStart

#: They run by the clock: what a lost one did not do, the next one does.
_BY_THE_CLOCK = {"maintenance", "reconciliation"}

# Each has what its run needs and no more; foreign keys are not checked.
_ROWS = """
    INSERT INTO refunds (id, business_id, payment_id, booking_id, amount, currency, reason, command_id)
    VALUES ('{refund}', '{business}', '{payment}', '{booking}', 100, 'JPY', 'requested', 'x');
    INSERT INTO payment_disputes (id, business_id, payment_id, booking_id, provider_dispute_id, amount, currency,
                                  reason, due_at)
    VALUES ('{dispute}', '{business}', '{payment}', '{booking}', 'dp_1', 100, 'JPY', 'fraudulent',
            '2030-01-02T03:04:05Z');
    INSERT INTO reaccommodations (id, business_id, booking_id, number, reason, start_at, remind_at, decide_by)
    VALUES ('{stranded}', '{business}', '{booking}', 2, 'hours', now() + interval '9 days', NULL,
            now() + interval '2 days');
    INSERT INTO notification_outbox (id, business_id, booking_id, kind, dedupe_key)
    VALUES ('{notice}', '{business}', '{booking}', 'booking_confirmed', 'x');
    INSERT INTO feature_flags (id, name) VALUES ('{flag}', 'new.calendar');
    INSERT INTO flag_rollouts (id, flag_id, plan, share_before, step, status)
    VALUES ('{rollout}', '{flag}', '{plan}', 0, 2, 'paused');
    INSERT INTO business_media (id, business_id, kind, content_type, status, upload_key)
    VALUES ('{media}', '{business}', 'image', 'image/png', 'processing', 'u/1');
    INSERT INTO data_exports (id, user_id) VALUES ('{export}', '{user}');
    INSERT INTO customer_imports (id, business_id, digest, encoding, header, columns)
    VALUES ('{import}', '{business}', 'd', 'utf-8', '{{a}}', '{{a}}');
    INSERT INTO business_archives (id, business_id) VALUES ('{archive}', '{business}');
    INSERT INTO analytics_exports (id, business_id, requested_by, first_day, last_day, format)
    VALUES ('{figures}', '{business}', '{user}', '2024-01-01', '2026-01-01', 'csv');
    INSERT INTO erasures (id, user_id, address, language, delete_at)
    VALUES ('{erasure}', '{user}', 'a@example.jp', 'ja', now() + interval '30 days');
    INSERT INTO user_two_factors (user_id, totp_encrypted, key_id, enabled_at, reset_id, reset_at)
    VALUES ('{user}', 'x', 'k', now(), '{reset}', now() + interval '2 days');
    INSERT INTO business_verifications (id, business_id, status)
    VALUES ('{verification}', '{business}', 'info_requested');
    INSERT INTO business_decisions (business_id, verification_id, decision, command_id, created_at)
    VALUES ('{business}', '{verification}', 'resubmitted', 'c1', '2026-11-01T00:00:00Z'),
           ('{business}', '{verification}', 'info_requested', 'c2', '2026-11-02T00:00:00Z');
    INSERT INTO reviews (id, business_id, booking_id, rating, service_ids, staff_ids, visited_on, editable_until,
                         publish_at)
    VALUES ('{review}', '{business}', '{booking}', 5, '{{}}', '{{}}', '2026-11-01', now(), now() + interval '1 day');
    INSERT INTO campaigns (id, business_id, name, status, texts, count_days, starts_at)
    VALUES ('{campaign}', '{business}', 'x', 'paused', '{{}}', 14, now());
    INSERT INTO automations (id, business_id, kind, days, texts, enabled, enabled_at)
    VALUES ('{automation}', '{business}', 'birthday', 0, '{{}}', true, now());
"""
_PLAN = """{"steps": [{"share": 100, "watch_for": 3600}, {"share": 500, "watch_for": 3600}], "limits": {}}"""
#: By command: the workflow id that the row must get.
_RUNS = {
    "booking.start": "booking/{booking}",
    "refund.start": "refund/{refund}",
    "dispute.start": "dispute/{dispute}/20300102T030405Z",
    "reaccommodation.start": "reaccommodation/{booking}/2",
    "waitlist.start": "waitlist/{business}",
    "notice.start": "notice/{notice}",
    "flag_rollout.start": "flag-rollout/{rollout}",
    "media.start": "media/{media}",
    "data_export.start": "export/{export}",
    "customer_import.start": "customer-import/{import}",
    "business_archive.start": "business-archive/{archive}",
    "analytics_export.start": "analytics-export/{figures}",
    "erasure.start": "erasure/{user}",
    "two_factor_reset.start": "two-factor-reset/{reset}",
    "verification.start": "verification/{business}",
    "review.start": "review/{review}",
    "campaign.start": "campaign/{campaign}",
    "automation.start": "automation/{automation}",
}


@dataclass(frozen=True)
class Disaster:
    """Rows of every process without any run."""

    pool: Database
    temporal: Client
    superuser_url: str
    ids: Mapping[str, object]

    async def plant(self, statements: str) -> None:
        connection = await asyncpg.connect(self.superuser_url, ssl=False)
        try:
            await connection.execute("SET session_replication_role = replica")
            await connection.execute(statements.format_map(self.ids))
        finally:
            await connection.close()

    async def restore(self, *, dry: bool = False) -> Mapping[str, ProcessRuns]:
        done = await restore_runs(self.pool, self.temporal, dry=dry)
        return {each.process: each for each in done.processes}

    async def deliver(self) -> None:
        await deliver_all(OutboxRelay(self.pool, OutboxDispatcher(self.temporal, self.pool)), self.pool)

    async def input_of(self, process: ProcessStart, run: str) -> object:
        async for event in self.temporal.get_workflow_handle(run).fetch_history_events():
            payloads = event.workflow_execution_started_event_attributes.input.payloads
            return (await CONVERTER.decode(payloads, [process.payload]))[0]
        raise AssertionError("no history")

    async def end(self, run: str) -> None:
        """Terminate it, and wait until the list of the server, which is a moment behind, shows that."""
        await self.temporal.get_workflow_handle(run).terminate()
        async with asyncio.timeout(60):
            while WorkflowExecutionStatus.TERMINATED not in await self.listed(run):  # noqa: ASYNC110
                await asyncio.sleep(0.02)

    async def listed(self, run: str) -> list[WorkflowExecutionStatus | None]:
        listed = self.temporal.list_workflows(f"WorkflowId = '{run}'")
        return [one.status async for one in listed]

    async def status(self, run: str) -> WorkflowExecutionStatus | None:
        return (await self.temporal.get_workflow_handle(run).describe()).status

    def run(self, command: str) -> str:
        return _RUNS[command].format_map(self.ids)


@pytest_asyncio.fixture
async def disaster(pool: Database, temporal: Client, database: servers.Database) -> AsyncIterator[Disaster]:
    salon = await data.add_salon(pool)
    paid = {"amount_due": 6600, "payment_mode": "prepay", "needs_approval": True}
    booking_id = await data.add_booking(pool, salon, status="pending", **paid)
    payment_id = await data.add_payment(pool, salon, booking_id, status="captured")
    await data.add_booking(pool, salon, data.NOW + 90 * data.HOUR, status="completed")
    start = data.NOW + 500 * data.HOUR
    await add_offer(pool, salon, start, start)
    own = {"business": salon.business_id, "user": salon.user_id, "booking": booking_id, "payment": payment_id}
    names = "refund dispute stranded notice flag rollout media export import archive erasure reset verification review"
    names += " campaign automation figures"
    ids = {**own, **{name: uuid4() for name in names.split()}, "plan": _PLAN}
    made = Disaster(pool, temporal, database.superuser_url, ids)
    await made.plant(_ROWS)
    yield made


def _start(command: str) -> ProcessStart:
    return next(each for each in starts() if each.command == command)


def test_processes_list_the_rows_that_must_have_a_run_or_say_why_not() -> None:
    for each in starts():
        assert (each.open_rows is None) != (each.unlisted is None), each.command
    assert {each.command for each in starts() if each.open_rows} == set(_RUNS)
    known = {each.workflow for each in starts()}
    all_runs = {
        _Definition.must_from_class(each).name for spec in worker_specs(Mock()).values() for each in spec.workflows
    }
    assert all_runs - known == _BY_THE_CLOCK


async def test_restore_starts_one_run_for_every_row_and_a_repeat_none(disaster: Disaster) -> None:
    dry = await disaster.restore(dry=True)
    assert {each.missing for each in dry.values()} == {1}
    assert await data.rows(disaster.pool, "SELECT 1 FROM outbox WHERE command = 'run.restore'") == []
    assert {each.ordered for each in (await disaster.restore()).values()} == {1}
    # Twice, before the relay came.
    assert {each.ordered for each in (await disaster.restore()).values()} == {0}
    await disaster.deliver()
    for command in _RUNS:
        process, run = _start(command), disaster.run(command)
        start = await disaster.input_of(process, run)
        assert process.workflow_id(start) == run
        assert await disaster.status(run) is WorkflowExecutionStatus.RUNNING
    assert {(each.missing, each.ordered) for each in (await disaster.restore()).values()} == {(0, 0)}
    assert (
        await data.rows(disaster.pool, "SELECT 1 FROM outbox WHERE command IS NOT NULL AND delivered_at IS NULL") == []
    )


async def test_restored_runs_know_what_the_rows_say(disaster: Disaster) -> None:
    await disaster.plant("UPDATE bookings SET card_due = '2026-11-22T03:00:00Z' WHERE id = '{booking}'")
    await disaster.restore()
    await disaster.deliver()
    booking = await disaster.input_of(_start("booking.start"), disaster.run("booking.start"))
    # The money is there: the run must not wait for it, and must not let the hold end.
    assert booking.resumed
    assert booking.carried.payment.status is PaymentStatus.CAPTURED
    assert booking.carried.card_due == datetime.fromisoformat("2026-11-22T03:00:00Z")
    verification = await disaster.input_of(_start("verification.start"), disaster.run("verification.start"))
    assert (verification.status, verification.round) == (ReviewStatus.INFO_REQUESTED, 2)
    assert verification.since == datetime.fromisoformat("2026-11-02T00:00:00Z")
    rollout = await disaster.input_of(_start("flag_rollout.start"), disaster.run("flag_rollout.start"))
    assert (rollout.flag, rollout.first_step, len(rollout.plan.steps)) == ("new.calendar", 2, 2)
    notice = await disaster.input_of(_start("notice.start"), disaster.run("notice.start"))
    (clock,) = await data.rows(disaster.pool, "SELECT now() AS now")
    assert notice.give_up_at > clock["now"] + timedelta(hours=23)


async def test_order_for_a_row_that_ended_meanwhile_starts_nothing(disaster: Disaster) -> None:
    await disaster.restore()
    await disaster.plant("UPDATE refunds SET status = 'succeeded' WHERE id = '{refund}'")
    await disaster.deliver()
    found = [run.id async for run in disaster.temporal.list_workflows(f"WorkflowId = '{disaster.run('refund.start')}'")]
    assert found == []


async def test_run_that_ended_is_replaced_only_where_the_row_needs_an_open_one(disaster: Disaster) -> None:
    await disaster.restore()
    await disaster.deliver()
    for command in ("refund.start", "dispute.start"):
        await disaster.end(disaster.run(command))
    again = await disaster.restore()
    # The run of a dispute ends with the last reminder.
    assert (again["refund"].missing, again["dispute"].missing) == (1, 0)
    await disaster.deliver()
    assert await disaster.status(disaster.run("refund.start")) is WorkflowExecutionStatus.RUNNING


async def test_command_that_waits_in_the_outbox_is_no_missing_run(disaster: Disaster) -> None:
    about = {"refund_id": disaster.ids["refund"], "business_id": disaster.ids["business"]}
    payload = {**about, "booking_id": disaster.ids["booking"]}
    async with disaster.pool.unit_of_work(Scope.platform()) as work:
        await work.platform.outbox.add("refund.requested", disaster.run("refund.start"), None, payload, START_REFUND)
    assert (await disaster.restore())["refund"].missing == 0


async def test_open_run_without_a_row_is_listed_and_not_touched(disaster: Disaster) -> None:
    lost = f"refund/{uuid4()}"
    refund = _start("refund.start")
    start = TypeAdapter(refund.payload).validate_python(
        {"refund_id": lost[7:], "business_id": uuid4(), "booking_id": uuid4()}
    )
    await disaster.temporal.start_workflow(
        refund.workflow, start, id=lost, task_queue=refund.queue, id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE
    )
    await _until_listed(disaster.temporal, lost)
    found = (await disaster.restore())["refund"]
    assert lost in found.without_row
    assert f"  {lost}" in describe(RunsRestored([found])).splitlines()
    assert await disaster.status(lost) is WorkflowExecutionStatus.RUNNING


async def _until_listed(temporal: Client, run: str) -> None:
    """Temporal's list is a moment behind."""
    for _ in range(200):
        if [each async for each in temporal.list_workflows(f"WorkflowId = '{run}'")]:
            return
        await asyncio.sleep(0.05)


@pytest.mark.parametrize("outcome", [None, "succeeded"])
async def test_movement_without_an_outcome_is_ordered_again(disaster: Disaster, outcome: str | None) -> None:
    paid = (
        "UPDATE bookings SET status = 'completed' WHERE id = '{booking}';"
        " INSERT INTO payment_transactions (business_id, payment_id, movement_id, movement, phase, amount, currency)"
        " VALUES ('{business}', '{payment}', 'm1', 'capture', 'intended', 100, 'JPY')"
    )
    await disaster.plant(
        paid + (f", ('{{business}}', '{{payment}}', 'm1', 'capture', '{outcome}', 100, 'JPY')" if outcome else "")
    )
    found = await disaster.restore()
    assert found["booking"].rows == (0 if outcome else 1)
    await disaster.deliver()
    if outcome:
        return
    assert await _ordered(disaster) == ["m1"]


async def test_void_of_a_surplus_intent_is_ordered_again_for_that_intent(disaster: Disaster) -> None:
    """An authorization was renewed, and the run was lost before it had voided the former intent. When the void has its
    outcome, the booking needs no run any more."""
    movement = "renew:1:surplus"
    values = "'{business}', '{payment}', '" + movement + "', 'void'"
    ledger = (
        " INSERT INTO payment_transactions"
        " (business_id, payment_id, movement_id, movement, phase, amount, currency, provider_ref)"
    )
    await disaster.plant(
        "UPDATE bookings SET status = 'completed' WHERE id = '{booking}';"
        + f"{ledger} VALUES ({values}, 'intended', 100, 'JPY', 'pi_former')"
    )
    assert (await disaster.restore())["booking"].rows == 1
    await disaster.deliver()
    assert await _ordered(disaster) == [movement]
    async with disaster.pool.unit_of_work(Scope.platform()) as work:
        task = await work.payments.orders.find_order(movement)
    assert task is not None
    assert (task.movement, task.intent_id, task.amount) == (Movement.VOID, "pi_former", 100)
    await disaster.plant(f"{ledger} VALUES ({values}, 'succeeded', 100, 'JPY', 'pi_former')")
    assert (await disaster.restore())["booking"].rows == 0


async def _ordered(disaster: Disaster) -> list[str]:
    """The movements that the restored run of the booking was asked for."""
    sent = await signals_of(disaster.temporal.get_workflow_handle(disaster.run("booking.start")), 1)
    assert {name for name, _ in sent} == {"move_money"}
    return [asked["movement_id"] for _, asked in sent]
