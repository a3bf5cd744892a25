"""The evidence of a dispute is sent to the bank once, by the owner or by the setting; PAY.JP gets a file."""

import asyncio
from datetime import timedelta
from typing import Any
from uuid import UUID

from temporalio.testing import ActivityEnvironment

from activities.payments.disputes import DisputeActivities, DisputeStepInput
from db.engine.session import Database as Pool
from domain.payments.provider_events import DisputeEvent, ProviderEvent
from domain.payments.status import DisputeStatus
from providers.payments.registry import PaymentProviders
from tests.api.conftest import Clock, error_of
from tests.api.payments.payment_requests import paid
from tests.api.salon import StaffedSalon
from tests.support import data
from tests.support.desk import Desk
from tests.support.sandbox import Sandbox


async def disputed(salon: StaffedSalon, pool: Pool, sandbox: Sandbox, clock: Clock) -> tuple[str, Any]:
    """A payment whose dispute has its evidence: the path, and the row."""
    payment_id = await paid(salon, pool)
    [row] = await data.rows(pool, "SELECT provider_intent_id AS intent FROM booking_payments")
    raised = sandbox.post("/sandbox/disputes", {"payment_intent": row["intent"]})
    due_at = clock.now() + timedelta(days=7)
    event = DisputeEvent(raised["id"], DisputeStatus.OPEN, 6600, "fraudulent", due_at=due_at)
    desk = Desk(pool, salon.ids)
    webhook_id = await desk.receive("evt_d", row["intent"], ProviderEvent(dispute=event), clock.now())
    assert webhook_id is not None
    await desk.apply(webhook_id, clock.now())
    [found] = await data.rows(pool, "SELECT id, business_id, due_at, provider_dispute_id FROM payment_disputes")
    await desk.within(lambda work: work.payments.disputes.gather(found["id"]))
    return f"/payments/{payment_id}/disputes/{found['id']}", found


def submissions(sandbox: Sandbox, dispute_id: str) -> int:
    key = sandbox.settings().stripe_api_key.get_secret_value()
    found = sandbox.http.get(f"{sandbox.url}/v1/disputes/{dispute_id}", auth=(key, "")).json()
    return int(found["evidence_details"]["submission_count"])


async def test_evidence_is_sent_once_by_the_owner(
    salon: StaffedSalon, pool: Pool, sandbox: Sandbox, clock: Clock
) -> None:
    path, row = await disputed(salon, pool, sandbox, clock)
    for person in (salon.staff, salon.assistant, salon.customer):
        assert error_of(await person.post(f"{path}/submit")) == (403, "forbidden")
    assert error_of(await salon.other_owner.post(f"{path}/submit")) == (404, "not_found")
    assert submissions(sandbox, row["provider_dispute_id"]) == 0
    answers = await asyncio.gather(*(salon.owner.post(f"{path}/submit") for _ in range(3)))
    assert {answer.status_code for answer in answers} <= {200, 409}
    assert any(answer.status_code == 200 for answer in answers)
    assert submissions(sandbox, row["provider_dispute_id"]) == 1
    [shown] = (await salon.owner.get(path.rpartition("/")[0])).json()["data"]
    assert shown["evidence_sent_at"] is not None
    assert error_of(await salon.owner.post(f"{path}/submit")) == (409, "wrong_state")
    [kept] = await data.rows(pool, "SELECT evidence_sent_by FROM payment_disputes")
    assert kept["evidence_sent_by"] is not None


async def test_evidence_is_a_file_for_every_provider(
    salon: StaffedSalon, pool: Pool, sandbox: Sandbox, clock: Clock
) -> None:
    path, _ = await disputed(salon, pool, sandbox, clock)
    got = await salon.owner.get(f"{path}/evidence")
    assert got.status_code == 200
    assert got.headers["content-type"] == "text/plain; charset=utf-8"
    assert "capture succeeded, 6600" in got.text
    assert error_of(await salon.customer.get(f"{path}/evidence")) == (403, "forbidden")
    await data.rows(pool, "UPDATE booking_payments SET provider = 'payjp_v2' RETURNING id")
    refused = await salon.owner.post(f"{path}/submit")
    assert (error_of(refused), refused.json()["error"]["details"]) == (
        (422, "rule_broken"),
        {"rule": "evidence_by_hand"},
    )


async def test_send_evidence_by_the_setting_sends_once_what_nobody_has_sent(
    salon: StaffedSalon, pool: Pool, sandbox: Sandbox, clock: Clock, providers: PaymentProviders
) -> None:
    _, row = await disputed(salon, pool, sandbox, clock)
    steps = DisputeActivities(pool, providers, clock.now)
    step = DisputeStepInput(UUID(str(row["id"])), UUID(str(row["business_id"])), row["due_at"])

    async def send(**changed: Any) -> bool:
        asked = DisputeStepInput(step.dispute_id, step.business_id, changed.get("due_at", step.due_at))
        sent: bool = await ActivityEnvironment().run(steps.send_evidence, asked)
        return sent

    assert await send() is False, "the business has not chosen it"
    settings = f"/owner/businesses/{salon.ids.business_id}/settings"
    changed = await salon.owner.put(settings, json={"send_dispute_evidence": True})
    assert changed.json()["data"]["send_dispute_evidence"] is True
    assert await send(due_at=row["due_at"] - timedelta(days=1)) is False, "another run has the deadline"
    assert submissions(sandbox, row["provider_dispute_id"]) == 0
    assert await send() is True
    assert await send() is False
    assert submissions(sandbox, row["provider_dispute_id"]) == 1
    [kept] = await data.rows(pool, "SELECT evidence_sent_at, evidence_sent_by FROM payment_disputes")
    assert kept["evidence_sent_at"] is not None
    assert kept["evidence_sent_by"] is None


async def test_send_evidence_by_the_setting_leaves_what_a_provider_refuses_to_a_person(
    salon: StaffedSalon, pool: Pool, sandbox: Sandbox, clock: Clock, providers: PaymentProviders
) -> None:
    _, row = await disputed(salon, pool, sandbox, clock)
    await data.rows(pool, "UPDATE business_settings SET send_dispute_evidence = true RETURNING business_id")
    await data.rows(pool, "UPDATE booking_payments SET provider = 'payjp_v1' RETURNING id")
    step = DisputeStepInput(UUID(str(row["id"])), UUID(str(row["business_id"])), row["due_at"])
    for _ in range(2):
        assert (
            await ActivityEnvironment().run(DisputeActivities(pool, providers, clock.now).send_evidence, step) is False
        )
    filed = await data.rows(pool, "SELECT details FROM attention WHERE kind = 'evidence_unsent'")
    assert [one["details"]["reason"] for one in filed] == ["evidence_by_hand"]
