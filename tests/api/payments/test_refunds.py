"""Giving money back by hand: never more than there is, never twice, and by managers and owners alone."""

from typing import Any
from uuid import uuid4

from httpx import Response

from api.http.envelope import Envelope
from api.v1.payments.payments.schemas import PaymentWithRefundsRead, RefundRead
from db.engine.session import Database as Pool
from tests.api.conftest import Person, error_of
from tests.api.payments.payment_requests import opened, paid
from tests.api.salon import WRITTEN, StaffedSalon, counted, keyed
from tests.support import data


async def refund(person: Person, payment_id: str, amount: object = None, key: str | None = None) -> Response:
    body: dict[str, Any] = {"reason": "goodwill"}
    if amount is not None:
        body["amount"] = {"amount": amount, "currency": "JPY"} if isinstance(amount, int) else amount
    return await person.post(f"/payments/{payment_id}/refund", json=body, headers=keyed(key))


async def test_part_and_then_the_rest(salon: StaffedSalon, pool: Pool) -> None:
    payment = await paid(salon, pool)
    first = await refund(salon.owner, payment, 3000, key="r-1")
    assert first.status_code == 201, first.text
    read = Envelope[RefundRead].model_validate_json(first.content, extra="forbid").data
    assert (read.amount.amount, read.status, read.reason) == (3000, "requested", "goodwill")
    assert (await refund(salon.owner, payment, 3000, key="r-1")).content == first.content
    [event] = await data.rows(pool, "SELECT payload FROM outbox WHERE command = 'refund.start'")
    assert event["payload"]["refund_id"] == str(read.id)
    too_much = await refund(salon.owner, payment, 3601)
    assert error_of(too_much) == (422, "amount_refused")
    assert too_much.json()["error"]["details"] == {"available": 3600, "currency": "JPY"}
    rest = await refund(salon.owner, payment)
    assert rest.json()["data"]["amount"]["amount"] == 3600
    assert error_of(await refund(salon.owner, payment)) == (422, "amount_refused")
    shown = (await salon.customer.get(f"/payments/{payment}")).content
    assert [one.amount.amount for one in Envelope[PaymentWithRefundsRead].model_validate_json(shown).data.refunds] == [
        3000,
        3600,
    ]


async def test_refused_refunds_write_nothing(salon: StaffedSalon, pool: Pool) -> None:
    payment = await paid(salon, pool)
    unpaid = await opened(salon, 12)
    before = await counted(pool, *WRITTEN)
    for amount, expected in (
        (6601, "amount_refused"),
        (0, "amount_refused"),
        (-1, "invalid_input"),
        ({"amount": 100, "currency": "USD"}, "currency_mismatch"),
        ({"amount": 100, "currency": "XXX"}, "currency_mismatch"),
        ({"amount": 1.5, "currency": "JPY"}, "invalid_input"),
        ({"amount": 10**30, "currency": "JPY"}, "invalid_input"),
    ):
        answer = await refund(salon.owner, payment, amount)
        assert error_of(answer) == (422, expected), amount
    assert error_of(await refund(salon.owner, unpaid, 100)) == (409, "wrong_state")
    for person in (salon.staff, salon.assistant, salon.customer):
        assert error_of(await refund(person, payment, 100)) == (403, "forbidden")
    theirs, unknown = await refund(salon.other_owner, payment, 100), await refund(salon.other_owner, str(uuid4()), 100)
    assert error_of(theirs) == error_of(unknown) == (404, "not_found")
    assert theirs.json()["error"] == unknown.json()["error"]
    bare = await salon.owner.post(f"/payments/{payment}/refund", json={})
    assert error_of(bare) == (422, "idempotency_key_required")
    assert await counted(pool, *WRITTEN) == before
