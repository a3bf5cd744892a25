"""Capturing and releasing a card hold by hand: managers and owners alone, within what the card holds, once per key."""

from uuid import uuid4

from httpx import Response

from api.http.envelope import Envelope
from api.v1.payments.payments.schemas import MovementRead
from db.engine.session import Database as Pool
from tests.api.conftest import Person, error_of
from tests.api.payments.payment_requests import paid
from tests.api.salon import WRITTEN, StaffedSalon, counted, keyed
from tests.support import data


async def card_hold(salon: StaffedSalon, pool: Pool) -> str:
    """The id of an authorized payment of a confirmed booking."""
    booking = await data.add_booking(
        pool, salon.ids, salon.at(15), status="confirmed", amount_due=6600, payment_mode="card_hold"
    )
    more = {"capture_method": "manual", "authorized": 6600, "provider_intent_id": f"pi_{uuid4().hex}"}
    return str(await data.add_payment(pool, salon.ids, booking, status="authorized", **more))


async def capture(person: Person, payment_id: str, amount: int | None = None, key: str | None = None) -> Response:
    body = {} if amount is None else {"amount": {"amount": amount, "currency": "JPY"}}
    return await person.post(f"/payments/{payment_id}/capture", json=body, headers=keyed(key))


async def void(person: Person, payment_id: str, key: str | None = None) -> Response:
    return await person.post(f"/payments/{payment_id}/void", headers=keyed(key))


async def test_capture_is_ordered_once_per_key(salon: StaffedSalon, pool: Pool) -> None:
    payment = await card_hold(salon, pool)
    assert error_of(await capture(salon.owner, payment, 6601)) == (422, "amount_refused")
    first = await capture(salon.owner, payment, 3000, "c-1")
    assert first.status_code == 201, first.text
    read = Envelope[MovementRead].model_validate_json(first.content, extra="forbid").data
    assert (read.movement, read.amount.amount) == ("capture", 3000)
    assert (await capture(salon.owner, payment, 3000, "c-1")).content == first.content
    assert error_of(await capture(salon.owner, payment, 3000)) == (422, "rule_broken")
    [event] = await data.rows(pool, "SELECT payload FROM outbox WHERE command = 'booking.move_money'")
    assert event["payload"]["payment_id"] == payment


async def test_orders_that_are_refused_write_nothing(salon: StaffedSalon, pool: Pool) -> None:
    payment, captured = await card_hold(salon, pool), await paid(salon, pool)
    before = await counted(pool, *WRITTEN)
    for order in (capture, void):
        assert error_of(await order(salon.owner, captured)) == (409, "wrong_state")
        for person in (salon.staff, salon.assistant, salon.customer):
            assert error_of(await order(person, payment)) == (403, "forbidden")
        assert error_of(await order(salon.other_owner, payment)) == (404, "not_found")
    assert await counted(pool, *WRITTEN) == before


async def test_void_is_ordered_by_the_owner(salon: StaffedSalon, pool: Pool) -> None:
    answer = await void(salon.owner, await card_hold(salon, pool))
    assert answer.status_code == 201, answer.text
    assert answer.json()["data"]["movement"] == "void"
    assert answer.json()["data"]["amount"] == {"amount": 6600, "currency": "JPY"}
