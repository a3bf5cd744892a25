"""A booking keeps the contact typed for it; what a caller types joins no record and escapes no limit."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from fastapi import FastAPI
from httpx import Response

from api.app import create_app
from db.engine.session import Database as Pool
from domain.bookings.limits import MAX_OPEN_HOLDS
from domain.messages.kinds import NoticeKind
from providers.cache.interface import Cache
from tests.api.conftest import PREFIX, Clock, error_of
from tests.api.salon import StaffedSalon, keyed, staffed_salon
from tests.support import data
from tests.support.servers import Database

FIRST = {"family_name": "佐藤", "given_name": "愛", "email": "ai@example.jp", "phone": "+819011112222"}
SECOND = {"family_name": "Smith", "given_name": "Ken", "email": "AI@example.jp", "phone": "+819033334444"}


async def book(salon: StaffedSalon, hour: int, guest: dict[str, str], **headers: str) -> Response:
    """A guest's request for the given hour of the first free day, in the venue's zone."""
    body = salon.booking_body(salon.at(hour), guest=guest)
    return await salon.nobody.post(f"{PREFIX}/bookings", json=body, headers={**keyed(), **headers})


async def test_post_bookings_keeps_the_contact_typed_for_each_booking(salon: StaffedSalon, pool: Pool) -> None:
    made = [(await book(salon, 10 + n, guest)).json()["data"] for n, guest in enumerate((FIRST, SECOND))]
    for booking, typed in zip(made, (FIRST, SECOND), strict=True):
        [row] = await data.rows(
            pool,
            "SELECT family_name, given_name, CAST(email AS text) AS email, phone FROM bookings WHERE id = :id",
            id=UUID(booking["id"]),
        )
        assert row == typed
        shown = (await salon.owner.get(f"/bookings/{booking['id']}")).json()["data"]["customer_name"]
        assert shown == {"family_name": typed["family_name"], "given_name": typed["given_name"]}


async def test_post_bookings_messages_go_to_the_contact_typed_for_the_booking(salon: StaffedSalon, pool: Pool) -> None:
    """Also after the record was changed: the message reads the booking, not the record."""
    booking = (await book(salon, 10, FIRST)).json()["data"]
    await data.rows(pool, "UPDATE customers SET family_name = 'x', email = 'x@example.jp'")
    async with pool.unit_of_work(salon.ids.scope) as work:
        await work.messages.notices.queue(
            NoticeKind.BOOKING_CONFIRMED, UUID(booking["id"]), salon.ids.business_id, dedupe_key="k"
        )
    [notice] = await data.rows(pool, "SELECT id FROM notification_outbox WHERE dedupe_key = 'k'")
    async with pool.unit_of_work(salon.ids.scope) as work:
        content = await work.messages.notices.read_for_sending(notice["id"])
    assert (content.family_name, content.address) == ("佐藤", "ai@example.jp")


@pytest.mark.parametrize("known", ["guest", "customer record", "login"])
async def test_post_bookings_answers_known_and_unknown_contacts_alike(
    salon: StaffedSalon, pool: Pool, known: str
) -> None:
    if known == "guest":
        await book(salon, 9, FIRST)
    elif known == "customer record":
        await data.add_customer(pool, salon.ids.business_id, email=FIRST["email"])
    else:
        await data.rows(pool, "UPDATE customers SET email = :email", email=FIRST["email"])
    [newest] = await data.rows(pool, "SELECT id FROM customers ORDER BY id DESC LIMIT 1")
    unknown = {**FIRST, "email": "nobody-knows@example.jp"}
    answers = [(await book(salon, 11 + n, guest)).json()["data"] for n, guest in enumerate((FIRST, unknown))]
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


def chosen_headers(n: int) -> dict[str, str]:
    """Headers that a caller chooses, other ones each time; among them those that a proxy would set."""
    address = f"198.51.100.{n}"
    named = dict.fromkeys(("X-Forwarded-For", "X-Real-IP", "True-Client-IP", "CF-Connecting-IP"), address)
    more = {"Forwarded": f"for={address}", "Origin": f"https://s{n}.example", "X-Request-ID": f"request-{n:08}"}
    return {**named, **more, "User-Agent": f"agent {n}", "Accept-Language": "ja" if n % 2 else "en", **keyed()}


@pytest.mark.parametrize("field", ROTATED)
@pytest.mark.parametrize("mode", ["prepay", "at_venue"])
async def test_post_bookings_counts_on_whatever_field_is_rotated(
    salon: StaffedSalon, pool: Pool, field: str, mode: str
) -> None:
    await data.rows(pool, "UPDATE services SET payment_mode = :mode", mode=mode)
    answers = []
    for n in range(MAX_OPEN_HOLDS + 1):
        answers.append(await book(salon, 9 + n, {**FIRST, **ROTATED[field](n)}, **chosen_headers(n)))
    assert [answer.status_code for answer in answers[:-1]] == [201] * MAX_OPEN_HOLDS
    assert error_of(answers[-1]) == (422, "hold_limit")


async def test_post_bookings_at_the_same_moment_are_all_counted(salon: StaffedSalon, pool: Pool) -> None:
    """Twelve different times at once: nobody waits for another's time, so only the count holds them back."""
    asked = (book(salon, 8 + n, {**FIRST, "email": f"guest{n}@example.jp"}) for n in range(12))
    answers = await asyncio.gather(*asked)
    made = [answer for answer in answers if answer.status_code == 201]
    assert len(made) == MAX_OPEN_HOLDS
    assert {error_of(answer) for answer in answers if answer not in made} == {(422, "hold_limit")}


