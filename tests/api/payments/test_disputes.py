"""The disputes of a payment, for the managers of its business."""

from datetime import timedelta
from uuid import UUID

from api.http.envelope import Envelope
from api.v1.payments.disputes.schemas import DisputeRead
from db.engine.session import Database as Pool
from domain.payments.provider_events import DisputeEvent, ProviderEvent
from domain.payments.status import DisputeStatus
from tests.api.conftest import Clock, error_of
from tests.api.salon import StaffedSalon
from tests.support import data
from tests.support.desk import Desk


async def test_get_disputes_shows_deadline_evidence_and_outcome(salon: StaffedSalon, pool: Pool, clock: Clock) -> None:
    desk, now = Desk(pool, salon.ids), clock.now()
    booking_id = await data.add_booking(pool, salon.ids, salon.at(15), status="completed", amount_due=6600)
    payment_id: UUID = await data.add_payment(pool, salon.ids, booking_id, status="captured", provider_intent_id="pi_d")
    path = f"/payments/{payment_id}/disputes"
    assert (await salon.owner.get(path)).json()["data"] == []
    for name, status in (("evt_1", DisputeStatus.OPEN), ("evt_2", DisputeStatus.LOST)):
        event = DisputeEvent("du_1", status, 6600, "fraudulent", due_at=now + timedelta(days=7), fee=1500)
        webhook_id = await desk.receive(name, "pi_d", ProviderEvent(dispute=event), now)
        assert webhook_id is not None
        await desk.apply(webhook_id, now)
        if status is DisputeStatus.OPEN:
            [row] = await data.rows(pool, "SELECT id FROM payment_disputes")
            await desk.within(lambda work, one=row["id"]: work.payments.disputes.gather(one))
    answer = await salon.owner.get(path)
    assert answer.status_code == 200, answer.text
    (found,) = Envelope[list[DisputeRead]].model_validate_json(answer.content, extra="forbid").data
    assert (found.status, found.amount.amount, found.fee and found.fee.amount) == ("lost", 6600, 1500)
    assert found.evidence is not None
    assert found.evidence["booking"]["status"] == "completed"


async def test_get_disputes_is_for_managers(salon: StaffedSalon, pool: Pool) -> None:
    booking_id = await data.add_booking(pool, salon.ids, salon.at(15), status="completed", amount_due=6600)
    payment_id = await data.add_payment(pool, salon.ids, booking_id, status="captured")
    path = f"/payments/{payment_id}/disputes"
    assert error_of(await salon.assistant.get(path)) == (403, "forbidden")
    assert error_of(await salon.other_owner.get(path)) == (404, "not_found")
