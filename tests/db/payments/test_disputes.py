"""Disputes: one row each with its deadline, evidence, outcome and fee, in whichever order the events come."""

import asyncio
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from db.engine.session import UnitOfWork
from domain.errors import NotFound
from domain.payments.provider_events import DisputeEvent, ProviderEvent
from domain.payments.status import DisputeStatus
from tests.support.data import NOW, add_booking, add_payment, add_salon, rows
from tests.support.desk import Desk, minutes
from workflows.support import ids

DUE = NOW + timedelta(days=7)


def said(status: DisputeStatus, **values: Any) -> ProviderEvent:
    """An event about the dispute of 6600 yen."""
    return ProviderEvent(dispute=DisputeEvent("du_1", status, 6600, "fraudulent", **values))


async def paid(desk: Desk) -> tuple[UUID, str]:
    """A visit that was paid: the payment's id and the intent's."""
    booking_id = await add_booking(desk.database, desk.salon, status="completed", amount_due=6600)
    name = f"pi_{uuid4().hex}"
    return await add_payment(desk.database, desk.salon, booking_id, status="captured", provider_intent_id=name), name


async def hear(desk: Desk, name: str, event: ProviderEvent, at: int = 1) -> None:
    webhook_id = await desk.receive(f"evt_{uuid4().hex}", name, event, NOW + minutes(at))
    assert webhook_id is not None
    for _ in range(2):
        await desk.apply(webhook_id)


async def disputes(desk: Desk, payment_id: UUID) -> Any:
    return await desk.within(lambda work: work.payments.disputes.list_(payment_id))


async def test_dispute_starts_one_run_with_its_deadline(desk: Desk) -> None:
    payment_id, name = await paid(desk)
    for at in (1, 2):
        await hear(desk, name, said(DisputeStatus.OPEN, due_at=DUE), at)
    (dispute,) = await disputes(desk, payment_id)
    assert (dispute.status, dispute.amount, dispute.due_at, dispute.fee) == (DisputeStatus.OPEN, 6600, DUE, None)
    (started,) = await desk.outbox_commands("dispute.start")
    assert started["aggregate"] == f"dispute/{dispute.id}"
    assert started["payload"]["due_at"] == DUE.isoformat()


async def test_dispute_starts_another_run_for_a_deadline_that_comes_later(desk: Desk) -> None:
    """An inquiry has no deadline; when it becomes a chargeback it gets one, and then the bank may move it."""
    payment_id, name = await paid(desk)
    moved = DUE + timedelta(days=3)
    for at, due_at in enumerate((None, DUE, DUE, moved, None), 1):
        await hear(desk, name, said(DisputeStatus.OPEN, due_at=due_at), at)
    (dispute,) = await disputes(desk, payment_id)
    assert dispute.due_at == moved
    started = await desk.outbox_commands("dispute.start")
    assert [one["payload"]["due_at"] for one in started] == [None, DUE.isoformat(), moved.isoformat()]
    assert len({ids.dispute(dispute.id, due_at) for due_at in (None, DUE, moved)}) == 3
    await hear(desk, name, said(DisputeStatus.LOST, due_at=DUE), 6)
    assert len(await desk.outbox_commands("dispute.start")) == 3


async def test_dispute_keeps_its_newer_deadline_when_an_older_event_comes_late(desk: Desk) -> None:
    payment_id, name = await paid(desk)
    moved = DUE + timedelta(days=3)
    await hear(desk, name, said(DisputeStatus.OPEN, due_at=moved), 5)
    await hear(desk, name, said(DisputeStatus.OPEN, due_at=DUE), 1)
    (dispute,) = await disputes(desk, payment_id)
    assert dispute.due_at == moved
    assert len(await desk.outbox_commands("dispute.start")) == 1


async def test_remind_of_a_deadline_that_was_moved_is_left_to_the_newer_run(desk: Desk) -> None:
    payment_id, name = await paid(desk)
    moved = DUE + timedelta(days=3)
    for at, due_at in enumerate((DUE, moved), 1):
        await hear(desk, name, said(DisputeStatus.OPEN, due_at=due_at), at)
    (dispute,) = await disputes(desk, payment_id)

    async def remind(due_at: Any) -> Any:
        return await desk.within(lambda work: work.payments.disputes.remind(dispute.id, NOW, due_at))

    assert await remind(DUE) is False
    assert await desk.attention() == ["dispute"]
    assert await remind(moved) is True
    assert await desk.attention() == ["dispute", "dispute_due"]


