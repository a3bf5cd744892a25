"""An operator delivers stored events again; nobody else does."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from api.http.envelope import Envelope
from api.v1.payments.events.schemas import ReplayRead
from db.engine.session import Database as Pool
from tests.api.conftest import Login, error_of
from tests.api.payments.payment_requests import apply_events, opened
from tests.api.payments.stripe_events import event, signature
from tests.api.payments.test_webhook import send
from tests.api.platform.audit.test_audit import make_admin
from tests.api.salon import StaffedSalon, keyed
from tests.support import data
from tests.support.servers import Database

PATH = "/admin/payment-events/replay"


def today(**more: Any) -> dict[str, Any]:
    now = datetime.now(UTC).replace(microsecond=0)
    return {
        "since": (now - timedelta(days=1)).isoformat(),
        "until": (now + timedelta(days=1)).isoformat(),
        **more,
    }


async def test_replay_delivers_the_event_whose_delivery_was_lost(
    salon: StaffedSalon, pool: Pool, log_in: Login, database: Database
) -> None:
    payment = await opened(salon)
    [row] = await data.rows(pool, "SELECT provider_intent_id FROM booking_payments")
    body = event(row["provider_intent_id"])
    assert (await send(salon, body, signature(body))).status_code == 200
    await data.rows(pool, "DELETE FROM outbox WHERE command = 'booking.payment_event'")
    admin = await log_in()
    await make_admin(admin, database)
    headers = keyed()
    answer = await admin.post(PATH, json=today(), headers=headers)
    assert answer.status_code == 200, answer.text
    assert Envelope[ReplayRead].model_validate_json(answer.content, extra="forbid").data == ReplayRead(
        delivered=1, unmatched=0, unchanged=0
    )
    assert (await admin.post(PATH, json=today(), headers=headers)).status_code in {200, 422}
    await apply_events(pool)
    [row] = await data.rows(pool, "SELECT status, captured FROM booking_payments WHERE id::text = :id", id=payment)
    assert row == {"status": "captured", "captured": 6600}


async def test_replay_is_for_operators(salon: StaffedSalon) -> None:
    for person in (salon.owner, salon.staff, salon.customer):
        assert error_of(await person.post(PATH, json=today())) == (403, "forbidden")


@pytest.mark.parametrize("wrong", [{"until": "2020-01-01T00:00:00Z"}, {"limit": 0}, {"limit": 1001}, {"provider": "x"}])
async def test_replay_refuses_what_is_no_range(log_in: Login, database: Database, wrong: dict[str, Any]) -> None:
    admin = await log_in()
    await make_admin(admin, database)
    assert error_of(await admin.post(PATH, json=today(**wrong))) == (422, "invalid_input")
