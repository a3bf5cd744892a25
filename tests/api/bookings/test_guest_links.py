"""What the signed link of a booking opens without a login: this booking, in its time, and nothing else."""

import base64
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from fastapi import FastAPI
from httpx import AsyncClient, Response

from api.access.callers import ApiServices
from api.access.guest_links import HEADER
from api.access.tokens import Login
from db.engine.session import Database as Pool
from domain.bookings.link import AFTER_THE_END, link_ends
from runtime.booking_links import BookingLinks
from runtime.keyring import KeyRing
from runtime.links import Links, Purpose
from tests.api.conftest import PREFIX, Clock, Statements, client_of, error_of
from tests.api.salon import StaffedSalon, counted, keyed
from tests.support import data

GUEST = {"family_name": "佐藤", "given_name": "愛", "email": "ai@example.jp"}


def links_of(app: FastAPI) -> BookingLinks:
    services: ApiServices = app.state.services
    return services.booking_links


async def booked(salon: StaffedSalon, hour: int = 10, key: str | None = None, **guest: str) -> dict[str, Any]:
    """A guest's booking, as it was answered."""
    body = salon.booking_body(salon.at(hour), guest={**GUEST, **guest})
    answer = await salon.nobody.post(f"{PREFIX}/bookings", json=body, headers=keyed(key))
    assert answer.status_code == 201, answer.text
    booking: dict[str, Any] = answer.json()["data"]
    return booking


async def read(http: AsyncClient, booking_id: str, token: str) -> Response:
    return await http.get(f"{PREFIX}/bookings/{booking_id}", headers={HEADER: token})


async def test_guest_reads_with_the_token_of_the_answer(
    salon: StaffedSalon, app: FastAPI, statements: Statements
) -> None:
    booking = await booked(salon)
    token = booking["guest_token"]
    statements.clear()
    answer = await read(salon.nobody, booking["id"], token)
    assert answer.status_code == 200, answer.text
    assert len(statements) == 2, statements.sent  # who and whose in one, and the booking
    assert answer.json()["data"] | {"guest_token": token} == booking
    history = await salon.nobody.get(f"{PREFIX}/bookings/{booking['id']}/history", headers={HEADER: token})
    assert [one["event"] for one in history.json()["data"]] == ["held"]
    quoted = await salon.nobody.post(f"{PREFIX}/bookings/{booking['id']}/cancellation-quote", headers={HEADER: token})
    assert quoted.json()["data"]["penalty"]["amount"] == 0
    assert links_of(app).token(UUID(booking["id"])) == token  # the one that the messages carry


async def test_post_bookings_answers_guests_alone_with_a_token(salon: StaffedSalon) -> None:
    mine = await salon.customer.post("/bookings", json=salon.booking_body(salon.at(9)), headers=keyed())
    by_staff = await salon.staff.post("/bookings", json=salon.booking_body(salon.at(11), guest=GUEST), headers=keyed())
    for answer in (mine, by_staff):
        assert answer.status_code == 201, answer.text
        assert answer.json()["data"]["guest_token"] is None


async def test_link_of_a_customer_s_booking_opens_it_too(salon: StaffedSalon, app: FastAPI) -> None:
    made = (await salon.customer.post("/bookings", json=salon.booking_body(), headers=keyed())).json()["data"]
    answer = await read(salon.nobody, made["id"], links_of(app).token(UUID(made["id"])))
    assert answer.status_code == 200, answer.text


async def test_post_bookings_stores_no_token_and_replays_to_the_same_client_alone(
    salon: StaffedSalon, pool: Pool
) -> None:
    body, keys = salon.booking_body(guest=GUEST), keyed("guest-1")
    first = await salon.nobody.post(f"{PREFIX}/bookings", json=body, headers=keys)
    token = first.json()["data"]["guest_token"]
    assert token
    stored = await data.rows(pool, "SELECT body FROM idempotency_keys")
    assert [token.encode() in bytes(row["body"]) for row in stored] == [False]
    assert (await salon.nobody.post(f"{PREFIX}/bookings", json=body, headers=keys)).content == first.content
    # Another client knows contact, key and body, and gets no token of the first one's booking.
    thief = await salon.nobody.post(f"{PREFIX}/bookings", json=body, headers={**keys, "User-Agent": "another"})
    assert first.json()["data"]["id"] not in thief.text
    assert token not in thief.text


