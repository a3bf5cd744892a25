"""The waitlist over HTTP: joining, proving, answering an offer late and twice, and whose entries are whose."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest_asyncio
from fastapi import FastAPI
from httpx import AsyncClient, Response

from api.access.guest_links import HEADER, WAITLIST_HEADER
from api.http.idempotency import REPLAYED
from db.engine.session import Database as Pool
from runtime.links import Purpose
from tests.api.conftest import PREFIX, Clock, Person, client_of, error_of
from tests.api.salon import StaffedSalon, keyed
from tests.support import data
from tests.support.desk import Desk

GUEST = {"family_name": "鈴木", "given_name": "一郎", "email": "ichiro@example.jp"}


@dataclass
class Full:
    """A salon whose hour from ten is sold to both of its people."""

    app: FastAPI
    pool: Pool
    clock: Clock
    salon: StaffedSalon
    sold: list[UUID]

    def body(self, **more: Any) -> dict[str, Any]:
        """Waiting for the sold hour."""
        day = self.salon.day.date().isoformat()
        times = [{"begins": "10:00", "ends": "11:00"}]
        whole = {"service_id": str(self.salon.ids.service_id), "first_day": day, "last_day": day, "times": times}
        return {**whole, **more}

    async def join(self, **more: Any) -> dict[str, Any]:
        """The customer joins."""
        made = await self.salon.customer.post("/waitlist", json=self.body(**more), headers=keyed())
        assert made.status_code == 201, made.text
        found: dict[str, Any] = made.json()["data"]
        return found

    async def join_as_guest(self, **more: Any) -> dict[str, Any]:
        """A guest joins."""
        body = self.body(guest={**GUEST, **more})
        made = await self.salon.nobody.post(f"{PREFIX}/waitlist", json=body, headers=keyed())
        assert made.status_code == 201, made.text
        found: dict[str, Any] = made.json()["data"]
        return found

    def proof(self, entry: dict[str, Any]) -> str:
        """The token of the message, which goes to the typed address alone."""
        links = self.app.state.services.links
        token: str = links.issue(Purpose.WAITLIST_PROOF, UUID(entry["id"]), self.clock.now() + timedelta(minutes=30))
        return token

    def by_link(self, entry: dict[str, Any]) -> AsyncClient:
        """The guest with the link of the entry."""
        return client_of(self.app, **{WAITLIST_HEADER: entry["guest_token"]})

    async def turn(self) -> None:
        """What the run does, until nothing more can be offered."""
        async with self.pool.unit_of_work(self.salon.ids.scope) as work:
            business_id = self.salon.ids.business_id
            while (await work.bookings.waitlist.take_turn(business_id, self.clock.now())).entry_id is not None:
                pass

    async def free(self, number: int = 0) -> None:
        """One of the bookings is cancelled, and the time offered."""
        await Desk(self.pool, self.salon.ids).do("cancel", self.sold[number], now=self.clock.now())
        await self.turn()

    async def post(self, who: AsyncClient | Person, entry: dict[str, Any], command: str, **more: Any) -> Response:
        http = who.http if isinstance(who, Person) else who
        headers = more.pop("headers", None) or keyed()
        return await http.post(f"{PREFIX}/waitlist/{entry['id']}/{command}", headers=headers, **more)


@pytest_asyncio.fixture
async def full(app: FastAPI, pool: Pool, clock: Clock, salon: StaffedSalon) -> Full:
    at = salon.at(10)
    sold = [await data.add_booking(pool, salon.ids, at, resource=one) for one in (0, 1)]
    return Full(app, pool, clock, salon, sold)


async def test_post_waitlist_lets_staff_add_a_customer(full: Full) -> None:
    salon = full.salon

    async def add(person: Person, **who: Any) -> Response:
        return await person.post("/waitlist", json=full.body(**who), headers=keyed())

    known = await add(salon.staff, customer_id=str(salon.ids.customer_id))
    assert known.status_code == 201, known.text
    assert (known.json()["data"]["status"], known.json()["data"]["guest_token"]) == ("waiting", None)
    assert [one["id"] for one in (await salon.customer.get("/waitlist")).json()["data"]] == [known.json()["data"]["id"]]
    caller = await add(salon.staff, guest=GUEST)
    assert caller.json()["data"]["status"] == "waiting", "staff answer for the address"
    rows = await data.rows(
        full.pool,
        "SELECT user_id IS NULL AS guest, proven_at IS NULL AS unproven, by_staff, ip FROM waitlist ORDER BY id",
    )
    assert [tuple(row.values()) for row in rows] == [(False, False, True, None), (True, True, True, None)]
    no_address = await add(salon.staff, guest={"family_name": "佐藤", "phone": "+819011112222"})
    assert no_address.json()["error"]["details"]["rule"] == "email_needed"
    for person in (salon.customer, salon.assistant):
        assert error_of(await add(person, customer_id=str(salon.ids.customer_id))) == (403, "forbidden")
        assert error_of(await add(person, guest=GUEST)) == (403, "forbidden")
    foreign = await add(salon.staff, customer_id=str(salon.other.customer_id))
    assert error_of(foreign) == (404, "not_found")


async def test_post_waitlist_shows_the_entry_as_it_was_asked_for(full: Full) -> None:
    made = await full.join(resource_ids=[str(full.salon.ids.resources[0])])
    assert (made["status"], made["guest_token"], made["offer"]) == ("waiting", None, None)
    assert made["times"] == [{"begins": "10:00", "ends": "11:00"}]
    assert made["resource_ids"] == [str(full.salon.ids.resources[0])]
    assert made["ends_at"].endswith("+09:00")
    listed = (await full.salon.customer.get("/waitlist")).json()["data"]
    assert [one["id"] for one in listed] == [made["id"]]


async def test_post_waitlist_is_refused_while_a_fitting_time_is_free(full: Full) -> None:
    answer = await full.salon.customer.post("/waitlist", json=full.body(times=[]), headers=keyed())
    assert error_of(answer) == (409, "time_is_free")
    assert len(answer.json()["error"]["details"]["alternatives"]) == 3


async def test_post_waitlist_refuses_broken_wishes(full: Full) -> None:
    past = (full.salon.day - timedelta(days=9)).date().isoformat()
    wrong: list[tuple[dict[str, Any], str]] = [
        ({"last_day": past}, "last_day"),
        ({"first_day": past, "last_day": past}, "last_day"),
        ({"times": [{"begins": "12:00", "ends": "11:00"}]}, "times.0.ends"),
        ({"party_size": 0}, "party_size"),
    ]
    for changed, field in wrong:
        answer = await full.salon.customer.post("/waitlist", json=full.body(**changed), headers=keyed())
        assert error_of(answer) == (422, "invalid_input"), changed
        assert answer.json()["error"]["details"]["fields"][0]["field"] == field, answer.text
    answer = await full.salon.nobody.post(f"{PREFIX}/waitlist", json=full.body(), headers=keyed())
    assert answer.json()["error"]["details"]["fields"][0]["field"] == "guest"


async def test_guest_waits_once_the_address_is_proven_and_books_with_the_link(full: Full) -> None:
    kana = {"family_name_kana": "すずき", "given_name_kana": "いちろう"}
    entry, other = await full.join_as_guest(**kana), await full.join_as_guest(email="jiro@example.jp")
    async with full.by_link(entry) as guest:
        for wrong in (entry["guest_token"], full.proof(other), "x"):
            answer = await full.post(guest, entry, "confirm-address", json={"token": wrong})
            assert error_of(answer) == (422, "invalid_link")
        await full.free()
        assert (await guest.get(f"{PREFIX}/waitlist/{entry['id']}")).json()["data"]["status"] == "unproven"
        proven = await full.post(guest, entry, "confirm-address", json={"token": full.proof(entry)})
        assert proven.json()["data"]["status"] == "waiting", proven.text
        await full.turn()
        shown = (await guest.get(f"{PREFIX}/waitlist/{entry['id']}")).json()["data"]
        assert (shown["status"], shown["position"]) == ("offered", 1)
        assert shown["offer"]["start_at"] == full.salon.at(10).isoformat()
        assert error_of(await full.post(guest, other, "accept")) == (404, "not_found")
        accepted = await full.post(guest, entry, "accept")
        assert accepted.status_code == 201, accepted.text
    booking = accepted.json()["data"]
    assert (booking["status"], booking["start_at"], booking["proof_deadline"]) == (
        "pending",
        full.salon.at(10).isoformat(),
        None,
    )
    async with client_of(full.app, **{HEADER: booking["guest_token"]}) as guest:
        assert (await guest.get(f"{PREFIX}/bookings/{booking['id']}")).status_code == 200
    read = "SELECT c.* FROM customers c JOIN bookings b ON b.customer_id = c.id WHERE b.id = :id"
    [customer] = await data.rows(full.pool, read, id=UUID(booking["id"]))
    assert (customer["family_name_kana"], customer["given_name_kana"]) == ("スズキ", "イチロウ")


async def test_accept_twice_with_one_key_gives_the_same_booking(full: Full) -> None:
    entry = await full.join()
    await full.free()
    key = keyed()
    first = await full.post(full.salon.customer, entry, "accept", headers=key)
    again = await full.post(full.salon.customer, entry, "accept", headers=key)
    assert first.json()["data"] == again.json()["data"]
    assert again.headers[REPLAYED] == "true"
    another = await full.post(full.salon.customer, entry, "accept")
    assert error_of(another) == (409, "wrong_state")
    shown = (await full.salon.customer.get(f"/waitlist/{entry['id']}")).json()["data"]
    assert (shown["status"], shown["booking_id"]) == ("accepted", first.json()["data"]["id"])
    assert (shown["position"], shown["chance_percent"]) == (None, None)


async def test_answers_out_of_order_are_refused(full: Full) -> None:
    entry = await full.join()
    for command in ("accept", "decline"):
        assert error_of(await full.post(full.salon.customer, entry, command)) == (409, "wrong_state")
    await full.free()
    assert (await full.post(full.salon.customer, entry, "decline")).json()["data"]["status"] == "waiting"
    assert error_of(await full.post(full.salon.customer, entry, "accept")) == (409, "wrong_state")


async def test_accept_after_the_deadline_is_gone(full: Full) -> None:
    entry = await full.join()
    await full.free()
    await data.rows(full.pool, "UPDATE waitlist_offers SET expires_at = now() - interval '1 second'")
    answer = await full.post(full.salon.customer, entry, "accept")
    assert error_of(answer) == (410, "gone")
    assert answer.json()["error"]["details"]["reason"] == "offer_expired"


async def test_accept_at_another_price_books_nothing(full: Full) -> None:
    entry = await full.join()
    await full.free()
    shown = {"expected_price": {"amount": 1, "currency": "JPY"}}
    answer = await full.post(full.salon.customer, entry, "accept", json=shown)
    assert error_of(answer) == (409, "price_changed")
    assert (await full.post(full.salon.customer, entry, "accept")).status_code == 201


async def test_delete_waitlist_frees_the_offered_time(full: Full) -> None:
    entry = await full.join()
    await full.free()
    left = await full.salon.customer.delete(f"/waitlist/{entry['id']}")
    assert left.json()["data"]["status"] == "left"
    assert (await full.salon.customer.delete(f"/waitlist/{entry['id']}")).status_code == 200
    booked = await full.salon.nobody.post(
        f"{PREFIX}/bookings", json=full.salon.booking_body(full.salon.at(10), guest=GUEST), headers=keyed()
    )
    assert booked.status_code == 201, booked.text


async def test_business_sees_who_waits_and_takes_entries_off(full: Full) -> None:
    mine, guest = await full.join(), await full.join_as_guest()
    path = f"/owner/businesses/{full.salon.ids.business_id}/waitlist"
    for person in (full.salon.owner, full.salon.staff, full.salon.assistant):
        listed = (await person.get(path)).json()["data"]
        assert [one["id"] for one in listed] == [mine["id"], guest["id"]]
        assert listed[1]["email"] == GUEST["email"]
    only = (await full.salon.owner.get(path, params={"status": "unproven"})).json()["data"]
    assert [one["id"] for one in only] == [guest["id"]]
    assert error_of(await full.salon.assistant.delete(f"/waitlist/{mine['id']}")) == (403, "forbidden")
    removed = (await full.salon.staff.delete(f"/waitlist/{mine['id']}")).json()["data"]
    assert (removed["status"], removed["end_reason"]) == ("ended", "removed")
    assert error_of(await full.salon.customer.delete(f"/waitlist/{mine['id']}")) == (409, "wrong_state")


async def test_entry_is_seen_and_answered_by_its_person_alone(full: Full) -> None:
    entry = await full.join()
    await full.free()
    another = full.salon.other_owner
    assert error_of(await another.get(f"/waitlist/{entry['id']}")) == (404, "not_found")
    for command in ("accept", "decline"):
        assert error_of(await full.post(another, entry, command)) == (404, "not_found")
        assert error_of(await full.post(full.salon.staff, entry, command)) == (403, "forbidden")
    assert (await another.get("/waitlist")).json()["data"] == []
    path = f"/owner/businesses/{full.salon.ids.business_id}/waitlist"
    for person in (another, full.salon.customer):
        assert error_of(await person.get(path)) == (404, "not_found")
    booking_link = full.app.state.services.booking_links.token(UUID(entry["id"]))
    for header in (HEADER, WAITLIST_HEADER):
        async with client_of(full.app, **{header: booking_link}) as guest:
            assert (await guest.get(f"{PREFIX}/waitlist/{entry['id']}")).status_code == 401


async def test_post_waitlist_refuses_a_resource_of_another_business(full: Full) -> None:
    await full.join()
    body = full.body(service_id=str(full.salon.other.service_id), resource_ids=[str(full.salon.ids.resources[0])])
    assert error_of(await full.salon.customer.post("/waitlist", json=body, headers=keyed())) == (404, "not_found")
