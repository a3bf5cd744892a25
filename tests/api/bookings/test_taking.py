"""Taking time over HTTP: five round trips, one winner, one answer per key, and nothing left of a refusal."""

import asyncio
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from fastapi import FastAPI
from httpx import Response

from api.http.envelope import Envelope
from api.v1.bookings.bookings.schemas import BookingCreatedRead
from db.engine.session import Database as Pool
from tests.api.conftest import PREFIX, Clock, Statements, client_of, error_of, rules_of
from tests.api.salon import WRITTEN, StaffedSalon, counted, keyed, staffed_salon
from tests.support import data

GUEST = {"family_name": "佐藤", "given_name": "愛", "email": "ai@example.jp"}


async def book(salon: StaffedSalon, start_at: datetime | None = None, key: str | None = None, **more: Any) -> Response:
    return await salon.customer.post("/bookings", json=salon.booking_body(start_at, **more), headers=keyed(key))


async def test_login_books_for_itself_in_five_round_trips(
    salon: StaffedSalon, pool: Pool, statements: Statements
) -> None:
    statements.clear()
    answer = await book(salon, special_requests="窓側の席", resource_ids=[str(salon.ids.resources[1])])
    assert answer.status_code == 201, answer.text
    assert len(statements) == 3, statements.sent  # with BEGIN and COMMIT five
    read = Envelope[BookingCreatedRead].model_validate_json(answer.content, extra="forbid").data
    assert read.status == "pending"
    assert read.items[0].resource_ids == [salon.ids.resources[1]]
    assert answer.json()["data"]["start_at"] == salon.at(10).isoformat()
    assert answer.json()["data"]["amount_due"] == {"amount": 6600, "currency": "JPY"}
    [row] = await data.rows(pool, "SELECT id, status, customer_id, user_id, special_requests, code FROM bookings")
    assert row["id"] == read.id
    assert (row["customer_id"], row["user_id"]) == (salon.ids.customer_id, salon.customer.id)
    assert row["special_requests"] == "窓側の席"
    assert read.guest_token is None
    shown = (await salon.customer.get(f"/bookings/{read.id}")).json()["data"]
    assert shown | {"guest_token": None} == answer.json()["data"]


async def test_actor_and_the_request_are_in_history_audit_and_outbox(salon: StaffedSalon, pool: Pool) -> None:
    answer = await book(salon)
    request_id = answer.headers["x-request-id"]
    [history] = await data.rows(pool, "SELECT actor_kind, actor_id FROM booking_history")
    assert history == {"actor_kind": "customer", "actor_id": salon.customer.id}
    [event] = await data.rows(pool, "SELECT request_id, command FROM outbox WHERE event = 'booking.held'")
    assert event == {"request_id": request_id, "command": "booking.start"}
    [audit] = await data.rows(
        pool, "SELECT actor_id, request_id FROM audit_logs WHERE entity = 'bookings' AND action = 'insert'"
    )
    assert audit == {"actor_id": salon.customer.id, "request_id": request_id}


async def test_same_key_gives_the_same_bytes_and_one_booking(salon: StaffedSalon, pool: Pool) -> None:
    first = await book(salon, key="k-1")
    again = await book(salon, key="k-1")
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.content == first.content
    assert again.headers["idempotent-replayed"] == "true"
    assert (await counted(pool, "bookings"))["bookings"] == 1
    other = await book(salon, salon.at(12), key="k-1")
    assert error_of(other) == (422, "idempotency_key_reused")
    assert (await counted(pool, "bookings"))["bookings"] == 1


async def test_twenty_duplicates_at_once_are_one_booking(salon: StaffedSalon, pool: Pool) -> None:
    """A twin waits for the first one's transaction and then has its answer."""
    answers = await asyncio.gather(*(book(salon, key="k-20") for _ in range(20)))
    good = [answer for answer in answers if answer.status_code == 201]
    assert len({answer.content for answer in good}) == 1
    assert {error_of(answer) for answer in answers if answer.status_code != 201} <= {(409, "request_in_progress")}
    assert len(good) == 20
    assert (await counted(pool, "bookings", "resource_claims")) == {"bookings": 1, "resource_claims": 1}


async def test_key_is_needed_and_a_refusal_does_not_use_it_up(salon: StaffedSalon, pool: Pool) -> None:
    bare = await salon.customer.post("/bookings", json=salon.booking_body())
    assert error_of(bare) == (422, "idempotency_key_required")
    refused = await book(salon, party_size=50, key="k-2")
    assert error_of(refused) == (422, "party_size_refused")
    assert (await book(salon, key="k-2")).status_code == 201