async def test_dispute_that_a_person_has_seen_is_not_filed_again_by_an_update(desk: Desk) -> None:
    _, name = await paid(desk)
    await hear(desk, name, said(DisputeStatus.OPEN, due_at=DUE))
    resolve = "UPDATE attention SET resolved_at = now(), resolution = 'seen' WHERE business_id = :id RETURNING id"
    await rows(desk.database, resolve, id=desk.salon.business_id)
    unresolved = "SELECT kind FROM attention WHERE business_id = :id AND resolved_at IS NULL"
    await hear(desk, name, said(DisputeStatus.OPEN, due_at=DUE, fee=1500), 2)
    assert await rows(desk.database, unresolved, id=desk.salon.business_id) == []
    await hear(desk, name, said(DisputeStatus.LOST, due_at=DUE), 3)
    assert await rows(desk.database, unresolved, id=desk.salon.business_id) == [{"kind": "dispute"}]


@pytest.mark.parametrize(("outcome", "status"), [(DisputeStatus.WON, "captured"), (DisputeStatus.LOST, "disputed")])
async def test_dispute_keeps_outcome_and_fee_also_when_they_come_first(
    desk: Desk, outcome: DisputeStatus, status: str
) -> None:
    payment_id, name = await paid(desk)
    await hear(desk, name, said(outcome, due_at=DUE, fee=1500), 2)
    await hear(desk, name, said(DisputeStatus.OPEN, due_at=DUE), 1)
    (dispute,) = await disputes(desk, payment_id)
    assert (dispute.status, dispute.fee, dispute.closed_at) == (outcome, 1500, NOW)
    assert (await desk.payment(payment_id))["status"] == status
    assert await desk.outbox_commands("dispute.start") == []


async def test_gather_stores_the_evidence_of_the_opening_once(desk: Desk) -> None:
    payment_id, name = await paid(desk)
    await hear(desk, name, said(DisputeStatus.OPEN, due_at=DUE))
    (dispute,) = await disputes(desk, payment_id)
    assert dispute.evidence is None
    # Eight o'clock in Tokyo is the day before in UTC.
    morning = (
        "UPDATE bookings SET start_at = date '2026-12-01' + time '23:00', end_at = date '2026-12-02' + time '00:00'"
    )
    await rows(desk.database, morning)

    async def gather(work: UnitOfWork) -> None:
        await work.payments.disputes.gather(dispute.id)

    await asyncio.gather(desk.within(gather), desk.within(gather))
    (found,) = await disputes(desk, payment_id)
    assert set(found.evidence) == {"booking", "history", "movements", "receipts", "messages"}
    assert found.evidence["booking"]["status"] == "completed"
    assert found.evidence["booking"]["service_on"] == "2026-12-02"
    assert [(one["movement"], one["phase"], one["amount"]) for one in found.evidence["movements"]] == [
        ("capture", "succeeded", 6600),
        ("dispute", "intended", 6600),
    ]
    await rows(desk.database, "UPDATE bookings SET contact_proven_at = now() WHERE id = :id", id=dispute.booking_id)
    await desk.within(gather)
    assert (await disputes(desk, payment_id))[0].evidence == found.evidence


async def test_remind_files_one_item_which_the_outcome_closes(desk: Desk) -> None:
    payment_id, name = await paid(desk)
    await hear(desk, name, said(DisputeStatus.OPEN, due_at=DUE))
    (dispute,) = await disputes(desk, payment_id)
    for at in (NOW, NOW + timedelta(days=6)):
        assert await desk.within(lambda work, now=at: work.payments.disputes.remind(dispute.id, now)) is True
    assert await desk.attention() == ["dispute", "dispute_due"]
    assert await desk.within(lambda work: work.payments.disputes.remind(dispute.id, DUE)) is False
    await hear(desk, name, said(DisputeStatus.WON), 3)
    assert await desk.within(lambda work: work.payments.disputes.remind(dispute.id, NOW)) is False
    [item] = await rows(
        desk.database,
        "SELECT resolution FROM attention WHERE business_id = :id AND kind = 'dispute_due'",
        id=desk.salon.business_id,
    )
    assert item["resolution"] == "won"


async def test_dispute_of_another_business_is_not_found(desk: Desk) -> None:
    payment_id, name = await paid(desk)
    await hear(desk, name, said(DisputeStatus.OPEN, due_at=DUE))
    (dispute,) = await disputes(desk, payment_id)
    other = Desk(desk.database, await add_salon(desk.database))
    assert await disputes(other, payment_id) == []
    for step in (
        lambda work: work.payments.disputes.gather(dispute.id),
        lambda work: work.payments.disputes.remind(dispute.id, NOW),
    ):
        with pytest.raises(NotFound):
            await other.within(step)
