"""The evidence of a dispute is sent to the bank once, by the owner or by the setting; PAY.JP gets a file."""

import asyncio
import io
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from pypdf import PdfReader
from temporalio.testing import ActivityEnvironment

from activities.payments.disputes import DisputeActivities, DisputeStepInput
from db.engine.session import Database as Pool
from domain.payments.provider_events import DisputeEvent, ProviderEvent
from domain.payments.status import DisputeStatus
from providers.payments import stripe
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


def shown_at_stripe(sandbox: Sandbox, path: str) -> Any:
    key = sandbox.settings().stripe_api_key.get_secret_value()
    return sandbox.http.get(f"{sandbox.url}/v1/{path}", auth=(key, "")).json()


def submissions(sandbox: Sandbox, dispute_id: str) -> int:
    return int(shown_at_stripe(sandbox, f"disputes/{dispute_id}")["evidence_details"]["submission_count"])


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


def uploaded(sandbox: Sandbox) -> list[Any]:
    listed: list[Any] = shown_at_stripe(sandbox, "files")["data"]
    return listed


def text_of(sandbox: Sandbox, file_id: str) -> str:
    content = sandbox.http.get(f"{sandbox.url}/sandbox/files/{file_id}").content
    return "\n".join(page.extract_text() for page in PdfReader(io.BytesIO(content)).pages)


async def test_evidence_goes_with_its_files_which_are_uploaded_once(
    salon: StaffedSalon, pool: Pool, sandbox: Sandbox, clock: Clock
) -> None:
    sandbox.reset()
    path, row = await disputed(salon, pool, sandbox, clock)
    payment = path.split("/disputes")[0]
    receipt = (await salon.owner.post(f"{payment}/receipt", json={})).json()["data"]
    await data.rows(pool, "UPDATE payment_disputes SET evidence = NULL RETURNING id")
    await data.rows(
        pool,
        "INSERT INTO notification_outbox (business_id, booking_id, kind, audience, dedupe_key, facts, channel, status)"
        " SELECT business_id, booking_id, 'booking_confirmed', 'customer', 'k', '{}', 'email', 'sent'"
        " FROM payment_disputes RETURNING id",
    )
    await Desk(pool, salon.ids).within(lambda work: work.payments.disputes.gather(row["id"]))
    assert uploaded(sandbox) == [], "nothing before a person or the deadline says so"
    sandbox.fault("disputes.update", "error_500")
    assert error_of(await salon.owner.post(f"{path}/submit")) == (503, "unavailable")
    assert submissions(sandbox, row["provider_dispute_id"]) == 0
    assert (await salon.owner.post(f"{path}/submit")).status_code == 200
    assert submissions(sandbox, row["provider_dispute_id"]) == 1
    files = {one["filename"]: one for one in uploaded(sandbox)}
    assert len(uploaded(sandbox)) == len(files) == 3, "the second try has used the files of the first"
    assert {one["purpose"] for one in files.values()} == {"dispute_evidence"}
    sent = shown_at_stripe(sandbox, f"disputes/{row['provider_dispute_id']}")["evidence"]
    assert (sent["receipt"], sent["cancellation_policy"], sent["customer_communication"]) == (
        files["receipt.pdf"]["id"],
        files["policy.pdf"]["id"],
        files["messages.pdf"]["id"],
    )
    assert receipt["number"] in text_of(sandbox, sent["receipt"])
    assert "No-show:" in text_of(sandbox, sent["cancellation_policy"])
    assert "booking_confirmed by email" in text_of(sandbox, sent["customer_communication"])


async def test_evidence_without_a_receipt_has_no_file_of_it(
    salon: StaffedSalon, pool: Pool, sandbox: Sandbox, clock: Clock
) -> None:
    """A receipt is issued when somebody asks for it, and a dispute asks for none."""
    sandbox.reset()
    path, _ = await disputed(salon, pool, sandbox, clock)
    assert (await salon.owner.post(f"{path}/submit")).status_code == 200
    assert "receipt.pdf" not in {one["filename"] for one in uploaded(sandbox)}
    assert await data.rows(pool, "SELECT id FROM receipts") == []


async def test_evidence_is_sent_also_if_a_receipt_was_issued_after_a_try_that_failed(
    salon: StaffedSalon, pool: Pool, sandbox: Sandbox, clock: Clock
) -> None:
    """The key of the first try, which Stripe keeps with its parameters, would be refused for a day."""
    sandbox.reset()
    path, row = await disputed(salon, pool, sandbox, clock)
    sandbox.fault("disputes.update", "error_500", stored=True)
    assert error_of(await salon.owner.post(f"{path}/submit")) == (503, "unavailable")
    assert (await salon.owner.post(f"{path.split('/disputes')[0]}/receipt", json={})).status_code == 201
    sent = await salon.owner.post(f"{path}/submit")
    assert sent.status_code == 200, sent.text
    assert shown_at_stripe(sandbox, f"disputes/{row['provider_dispute_id']}")["evidence"]["receipt"]


async def test_evidence_is_sent_an_hour_after_an_error_that_stripe_repeats_for_a_day(
    salon: StaffedSalon, pool: Pool, sandbox: Sandbox, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    sandbox.reset()
    path, row = await disputed(salon, pool, sandbox, clock)
    sandbox.fault("disputes.update", "error_500", stored=True)
    first = datetime(2026, 12, 1, 3, 10, tzinfo=UTC)
    for at, status in ((first, 503), (first + timedelta(minutes=49), 503), (first + timedelta(hours=1), 200)):
        monkeypatch.setattr(stripe, "_now", lambda at=at: at)
        assert (await salon.owner.post(f"{path}/submit")).status_code == status
    assert submissions(sandbox, row["provider_dispute_id"]) == 1
    assert len({one["filename"] for one in uploaded(sandbox)}) == len(uploaded(sandbox))


async def test_evidence_that_stripe_refuses_is_said_in_words_about_evidence(
    salon: StaffedSalon, pool: Pool, sandbox: Sandbox, clock: Clock
) -> None:
    """It said that another card should be tried."""
    path, row = await disputed(salon, pool, sandbox, clock)
    sandbox.post(f"/sandbox/disputes/{row['provider_dispute_id']}/lost")
    refused = await salon.owner.post(f"{path}/submit")
    assert (error_of(refused), refused.json()["error"]["details"]["rule"]) == ((422, "rule_broken"), "evidence_refused")
    assert "evidence" in refused.json()["message"]
    [kept] = await data.rows(pool, "SELECT evidence_sent_at FROM payment_disputes")
    assert kept["evidence_sent_at"] is None