async def test_idempotency_key_belongs_to_its_login(salon: StaffedSalon, pool: Pool) -> None:
    mine = await book(salon, key="shared")
    theirs = await salon.other_owner.post("/bookings", json=salon.booking_body(), headers=keyed("shared"))
    assert (mine.status_code, theirs.status_code) == (201, 201)
    assert mine.json()["data"]["id"] != theirs.json()["data"]["id"]


async def test_guest_books_with_a_name(salon: StaffedSalon, pool: Pool) -> None:
    answer = await salon.nobody.post(f"{PREFIX}/bookings", json=salon.booking_body(guest=GUEST), headers=keyed())
    assert answer.status_code == 201, answer.text
    assert len(answer.json()["data"]["code"]) == 8
    assert answer.json()["data"]["language"] == "en"  # as the guest reads
    [row] = await data.rows(pool, "SELECT c.email, c.user_id FROM bookings b JOIN customers c ON c.id = b.customer_id")
    assert row == {"email": "ai@example.jp", "user_id": None}
    nameless = await salon.nobody.post(f"{PREFIX}/bookings", json=salon.booking_body(), headers=keyed())
    assert rules_of(nameless) == {("guest", "missing")}
    hidden = {"family_name": "佐藤", "given_name": "愛"}
    unreachable = await salon.nobody.post(f"{PREFIX}/bookings", json=salon.booking_body(guest=hidden), headers=keyed())
    assert rules_of(unreachable) == {("guest", "email_or_phone")}
    assert "phone number" in unreachable.json()["error"]["details"]["fields"][0]["message"]


async def test_guests_can_be_refused(salon: StaffedSalon, pool: Pool) -> None:
    await data.rows(pool, "UPDATE business_settings SET guest_booking = false")
    answer = await salon.nobody.post(f"{PREFIX}/bookings", json=salon.booking_body(guest=GUEST), headers=keyed())
    assert error_of(answer) == (422, "not_bookable")
    assert (await counted(pool, "bookings", "idempotency_keys")) == {"bookings": 0, "idempotency_keys": 0}


async def test_staff_book_for_a_customer_and_it_stands_at_once(salon: StaffedSalon, pool: Pool) -> None:
    customer = str(salon.ids.customer_id)
    answer = await salon.staff.post("/bookings", json=salon.booking_body(customer_id=customer), headers=keyed())
    assert answer.status_code == 201, answer.text
    assert answer.json()["data"]["status"] == "confirmed"
    assert answer.json()["data"]["amount_due"]["amount"] == 0
    paid = await salon.staff.post(
        "/bookings", json=salon.booking_body(salon.at(12), customer_id=customer, request_payment=True), headers=keyed()
    )
    assert paid.json()["data"]["status"] == "pending"
    new = await salon.owner.post("/bookings", json=salon.booking_body(salon.at(14), guest=GUEST), headers=keyed())
    assert new.json()["data"]["status"] == "confirmed"
    [history] = await data.rows(
        pool,
        "SELECT actor_kind FROM booking_history WHERE event = 'held' AND actor_id = :id LIMIT 1",
        id=salon.owner.id,
    )
    assert history == {"actor_kind": "staff"}


async def test_customer_id_is_for_staff_alone(salon: StaffedSalon, pool: Pool) -> None:
    for_another = salon.booking_body(customer_id=str(salon.ids.customer_id))
    before = await counted(pool, *WRITTEN)
    for who, body in (
        (salon.customer, for_another),
        (salon.customer, salon.booking_body(guest=GUEST)),
        (salon.customer, salon.booking_body(request_payment=True)),
        (salon.assistant, for_another),
        (salon.assistant, salon.booking_body()),
        (salon.other_owner, for_another),
    ):
        assert error_of(await who.post("/bookings", json=body, headers=keyed())) == (403, "forbidden"), body
    nobody = await salon.nobody.post(f"{PREFIX}/bookings", json={**for_another, "guest": GUEST}, headers=keyed())
    assert error_of(nobody) == (403, "forbidden")
    both = await salon.staff.post("/bookings", json={**for_another, "guest": GUEST}, headers=keyed())
    assert error_of(both) == (422, "invalid_input")
    theirs = salon.booking_body(customer_id=str(salon.other.customer_id))
    assert error_of(await salon.staff.post("/bookings", json=theirs, headers=keyed())) == (404, "not_found")
    assert await counted(pool, *WRITTEN) == before


