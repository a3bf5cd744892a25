"""How many unpaid vouchers callers without a proven address may have at one business, over HTTP."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from datetime import timedelta
from typing import Any

import pytest_asyncio
from httpx import Response

from api.access.guest_links import HEADER
from api.app import create_app
from db.engine.session import Database as Pool
from providers.cache.interface import Cache
from providers.payments.interface import PaymentProvider
from tests.api.conftest import PREFIX, Clock
from tests.api.payments.payment_requests import RETURN, confirm, intent
from tests.api.salon import StaffedSalon, keyed, staffed_salon
from tests.support import data, servers

LIMIT = 6


@pytest_asyncio.fixture
async def salon(
    database: servers.Database, pool: Pool, clock: Clock, providers: Mapping[str, PaymentProvider], redis_cache: Cache
) -> AsyncIterator[StaffedSalon]:
    """Offers vouchers, behind a proxy, so that each caller has an own network."""
    settings = database.settings(
        temporal_address="127.0.0.1:1", public_url="https://book.example", trusted_proxies='["127.0.0.0/8"]'
    )
    app = create_app(settings, database=pool, cache=redis_cache, payments=providers, password_rounds=4, now=clock.now)
    async with app.router.lifespan_context(app), staffed_salon(app, pool, clock) as opened:
        await data.rows(pool, "UPDATE business_settings SET konbini_days = 2, unproven_holds = :n", n=LIMIT)
        yield opened


class Guest:
    """A caller who chooses every field again each time, the network too."""

    def __init__(self, salon: StaffedSalon, n: int) -> None:
        self.salon, self.n = salon, n
        self.headers = {
            "X-Forwarded-For": f"198.51.{n}.7",
            "User-Agent": f"agent {n}",
            "Accept-Language": "ja" if n % 2 else "en",
        }

    async def post(self, path: str, body: dict[str, Any]) -> Response:
        return await self.salon.nobody.post(f"{PREFIX}{path}", json=body, headers={**self.headers, **keyed()})

    async def opened(self) -> dict[str, Any]:
        """A booking with its payment."""
        name = {"family_name": chr(0x4E00 + self.n), "given_name": "愛"}
        guest = {**name, "email": f"g{self.n}@example.jp", "phone": f"+8190111133{self.n:02}"}
        start = self.salon.at(9 + self.n, days=7)
        made = await self.post("/bookings", self.salon.booking_body(start, guest=guest))
        assert made.status_code == 201, made.text
        self.headers[HEADER] = made.json()["data"]["guest_token"]
        answer = await self.post("/payments/intent", {"booking_id": made.json()["data"]["id"]})
        assert answer.status_code == 201, answer.text
        read: dict[str, Any] = answer.json()["data"]
        return read

    async def voucher(self, payment_id: str, card: str = "konbini") -> Response:
        body = {"payment_id": payment_id, "payment_method": card, "return_url": RETURN}
        return await self.post("/payments/confirm", body | {"email": f"other{self.n}@example.jp"})


async def test_vouchers_of_rotating_callers_leave_half_of_the_time_to_others(
    salon: StaffedSalon, pool: Pool, clock: Clock
) -> None:
    guests = [Guest(salon, n) for n in range(LIMIT - 1)]
    opened = [await guest.opened() for guest in guests]
    answers = [await guest.voucher(read["payment_id"]) for guest, read in zip(guests, opened, strict=True)]
    assert [answer.status_code for answer in answers] == [200] * (LIMIT // 2) + [422] * (LIMIT // 2 - 1)
    for answer in answers[LIMIT // 2 :]:
        assert answer.json()["error"]["details"] == {"rule": "konbini_not_offered"}
    assert {answer.json()["message"].isascii() for answer in answers[LIMIT // 2 :]} == {True, False}
    late = Guest(salon, LIMIT - 1)
    assert (await late.opened())["methods"] == ["card"], "it is not offered either"
    again = await guests[0].voucher(opened[0]["payment_id"])
    assert again.status_code == 200, "who has one can have another in its place"
    card = await guests[-1].voucher(opened[-1]["payment_id"], "pm_card_visa")
    assert card.json()["data"]["status"] == "captured"
    # A login with a proven address is not counted.
    made = await salon.customer.post("/bookings", json=salon.booking_body(salon.at(16, days=7)), headers=keyed())
    mine = (await intent(salon.customer, made.json()["data"]["id"])).json()["data"]
    assert mine["methods"] == ["card", "konbini"]
    assert (await confirm(salon.customer, mine["payment_id"], "konbini")).status_code == 200
    # One that has ended makes room.
    await data.rows(
        pool,
        "UPDATE bookings SET hold_expires_at = now() WHERE id IN (SELECT booking_id FROM"
        " booking_payments WHERE id::text = :id)",
        id=opened[0]["payment_id"],
    )
    clock.ahead += timedelta(seconds=1)
    assert (await guests[3].voucher(opened[3]["payment_id"])).status_code == 200


async def test_vouchers_that_are_asked_for_at_the_same_moment_all_count(salon: StaffedSalon) -> None:
    guests = [Guest(salon, n) for n in range(LIMIT - 1)]
    opened = [await guest.opened() for guest in guests]
    asked = (guest.voucher(read["payment_id"]) for guest, read in zip(guests, opened, strict=True))
    codes = sorted([answer.status_code for answer in await asyncio.gather(*asked)])
    assert codes == [200] * (LIMIT // 2) + [422] * (LIMIT // 2 - 1)


async def test_voucher_that_a_card_ended_counts_no_more(salon: StaffedSalon) -> None:
    guests = [Guest(salon, n) for n in range(LIMIT // 2 + 1)]
    opened = [await guest.opened() for guest in guests]
    for guest, read in zip(guests[:-1], opened[:-1], strict=True):
        assert (await guest.voucher(read["payment_id"])).status_code == 200
    assert (await guests[-1].voucher(opened[-1]["payment_id"])).status_code == 422
    declined = await guests[0].voucher(opened[0]["payment_id"], "pm_card_chargeDeclined")
    assert declined.status_code == 422, "which ends the voucher"
    assert (await guests[-1].voucher(opened[-1]["payment_id"])).status_code == 200