async def test_post_bookings_of_a_proven_login_are_not_counted_with_its_network(salon: StaffedSalon) -> None:
    for n in range(MAX_OPEN_HOLDS):
        assert (await book(salon, 9 + n, FIRST)).status_code == 201
    mine = await salon.customer.post("/bookings", json=salon.booking_body(salon.at(16)), headers=keyed())
    assert mine.status_code == 201, mine.text


async def test_post_bookings_of_unproven_logins_count_with_their_network(salon: StaffedSalon, pool: Pool) -> None:
    await data.rows(pool, "UPDATE users SET email_verified_at = NULL")
    for n in range(MAX_OPEN_HOLDS):
        assert (await book(salon, 9 + n, FIRST)).status_code == 201
    mine = await salon.customer.post("/bookings", json=salon.booking_body(salon.at(16)), headers=keyed())
    assert error_of(mine) == (422, "hold_limit")


async def test_post_bookings_of_rotating_callers_leave_time_for_others(
    database: Database, pool: Pool, clock: Clock, redis_cache: Cache
) -> None:
    """Every field that a caller chooses changes with each request, the network too: the holds stop at the owner's
    limit, for one business alone. A proven login and staff book on, and so do guests once a hold is over."""
    proxies = {"trusted_proxies": '["127.0.0.0/8"]'}
    async with (
        limited_app(database, pool, clock, redis_cache, **proxies) as app,
        staffed_salon(app, pool, clock) as salon,
    ):
        await data.rows(pool, "UPDATE business_settings SET address_proof_within = DEFAULT, unproven_holds = 4")
        await data.rows(pool, "UPDATE services SET payment_mode = 'at_venue'")
        codes = []
        for n in range(7):
            guest = {field: value for change in ROTATED.values() for field, value in change(n).items()}
            headers = chosen_headers(n) | {"X-Forwarded-For": f"198.51.{n}.7"}
            answer = await book(salon, 9 + n, {**FIRST, **guest}, **headers)
            codes.append(answer.status_code)
        assert codes == [201] * 4 + [422] * 3
        assert answer.json()["error"]["details"] == {"rule": "too_many_unproven"}
        networks = await data.rows(pool, "SELECT count(DISTINCT ip) AS n FROM bookings")
        assert networks == [{"n": 4}], "each came from a network of its own"
        body = salon.booking_body(salon.at(13))
        assert (await salon.customer.post("/bookings", json=body, headers=keyed())).status_code == 201
        body = salon.booking_body(salon.at(14), guest=FIRST)
        assert (await salon.staff.post("/bookings", json=body, headers=keyed())).status_code == 201
        clock.ahead += timedelta(minutes=31)
        assert (await book(salon, 15, FIRST)).status_code == 201


async def test_post_bookings_by_staff_count_for_no_network(salon: StaffedSalon) -> None:
    for n in range(MAX_OPEN_HOLDS + 2):
        made = await salon.staff.post(
            "/bookings", json=salon.booking_body(salon.at(9 + n), guest=FIRST), headers=keyed()
        )
        assert made.status_code == 201, made.text


@asynccontextmanager
async def limited_app(
    database: Database, pool: Pool, clock: Clock, cache: Cache, **limits: object
) -> AsyncIterator[FastAPI]:
    """The application with other limits."""
    settings = database.settings(temporal_address="127.0.0.1:1", temporal_rpc_timeout=timedelta(seconds=1), **limits)
    app = create_app(settings, database=pool, cache=cache, password_rounds=4, now=clock.now)
    async with app.router.lifespan_context(app):
        yield app


@pytest.mark.parametrize("field", ROTATED)
async def test_post_bookings_are_limited_by_network_and_business(
    database: Database, pool: Pool, clock: Clock, redis_cache: Cache, field: str
) -> None:
    """Also the tries that were refused: nobody may ask for one time after another, or have one message after another
    sent."""
    limits = {"rate_limit_booking": "3/10m", "unpaid_bookings_per_network": 2}
    async with (
        limited_app(database, pool, clock, redis_cache, **limits) as app,
        staffed_salon(app, pool, clock) as salon,
    ):
        codes = []
        for n in range(5):
            answer = await book(salon, 9 + n, {**FIRST, **ROTATED[field](n)}, **chosen_headers(n))
            codes.append(answer.status_code if answer.is_success else error_of(answer)[1])
        assert codes == [201, 201, "hold_limit", "rate_limited", "rate_limited"]
        assert answer.json()["error"]["details"]["retry_after"] > 0
        elsewhere = {"service_id": str(salon.other.service_id), "start_at": salon.at(9).isoformat(), "guest": FIRST}
        assert (await salon.nobody.post(f"{PREFIX}/bookings", json=elsewhere, headers=keyed())).status_code == 201
        for n in range(4):
            body = salon.booking_body(salon.at(15 + n), guest=FIRST)
            assert (await salon.staff.post("/bookings", json=body, headers=keyed())).status_code == 201