async def test_bad_input_is_refused_in_both_languages_and_writes_nothing(
    app: FastAPI, salon: StaffedSalon, pool: Pool, clock: Clock
) -> None:
    before = await counted(pool, *WRITTEN)
    wanted = salon.booking_body()
    naive = salon.at(10).replace(tzinfo=None).isoformat()
    cases: list[tuple[dict[str, Any], int, str]] = [
        ({"start_at": (clock.now() - timedelta(days=1)).isoformat()}, 422, "outside_booking_window"),
        ({"start_at": (clock.now() + timedelta(days=400)).isoformat()}, 422, "outside_booking_window"),
        ({"start_at": naive}, 422, "invalid_input"),
        ({"start_at": "yesterday"}, 422, "invalid_input"),
        ({"start_at": "0001-01-01T00:00:00Z"}, 422, "invalid_input"),
        ({"start_at": "9999-12-31T23:59:59-23:59"}, 422, "invalid_input"),
        ({"service_id": str(uuid4())}, 404, "not_found"),
        ({"party_size": 0}, 422, "invalid_input"),
        ({"party_size": 9}, 422, "party_size_refused"),
        ({"special_requests": "x" * 1001}, 422, "invalid_input"),
        ({"special_requests": "a\u0000b"}, 422, "invalid_input"),
        ({"resource_ids": [str(salon.other.resources[0])]}, 404, "not_found"),
        ({"price": 1}, 422, "invalid_input"),
        ({"language": "fr"}, 422, "invalid_input"),
    ]
    for change, status, code in cases:
        for language in ("ja", "en"):
            answer = await salon.customer.post(
                "/bookings", json={**wanted, **change}, headers={**keyed(), "Accept-Language": language}
            )
            assert error_of(answer) == (status, code), change
            assert answer.headers["content-language"] == language
            assert answer.json()["message"].isascii() is (language == "en")
    assert await counted(pool, *WRITTEN) == before


async def test_bodies_that_cannot_be_read_write_nothing(salon: StaffedSalon, pool: Pool) -> None:
    before = await counted(pool, *WRITTEN)
    json = {"Content-Type": "application/json", **keyed()}
    for body, headers, expected in (
        (b'{"service_id": ', json, (400, "malformed")),
        (b"[1]", json, (422, "invalid_input")),
        (b"", keyed(), (422, "invalid_input")),
        (b"a=b", {**keyed(), "Content-Type": "application/x-www-form-urlencoded"}, (415, "unsupported_media_type")),
        (b"[" + b" " * (2 << 20) + b"]", json, (413, "too_large")),
    ):
        answer = await salon.customer.post("/bookings", content=body, headers=headers)
        assert error_of(answer) == expected, body[:20]
    assert await counted(pool, *WRITTEN) == before


async def test_loser_of_a_slot_learns_what_is_free(salon: StaffedSalon, pool: Pool) -> None:
    for resource in (0, 1):
        await data.add_booking(pool, salon.ids, salon.at(10), resource=resource)
    answer = await book(salon)
    assert error_of(answer) == (409, "slot_taken")
    alternatives = [datetime.fromisoformat(one) for one in answer.json()["error"]["details"]["alternatives"]]
    assert len(alternatives) == 3
    assert {salon.at(9), salon.at(11)} < set(alternatives)
    free = await salon.customer.post("/bookings", json=salon.booking_body(alternatives[0]), headers=keyed())
    assert free.status_code == 201


async def test_time_that_is_never_offered_has_its_own_code(salon: StaffedSalon, pool: Pool) -> None:
    await data.rows(
        pool,
        "UPDATE business_hours SET opens = 540, closes = 1080 WHERE business_id = :id",
        id=salon.ids.business_id,
    )
    for start, nearest in (
        (salon.at(8), salon.at(9)),
        (salon.at(17, 45), salon.at(17)),
        (salon.at(10, 7), salon.at(10)),
    ):
        answer = await book(salon, start)
        assert error_of(answer) == (422, "outside_opening_hours"), start
        alternatives = answer.json()["error"]["details"]["alternatives"]
        assert len(alternatives) == 3
        assert alternatives[0] == nearest.isoformat()
    late = await book(salon, salon.at(10) + timedelta(days=400))
    details = late.json()["error"]["details"]
    assert details.pop("reason") == "too_far"
    assert all(one.endswith("+09:00") for one in details.values())


