"""Money at the venue over HTTP: recorded once, corrected by entries, and counted in the till of its day."""

import asyncio
from typing import Any

import pytest
from httpx import Response
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from db.engine.session import Database as Pool
from tests.api.conftest import Person, error_of
from tests.api.salon import StaffedSalon, keyed
from tests.support import data


def yen(amount: int) -> dict[str, Any]:
    return {"amount": amount, "currency": "JPY"}


async def visit(salon: StaffedSalon, pool: Pool, hour: int = 10, **more: Any) -> str:
    """The id of a checked-in booking of 6600 yen, 1320 of them paid online."""
    booking = await data.add_booking(
        pool, salon.ids, salon.at(hour), status="checked_in", amount_due=1320, payment_mode="deposit", **more
    )
    await data.add_payment(pool, salon.ids, booking, status="captured", amount=1320)
    return str(booking)


async def record(
    person: Person, booking: str, amount: int | None = None, key: str | None = None, **more: Any
) -> Response:
    body = {"booking_id": booking, "method": "cash", **({} if amount is None else {"amount": yen(amount)}), **more}
    return await person.post("/venue-payments", json=body, headers=keyed(key))


async def correct(person: Person, entry: str, amount: int, **more: Any) -> Response:
    body = {"amount": yen(amount), "reason": "amount", **more}
    return await person.post(f"/venue-payments/{entry}/correct", json=body, headers=keyed())


async def till(person: Person, salon: StaffedSalon, step: str, amount: int) -> Response:
    name = "opening" if step == "open" else "counted"
    return await person.post(
        f"/tills/{step}", json={"business_id": str(salon.ids.business_id), name: yen(amount)}, headers=keyed()
    )


async def report(person: Person, salon: StaffedSalon) -> Response:
    return await person.get("/tills/report", params={"business_id": str(salon.ids.business_id)})


async def test_day_at_the_venue_is_counted_by_person_and_method(salon: StaffedSalon, pool: Pool) -> None:
    first, second = await visit(salon, pool), await visit(salon, pool, 12)
    assert (await till(salon.staff, salon, "open", 30_000)).status_code == 201
    assert error_of(await till(salon.staff, salon, "open", 1)) == (409, "wrong_state")
    assert error_of(await record(salon.staff, first, 5281)) == (422, "amount_refused")
    paid = await record(salon.staff, first, 5280, key="v-1")
    assert paid.status_code == 201, paid.text
    assert (await record(salon.staff, first, 5280, key="v-1")).content == paid.content
    assert (await record(salon.staff, second, 5000, method="card")).status_code == 201
    back = await record(salon.staff, first, 280, kind="refund")
    assert back.json()["data"]["amount"] == yen(-280)
    wrong = paid.json()["data"]["id"]
    entries = (await correct(salon.staff, wrong, 4280)).json()["data"]["entries"]
    assert [(one["kind"], one["amount"]["amount"], one["corrects"]) for one in entries] == [
        ("reversal", -5280, wrong),
        ("payment", 4280, wrong),
    ]
    assert error_of(await correct(salon.staff, wrong, 100)) == (409, "wrong_state")
    shown = (await salon.owner.get("/venue-payments", params={"booking_id": first})).json()["data"]["entries"]
    assert sum(one["amount"]["amount"] for one in shown) == 4000
    closed = (await till(salon.staff, salon, "close", 33_900)).json()["data"]
    assert (closed["expected"], closed["difference"]) == (yen(34_000), yen(-100))
    assert error_of(await till(salon.staff, salon, "close", 1)) == (409, "wrong_state")
    refused = await record(salon.staff, first, 100)
    assert (error_of(refused), refused.json()["error"]["details"]["rule"]) == ((422, "rule_broken"), "till_closed")
    [person] = (await report(salon.owner, salon)).json()["data"]["people"]
    assert person["till"] == closed
    assert person["expected_cash"] == yen(34_000)
    sums = {
        one["method"]: [one[name]["amount"] for name in ("taken", "returned", "corrected", "net")]
        for one in person["methods"]
    }
    assert sums == {"cash": [5280, 280, -1000, 4000], "card": [5000, 0, 0, 5000]}
    assert (await till(salon.staff, salon, "open", 0)).json()["data"]["opening"] == yen(30_000)
    assert (await record(salon.staff, first, 100)).status_code == 201


async def test_payments_at_the_venue_are_for_those_who_work_there(salon: StaffedSalon, pool: Pool) -> None:
    booking = await visit(salon, pool)
    for person in (salon.assistant, salon.customer):
        assert error_of(await record(person, booking)) == (403, "forbidden")
    assert error_of(await till(salon.assistant, salon, "open", 0)) == (403, "forbidden")
    assert error_of(await report(salon.staff, salon)) == (403, "forbidden")
    assert error_of(await record(salon.other_owner, booking)) == (404, "not_found")
    entry = (await record(salon.owner, booking)).json()["data"]["id"]
    assert error_of(await correct(salon.other_owner, entry, 0)) == (404, "not_found")
    assert error_of(await report(salon.other_owner, salon)) == (404, "not_found")


async def test_payments_at_the_same_time_never_take_more_than_the_price(salon: StaffedSalon, pool: Pool) -> None:
    booking = await visit(salon, pool)
    answers = await asyncio.gather(*(record(salon.staff, booking, 3000) for _ in range(4)))
    assert sorted(answer.status_code for answer in answers) == [201, 422, 422, 422]


async def test_entries_at_the_venue_cannot_be_changed(salon: StaffedSalon, pool: Pool) -> None:
    await record(salon.staff, await visit(salon, pool))
    for change in ("UPDATE venue_payments SET amount = 1", "DELETE FROM venue_payments"):
        with pytest.raises(DBAPIError, match="permission denied"):
            async with pool.unit_of_work(salon.ids.scope) as work:
                await work.session.execute(text(change))
