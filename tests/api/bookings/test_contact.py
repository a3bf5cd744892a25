"""A booking keeps the contact typed for it; what a caller types joins no record and escapes no limit."""

import asyncio
from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from httpx import Response

from db.engine.session import Database as Pool
from domain.bookings.limits import MAX_OPEN_HOLDS
from domain.messages.kinds import NoticeKind
from tests.api.conftest import PREFIX, error_of
from tests.api.shop import Shop, keyed
from tests.support import data

FIRST = {"family_name": "佐藤", "given_name": "愛", "email": "ai@example.jp", "phone": "+819011112222"}
SECOND = {"family_name": "Smith", "given_name": "Ken", "email": "AI@example.jp", "phone": "+819033334444"}


async def book(shop: Shop, hour: int, guest: dict[str, str], **headers: str) -> Response:
    """A guest's request for the given hour of the first free day, in the venue's zone."""
    body = shop.wish(shop.at(hour), guest=guest)
    return await shop.nobody.post(f"{PREFIX}/bookings", json=body, headers={**keyed(), **headers})


async def test_post_bookings_keeps_the_contact_typed_for_each_booking(shop: Shop, pool: Pool) -> None:
    made = [(await book(shop, 10 + n, guest)).json()["data"] for n, guest in enumerate((FIRST, SECOND))]
    for booking, typed in zip(made, (FIRST, SECOND), strict=True):
        [row] = await data.rows(
            pool,
            "SELECT family_name, given_name, CAST(email AS text) AS email, phone FROM bookings WHERE id = :id",
            id=UUID(booking["id"]),
        )
        assert row == typed
        shown = (await shop.owner.get(f"/bookings/{booking['id']}")).json()["data"]["customer_name"]
        assert shown == {"family_name": typed["family_name"], "given_name": typed["given_name"]}


async def test_post_bookings_messages_go_to_the_contact_typed_for_the_booking(shop: Shop, pool: Pool) -> None:
    """Also after the record was changed: the message reads the booking, not the record."""
    booking = (await book(shop, 10, FIRST)).json()["data"]
    await data.rows(pool, "UPDATE customers SET family_name = 'x', email = 'x@example.jp'")
    async with pool.unit_of_work(shop.salon.scope) as work:
        await work.messages.notices.promise(
            NoticeKind.BOOKING_CONFIRMED, UUID(booking["id"]), shop.salon.business_id, dedupe_key="k"
        )
    [notice] = await data.rows(pool, "SELECT id FROM notification_outbox WHERE dedupe_key = 'k'")
    async with pool.unit_of_work(shop.salon.scope) as work:
        content = await work.messages.notices.read_for_sending(notice["id"])
    assert (content.family_name, content.address) == ("佐藤", "ai@example.jp")


@pytest.mark.parametrize("known", ["guest", "customer record", "login"])
async def test_post_bookings_answers_known_and_unknown_contacts_alike(shop: Shop, pool: Pool, known: str) -> None:
    if known == "guest":
        await book(shop, 9, FIRST)
    elif known == "customer record":
        await data.add_customer(pool, shop.salon.business_id, email=FIRST["email"])
    else:
        await data.rows(pool, "UPDATE customers SET email = :email", email=FIRST["email"])
    [newest] = await data.rows(pool, "SELECT id FROM customers ORDER BY id DESC LIMIT 1")
    stranger = {**FIRST, "email": "nobody-knows@example.jp"}
    answers = [(await book(shop, 11 + n, guest)).json()["data"] for n, guest in enumerate((FIRST, stranger))]
    for answer in answers:
        assert UUID(answer["customer_id"]) > newest["id"], "a new record, as for an unknown address"
    changing = ("id", "code", "customer_id", "start_at", "end_at", "items", "guest_token", "created_at")
    alike = [{k: v for k, v in answer.items() if k not in (*changing, "hold_expires_at")} for answer in answers]
    assert alike[0] == alike[1]


#: Every field of a guest's request that its caller chooses, and a way to choose another value each time.
ROTATED: dict[str, Callable[[int], dict[str, Any]]] = {
    "nothing": lambda n: {},
    "email": lambda n: {"email": f"guest{n}@example.jp"},
    "phone": lambda n: {"phone": f"+8190111122{n:02}"},
    "name": lambda n: {"family_name": f"佐藤{chr(0x4E00 + n)}"},
    "all": lambda n: {"email": f"g{n}@example.jp", "phone": f"+8190111133{n:02}", "family_name": chr(0x4E00 + n)},
}


@pytest.mark.parametrize("field", ROTATED)
@pytest.mark.parametrize("mode", ["prepay", "at_venue"])
async def test_post_bookings_counts_on_whatever_field_is_rotated(shop: Shop, pool: Pool, field: str, mode: str) -> None:
    await data.rows(pool, "UPDATE services SET payment_mode = :mode", mode=mode)
    answers = []
    for n in range(MAX_OPEN_HOLDS + 1):
        agent = {"User-Agent": f"agent {n}", "Accept-Language": "ja" if n % 2 else "en"}
        answers.append(await book(shop, 9 + n, {**FIRST, **ROTATED[field](n)}, **agent))
    assert [answer.status_code for answer in answers[:-1]] == [201] * MAX_OPEN_HOLDS
    assert error_of(answers[-1]) == (422, "hold_limit")


async def test_post_bookings_at_the_same_moment_are_all_counted(shop: Shop, pool: Pool) -> None:
    """Twelve different times at once: nobody waits for another's time, so only the count holds them back."""
    asked = (book(shop, 8 + n, {**FIRST, "email": f"guest{n}@example.jp"}) for n in range(12))
    answers = await asyncio.gather(*asked)
    made = [answer for answer in answers if answer.status_code == 201]
    assert len(made) == MAX_OPEN_HOLDS
    assert {error_of(answer) for answer in answers if answer not in made} == {(422, "hold_limit")}


async def test_post_bookings_of_a_proven_login_are_not_counted_with_its_network(shop: Shop) -> None:
    for n in range(MAX_OPEN_HOLDS):
        assert (await book(shop, 9 + n, FIRST)).status_code == 201
    mine = await shop.customer.post("/bookings", json=shop.wish(shop.at(16)), headers=keyed())
    assert mine.status_code == 201, mine.text


async def test_post_bookings_of_unproven_logins_count_with_their_network(shop: Shop, pool: Pool) -> None:
    await data.rows(pool, "UPDATE users SET email_verified_at = NULL")
    for n in range(MAX_OPEN_HOLDS):
        assert (await book(shop, 9 + n, FIRST)).status_code == 201
    mine = await shop.customer.post("/bookings", json=shop.wish(shop.at(16)), headers=keyed())
    assert error_of(mine) == (422, "hold_limit")


async def test_post_bookings_by_staff_count_for_no_network(shop: Shop) -> None:
    for n in range(MAX_OPEN_HOLDS + 2):
        made = await shop.staff.post("/bookings", json=shop.wish(shop.at(9 + n), guest=FIRST), headers=keyed())
        assert made.status_code == 201, made.text