async def test_replay_has_the_same_token_from_another_address(salon: StaffedSalon, app: FastAPI, pool: Pool) -> None:
    body, keys = salon.booking_body(guest=GUEST), keyed("guest-1")
    first = await salon.nobody.post(f"{PREFIX}/bookings", json=body, headers=keys)
    for change in ({}, {"email": "someone@example.jp"}):
        other = {**body, "guest": {**GUEST, **change}}
        again = await salon.nobody.post(f"{PREFIX}/bookings", json=other, headers=keys)
        # Somebody else behind the same address may use the same key, and never hears of the first one's booking.
        assert (again.content == first.content) == (not change)
        assert again.status_code == 201, again.text
    [mine, _] = await data.rows(pool, "SELECT subject FROM idempotency_keys ORDER BY created_at")
    assert mine["subject"].startswith("guest:")
    assert "example" not in mine["subject"]


@pytest.mark.parametrize("other", ["booking", "missing", "payment"])
async def test_link_opens_nothing_else(salon: StaffedSalon, pool: Pool, other: str) -> None:
    token = (await booked(salon))["guest_token"]
    theirs = await booked(salon, 12, email="other@example.jp")
    payment = await data.add_payment(pool, salon.ids, UUID(theirs["id"]), provider_intent_id="pi_theirs")
    target = {"booking": theirs["id"], "missing": str(uuid4()), "payment": str(payment)}[other]
    asked: list[Response] = []
    link = {HEADER: token}
    if other == "payment":
        body = {"payment_id": target, "payment_method": "pm_card_visa", "return_url": "http://127.0.0.1/paid"}
        asked.append(await salon.nobody.post(f"{PREFIX}/payments/confirm", json=body, headers={**link, **keyed()}))
    else:
        asked.append(await salon.nobody.get(f"{PREFIX}/bookings/{target}", headers=link))
        asked.append(await salon.nobody.get(f"{PREFIX}/bookings/{target}/history", headers=link))
        asked.append(await salon.nobody.post(f"{PREFIX}/bookings/{target}/cancellation-quote", headers=link))
        for verb, body in (("cancel", {}), ("reschedule", {"start_at": salon.at(14).isoformat()})):
            path = f"{PREFIX}/bookings/{target}/{verb}"
            asked.append(await salon.nobody.post(path, json=body, headers={**link, **keyed()}))
        body = {"booking_id": target}
        asked.append(await salon.nobody.post(f"{PREFIX}/payments/intent", json=body, headers={**link, **keyed()}))
    for answer in asked:
        assert error_of(answer) == (404, "not_found")
        assert answer.json()["error"]["details"] == {}
    assert (await counted(pool, "booking_payments"))["booking_payments"] == 1


async def test_link_does_not_open_what_needs_a_login(salon: StaffedSalon) -> None:
    booking = await booked(salon)
    link = {HEADER: booking["guest_token"], **keyed()}
    path = f"{PREFIX}/bookings/{booking['id']}"
    for answer in (
        await salon.nobody.put(path, json={"special_requests": "x"}, headers=link),
        await salon.nobody.post(f"{path}/confirm", json={}, headers=link),
        await salon.nobody.post(f"{path}/no-show", json={}, headers=link),
        await salon.nobody.get(f"{PREFIX}/bookings", headers=link),
        await salon.nobody.get(f"{PREFIX}/payments?booking_id={booking['id']}", headers=link),
    ):
        assert error_of(answer) == (401, "unauthenticated"), answer.request.url


def _flipped(token: str, position: int) -> str:
    kid, _, rest = token.partition(".")
    raw = bytearray(base64.urlsafe_b64decode(rest + "=" * (-len(rest) % 4)))
    raw[position] ^= 1
    return f"{kid}.{base64.urlsafe_b64encode(bytes(raw)).rstrip(b'=').decode()}"


async def test_tokens_that_are_not_ours_are_refused(salon: StaffedSalon, app: FastAPI, clock: Clock) -> None:
    booking = await booked(salon)
    good = booking["guest_token"]
    services: ApiServices = app.state.services
    booking_id = UUID(booking["id"])
    size = len(base64.urlsafe_b64decode(good.partition(".")[2] + "=="))
    other_links = Links(KeyRing("k1", {"k1": b"x" * 32}))
    bad = [
        *(_flipped(good, position) for position in range(size)),
        "",
        good.partition(".")[2],
        good + "=",
        good[:-1],
        "k9." + good.partition(".")[2],
        salon.customer.token,
        services.links.issue(Purpose.CALENDAR, booking_id, clock.now() + timedelta(days=1)),
        other_links.issue(Purpose.BOOKING, booking_id, clock.now() + timedelta(days=1)),
        "' OR 1=1 --",
        "k1." + "A" * 5000,
    ]
    for token in bad:
        answer = await read(salon.nobody, booking["id"], token)
        assert error_of(answer) == (401, "unauthenticated"), token
        assert good not in answer.text
    assert (await read(salon.nobody, booking["id"], good)).status_code == 200
    for twice in ([(HEADER, good), (HEADER, "k1.AAAA")], [(HEADER, good), (HEADER, good)]):
        answer = await salon.nobody.get(f"{PREFIX}/bookings/{booking['id']}", headers=twice)
        assert error_of(answer) == (401, "unauthenticated")
    in_url = await salon.nobody.get(f"{PREFIX}/bookings/{booking['id']}?token={good}")
    assert error_of(in_url) == (422, "invalid_input")  # a token in a URL ends up in logs