async def test_slot_taken_looks_further_where_nobody_works(salon: StaffedSalon, pool: Pool) -> None:
    """Both are on leave for a month: the next free start comes after it, inside the booking window."""
    first, last = salon.at(0).date() - timedelta(days=5), salon.at(0).date() + timedelta(days=30)
    for resource in salon.ids.resources:
        await data.rows(
            pool,
            "INSERT INTO staff_exceptions (business_id, resource_id, first_day, last_day, kind)"
            " VALUES (:b, :r, :first, :last, 'off')",
            b=salon.ids.business_id,
            r=resource,
            first=first,
            last=last,
        )
    answer = await book(salon)
    assert error_of(answer) == (422, "nobody_works")
    details = answer.json()["error"]["details"]
    assert details["reason"] == "nobody_works"
    found = [datetime.fromisoformat(one).date() for one in details["alternatives"]]
    assert found == [last + timedelta(days=1)] * 3


async def test_suspended_businesses_take_no_bookings(salon: StaffedSalon, pool: Pool) -> None:
    await data.rows(
        pool, "UPDATE businesses SET status = 'suspended' WHERE id = :business", business=salon.ids.business_id
    )
    assert error_of(await book(salon)) == (404, "not_found")
    by_staff = await salon.staff.post(
        "/bookings", json=salon.booking_body(customer_id=str(salon.ids.customer_id)), headers=keyed()
    )
    assert error_of(by_staff) == (422, "not_bookable")
    assert (await counted(pool, "bookings"))["bookings"] == 0


async def test_twenty_clients_on_one_slot_have_one_winner(app: FastAPI, pool: Pool, clock: Clock) -> None:
    """One wins; everybody else is answered, with alternatives."""
    async with staffed_salon(app, pool, clock) as salon:
        await data.rows(pool, "UPDATE resources SET is_active = false WHERE id = :id", id=salon.ids.resources[1])

        async def one(number: int) -> Response:
            guest = {**GUEST, "email": f"guest{number}@example.jp"}
            async with client_of(app) as http:
                return await http.post(f"{PREFIX}/bookings", json=salon.booking_body(guest=guest), headers=keyed())

        answers = await asyncio.gather(*(one(number) for number in range(20)))
    won = [answer for answer in answers if answer.status_code == 201]
    assert len(won) == 1
    for answer in answers:
        if answer.status_code != 201:
            assert error_of(answer) == (409, "slot_taken")
            assert len(answer.json()["error"]["details"]["alternatives"]) == 3
    assert await counted(pool, "bookings", "resource_claims", "idempotency_keys") == {
        "bookings": 1,
        "resource_claims": 1,
        "idempotency_keys": 1,
    }
    assert UUID(won[0].json()["data"]["id"])


async def test_price_that_has_changed_since_it_was_shown_is_not_agreed(salon: StaffedSalon, pool: Pool) -> None:
    service = (await salon.customer.get(f"/services/{salon.ids.service_id}")).json()["data"]
    shown = service["price"]
    await data.rows(pool, "UPDATE services SET price = price + 500 WHERE id = :id", id=salon.ids.service_id)
    before = await counted(pool, *WRITTEN)
    refused = await salon.customer.post("/bookings", json=salon.booking_body(expected_price=shown), headers=keyed())
    assert error_of(refused) == (409, "price_changed")
    now = {**shown, "amount": shown["amount"] + 500}
    assert refused.json()["error"]["details"] == {"price": now, "expected_price": shown}
    assert await counted(pool, *WRITTEN) == before
    foreign = {**now, "currency": "USD"}
    again = await salon.customer.post("/bookings", json=salon.booking_body(expected_price=foreign), headers=keyed())
    assert error_of(again) == (409, "price_changed")
    booked = await salon.customer.post("/bookings", json=salon.booking_body(expected_price=now), headers=keyed())
    assert booked.status_code == 201, booked.text
    assert booked.json()["data"]["price"] == now


async def test_amount_that_the_provider_refuses_holds_no_time(salon: StaffedSalon, pool: Pool) -> None:
    """The price was stored before the provider's limits were asked, or the provider has changed."""
    cases = [("stripe", 49), ("payjp_v1", 10_000_000), ("payjp_v2", 10_000_000), ("stripe", 100_000_000)]
    for provider, price in cases:
        await data.rows(pool, "UPDATE businesses SET payment_provider = :provider", provider=provider)
        await data.rows(pool, "UPDATE services SET price = :price", price=price)
        answer = await book(salon)
        assert error_of(answer) == (422, "not_bookable"), answer.text
        assert answer.json()["error"]["details"]["rule"] == "amount_not_payable"
    assert await counted(pool, "bookings", "resource_claims") == {"bookings": 0, "resource_claims": 0}
    await data.rows(pool, "UPDATE services SET price = 50")
    assert (await book(salon)).status_code == 201