async def test_retired_key_takes_its_links_along(salon: StaffedSalon, app: FastAPI) -> None:
    booking_id = UUID((await booked(salon))["id"])
    services: ApiServices = app.state.services
    settings = services.settings
    secret = settings.jwt_key.get_secret_value().encode()
    former = BookingLinks(Links(KeyRing("k0", {"k0": b"0" * 32, settings.jwt_key_id: secret})), settings.public_url)
    assert error_of(await read(salon.nobody, str(booking_id), former.token(booking_id))) == (401, "unauthenticated")
    # While it is kept, it goes on verifying.
    both = KeyRing("k2", {"k2": b"2" * 32, settings.jwt_key_id: secret})
    assert BookingLinks(Links(both), "").read(services.booking_links.token(booking_id), services.now()) == booking_id


async def test_link_is_over_a_month_after_the_end_and_moves_with_it(
    salon: StaffedSalon, pool: Pool, clock: Clock
) -> None:
    booking = await booked(salon)
    token, end_at = booking["guest_token"], datetime.fromisoformat(booking["end_at"])
    assert link_ends(end_at) - end_at == AFTER_THE_END == timedelta(days=30)
    clock.ahead = link_ends(end_at) - clock.now() - timedelta(minutes=1)
    assert (await read(salon.nobody, booking["id"], token)).status_code == 200
    clock.ahead += timedelta(minutes=2)
    gone = await read(salon.nobody, booking["id"], token)
    assert error_of(gone) == (410, "gone")
    assert gone.json()["error"]["details"] == {"reason": "link_expired"}
    await data.rows(
        pool,
        "UPDATE bookings SET start_at = start_at + interval '1 day', end_at = end_at + interval '1 day'",
    )
    assert (await read(salon.nobody, booking["id"], token)).status_code == 200


async def test_cancelled_booking_can_still_be_read(salon: StaffedSalon, pool: Pool) -> None:
    booking = await booked(salon)
    await data.rows(pool, "UPDATE bookings SET status = 'cancelled'")
    answer = await read(salon.nobody, booking["id"], booking["guest_token"])
    assert answer.json()["data"]["status"] == "cancelled"


async def test_login_counts_first_and_the_link_helps_where_it_may_not(
    salon: StaffedSalon, app: FastAPI, pool: Pool, clock: Clock
) -> None:
    booking = await booked(salon)
    link = {HEADER: booking["guest_token"]}
    path = f"/bookings/{booking['id']}"
    await data.rows(pool, "UPDATE bookings SET internal_notes = 'VIP'")
    # Staff see what staff see, with or without the link.
    assert (await salon.staff.get(path, headers=link)).json()["data"]["internal_notes"] == "VIP"
    # Who has nothing to do with the booking is a guest of it.
    assert error_of(await salon.other_owner.get(path)) == (404, "not_found")
    assert (await salon.other_owner.get(path, headers=link)).json()["data"]["internal_notes"] is None
    # An assistant may not ask for this; a person with the link may.
    assert error_of(await salon.assistant.post(f"{path}/cancellation-quote")) == (403, "forbidden")
    assert (await salon.assistant.post(f"{path}/cancellation-quote", headers=link)).status_code == 200
    # Each must be good by itself.
    assert error_of(await salon.staff.get(path, headers={HEADER: "k1.x"})) == (401, "unauthenticated")
    async with client_of(app, Authorization="Bearer x", **link) as http:
        assert error_of(await http.get(PREFIX + path)) == (401, "unauthenticated")
    # A link that is over takes nothing from a login.
    clock.ahead = link_ends(datetime.fromisoformat(booking["end_at"])) - clock.now() + timedelta(days=1)
    async with client_of(app, Authorization=f"Bearer {_token(app, salon.staff.id, clock)}", **link) as http:
        assert (await http.get(PREFIX + path)).status_code == 200


def _token(app: FastAPI, user_id: UUID, clock: Clock) -> str:
    services: ApiServices = app.state.services
    return services.tokens.issue(Login(user_id, False), clock.now())
