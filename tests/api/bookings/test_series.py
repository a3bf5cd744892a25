"""Recurring bookings over HTTP: preview, booking, limits; moves and cancellations through the real workflows."""

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
import pytest_asyncio
from fastapi import FastAPI

from db.engine.session import Database as Pool
from tests.api.bookings.test_commands import Live, opened_live
from tests.api.conftest import Clock, Person, error_of
from tests.api.salon import StaffedSalon, counted, keyed, staffed_salon
from tests.e2e.platform import running_platform
from tests.support import data, servers

#: Everything that a series writes.
WRITTEN = ("bookings", "resource_claims", "booking_history", "outbox", "notification_outbox", "booking_series")
WEEK = timedelta(weeks=1)


@pytest_asyncio.fixture
async def salon(app: FastAPI, pool: Pool, clock: Clock) -> AsyncIterator[StaffedSalon]:
    """A salon that is paid at the venue."""
    async with staffed_salon(app, pool, clock, payment_mode="at_venue") as opened:
        yield opened


@pytest_asyncio.fixture
async def live(database: servers.Database, pool: Pool, clock: Clock, temporal_server: str) -> AsyncIterator[Live]:
    async with (
        opened_live(database, pool, clock, temporal_server, payment_mode="at_venue") as opened,
        running_platform(opened.settings, opened.client),
    ):
        yield opened


def series_body(salon: StaffedSalon, count: int = 4, start: datetime | None = None, **more: Any) -> dict[str, Any]:
    recurrence = more.pop("recurrence", {"frequency": "weekly", "count": count})
    return {**salon.booking_body(start), "recurrence": recurrence, **more}


async def book(person: Person, body: dict[str, Any], **more: Any) -> dict[str, Any]:
    answer = await person.post("/bookings/series", json=body, headers=keyed(), **more)
    assert answer.status_code == (200 if "params" in more else 201), answer.text
    row: dict[str, Any] = answer.json()["data"]
    return row


async def messages_of(pool: Pool, kind: str) -> list[tuple[str, list[Any]]]:
    """The messages of this kind in their order: to whom, and the bookings of a series in them."""
    found = "SELECT audience, facts FROM notification_outbox WHERE kind = :kind ORDER BY id"
    return [(one["audience"], one["facts"].get("series", [])) for one in await data.rows(pool, found, kind=kind)]


async def fill(pool: Pool, salon: StaffedSalon, start: datetime) -> None:
    """Take both people of the salon."""
    for resource in (0, 1):
        await data.add_booking(pool, salon.ids, start, resource=resource)


async def test_preview_shows_what_clashes_and_why_and_leaves_nothing(salon: StaffedSalon, pool: Pool) -> None:
    await fill(pool, salon, salon.at(10) + WEEK)
    before = await counted(pool, *WRITTEN)
    seen = await book(salon.customer, series_body(salon), params={"dry_run": "true"})
    assert await counted(pool, *WRITTEN) == before
    assert (seen["id"], seen["booked"], seen["refused"], seen["price"]["amount"]) == (None, 3, 1, 3 * 6600)
    refusals = [one["refusal"] for one in seen["occurrences"]]
    assert [refusal and refusal["code"] for refusal in refusals] == [None, "slot_taken", None, None]
    assert len(refusals[1]["alternatives"]) == 3
    assert refusals[1]["message"]


async def test_bookings_of_a_series_name_it_and_are_listed_by_it(salon: StaffedSalon) -> None:
    series = await book(salon.customer, series_body(salon, count=3))
    single = await salon.customer.post("/bookings", json=salon.booking_body(salon.at(14)), headers=keyed())
    assert single.json()["data"]["series_id"] is None
    occurrences = [one["booking_id"] for one in series["occurrences"]]
    business = {"business_id": str(salon.ids.business_id)}
    for person, more in ((salon.customer, {}), (salon.staff, business)):
        one = await person.get(f"/bookings/{occurrences[0]}")
        assert one.json()["data"]["series_id"] == series["id"]
        everything = (await person.get("/bookings", params=more)).json()["data"]
        named = {row["id"]: row["series_id"] for row in everything}
        assert named == {**dict.fromkeys(occurrences, series["id"]), single.json()["data"]["id"]: None}
        listed = (await person.get("/bookings", params={**more, "series_id": series["id"]})).json()["data"]
        assert [row["id"] for row in listed] == occurrences
    theirs = {"business_id": str(salon.other.business_id)}
    for more in ({}, theirs):
        answer = await salon.other_owner.get("/bookings", params={**more, "series_id": series["id"]})
        assert (answer.status_code, answer.json()["data"]) == (200, [])
    both = await salon.other_owner.get("/bookings", params={**business, "series_id": series["id"]})
    assert error_of(both) == (404, "not_found")


async def test_get_series_lists_ones_own_and_those_of_a_business(salon: StaffedSalon) -> None:
    made = [await book(salon.customer, series_body(salon, 2, salon.at(hour))) for hour in (9, 12)]
    business = {"business_id": str(salon.ids.business_id)}
    for person, asked in ((salon.customer, {}), (salon.staff, business)):
        listed = (await person.get("/bookings/series", params=asked)).json()
        assert [one["id"] for one in listed["data"]] == [made[1]["id"], made[0]["id"]]
        assert listed["data"] == [made[1], made[0]], "as each of them is read"
    first = (await salon.staff.get("/bookings/series", params={**business, "limit": 1})).json()
    rest = (
        await salon.staff.get("/bookings/series", params={**business, "cursor": first["meta"]["next_cursor"]})
    ).json()
    assert [one["id"] for one in rest["data"]] == [made[0]["id"]]
    assert (await salon.staff.get("/bookings/series")).json()["data"] == [], "of the business only when it is asked for"
    assert error_of(await salon.other_owner.get("/bookings/series", params=business)) == (404, "not_found")
    assert (await salon.other_owner.get("/bookings/series")).json()["data"] == []


async def test_series_takes_all_or_those_that_are_free(salon: StaffedSalon, pool: Pool) -> None:
    await fill(pool, salon, salon.at(10) + WEEK)
    before = await counted(pool, *WRITTEN)
    refused = await salon.customer.post("/bookings/series", json=series_body(salon), headers=keyed())
    assert error_of(refused) == (409, "series_clash")
    assert [one["number"] for one in refused.json()["error"]["details"]["occurrences"]] == [2]
    assert await counted(pool, *WRITTEN) == before
    row = await book(salon.customer, series_body(salon, take="free"))
    assert (row["booked"], row["refused"]) == (3, 1)
    assert [one["status"] for one in row["occurrences"]] == ["confirmed", None, "confirmed", "confirmed"]
    assert (await salon.customer.get(f"/bookings/series/{row['id']}")).json()["data"]["occurrences"][1]["refusal"]
    started = await data.rows(pool, "SELECT aggregate FROM outbox WHERE command = 'booking.start' ORDER BY aggregate")
    ids = sorted(f"booking/{one['booking_id']}" for one in row["occurrences"] if one["booking_id"])
    assert [one["aggregate"] for one in started] == ids, "each occurrence has a workflow of its own"
    notices = await data.rows(pool, "SELECT audience, kind, facts FROM notification_outbox ORDER BY audience")
    assert [(one["audience"], one["kind"]) for one in notices] == [
        ("business", "booking_confirmed"),
        ("customer", "booking_confirmed"),
    ]
    assert all(len(one["facts"]["series"]) == 3 for one in notices), "one message for all of them"
    await fill(pool, salon, salon.at(15))
    one_only = series_body(salon, 1, salon.at(15), take="free")
    nothing = await salon.customer.post("/bookings/series", json=one_only, headers=keyed())
    assert error_of(nothing) == (409, "series_clash"), "none is free"


async def test_series_is_booked_once_for_one_key(salon: StaffedSalon, pool: Pool) -> None:
    key = keyed()
    answers = [await salon.customer.post("/bookings/series", json=series_body(salon), headers=key) for _ in range(2)]
    assert answers[0].content == answers[1].content
    assert (await counted(pool, "bookings", "booking_series")) == {"bookings": 4, "booking_series": 1}


async def test_series_for_somebody_new_makes_one_customer(salon: StaffedSalon, pool: Pool) -> None:
    guest = {"family_name": "早乙女", "phone": "03-5550-0199"}
    monthly = {"frequency": "monthly", "count": 3, "monthly_on": "weekday"}
    row = await book(salon.staff, series_body(salon, guest=guest, recurrence=monthly, take="free"))
    assert row["booked"] >= 1
    made = await data.rows(pool, "SELECT id FROM customers WHERE family_name = '早乙女'")
    assert [str(one["id"]) for one in made] == [row["customer_id"]]


@pytest.mark.parametrize("mode", ["prepay", "deposit", "card_hold"])
async def test_series_of_a_service_that_is_paid_online_is_for_staff_alone(
    app: FastAPI, pool: Pool, clock: Clock, mode: str
) -> None:
    deposit = {"deposit_percent": 20} if mode == "deposit" else {}
    async with staffed_salon(app, pool, clock, payment_mode=mode, **deposit) as salon:
        body = series_body(salon)
        refused = await salon.customer.post("/bookings/series", json=body, headers=keyed())
        assert error_of(refused) == (422, "rule_broken")
        assert refused.json()["error"]["details"]["rule"] == "series_paid_online"
        for_customer = {**body, "customer_id": str(salon.ids.customer_id)}
        assert (await book(salon.staff, for_customer))["booked"] == 4, "staff take the money at the venue"


async def test_series_of_customers_have_limits(salon: StaffedSalon, pool: Pool) -> None:
    """No guest, no address that is not proven; at most five that wait for approval; at most 52 ahead."""
    person = {"family_name": "佐藤", "email": "ai@example.jp"}
    body = series_body(salon, guest=person)
    answer = await salon.nobody.post("/api/v1/bookings/series", json=body, headers=keyed())
    assert answer.json()["error"]["details"]["rule"] == "no_guest_booking"
    await data.rows(pool, "UPDATE business_settings SET address_proof_within = interval '30 minutes'")
    await data.rows(pool, "UPDATE users SET email_verified_at = NULL WHERE id = :id", id=salon.other_owner.id)
    refused = await salon.other_owner.post("/bookings/series", json=series_body(salon), headers=keyed())
    assert refused.json()["error"]["details"]["rule"] == "series_needs_proven_address"
    await data.rows(pool, "UPDATE business_settings SET booking_window = interval '700 days'")
    assert (await book(salon.customer, series_body(salon, 50)))["booked"] == 50
    more = series_body(salon, 3, salon.at(13))
    assert error_of(await salon.customer.post("/bookings/series", json=more, headers=keyed())) == (422, "hold_limit")
    for_customer = {**more, "customer_id": str(salon.ids.customer_id)}
    assert (await book(salon.staff, for_customer))["booked"] == 3
    await data.rows(pool, "UPDATE services SET approval_mode = 'manual' WHERE id = :id", id=salon.ids.service_id)
    await data.rows(pool, "UPDATE bookings SET status = 'completed' WHERE status = 'confirmed'")
    seen = await book(salon.customer, series_body(salon, 7, salon.at(16)), params={"dry_run": "true"})
    assert [one["refusal"] and one["refusal"]["code"] for one in seen["occurrences"]] == [None] * 5 + ["hold_limit"] * 2


async def test_delete_series_quotes_the_fees_of_what_was_paid(salon: StaffedSalon, pool: Pool) -> None:
    """One of three occurrences was paid online; half of it is the fee. What was not paid costs nothing."""
    row = await book(salon.customer, series_body(salon, 3))
    paid = UUID(row["occurrences"][1]["booking_id"])
    half = """UPDATE bookings SET policy = policy || '{"tiers": [{"hours_before": 0, "penalty_percent": 50}]}'"""
    await data.rows(pool, half)
    await data.rows(pool, "UPDATE bookings SET amount_due = price, due_at_venue = 0 WHERE id = :id", id=paid)
    await data.add_payment(pool, salon.ids, paid, status="captured")
    path = f"/bookings/series/{row['id']}"
    asked = {"scope": "all", "dry_run": "true"}
    quote = (await salon.customer.delete(path, params=asked)).json()["data"]
    assert [quote[name]["amount"] for name in ("penalty", "refunding", "released")] == [3300, 3300, 0]
    by_business = (await salon.staff.delete(path, params=asked)).json()["data"]
    assert [by_business[name]["amount"] for name in ("penalty", "refunding")] == [0, 6600]


async def test_series_is_hidden_from_other_tenants_and_customers(salon: StaffedSalon, pool: Pool) -> None:
    row = await book(salon.customer, series_body(salon))
    path = f"/bookings/series/{row['id']}"
    move = {"booking_id": row["occurrences"][0]["booking_id"], "scope": "all", "start_at": salon.at(12).isoformat()}
    for response in (
        await salon.other_owner.get(path),
        await salon.other_owner.put(path, json=move),
        await salon.other_owner.delete(path),
    ):
        assert error_of(response) == (404, "not_found")
    assert error_of(await salon.assistant.put(path, json=move)) == (403, "forbidden")
    assert (await salon.assistant.get(path)).status_code == 200
    assert (await salon.customer.get(path)).status_code == 200


async def test_move_of_the_following_goes_through_their_workflows(live: Live) -> None:
    salon = live.salon
    row = await book(salon.customer, series_body(salon))
    path, second = f"/bookings/series/{row['id']}", row["occurrences"][1]
    target = salon.at(13) + WEEK + timedelta(days=1)
    await fill(live.pool, salon, target + WEEK)
    move = {"booking_id": second["booking_id"], "scope": "following", "start_at": target.isoformat()}
    seen = (await salon.customer.put(path, json=move, params={"dry_run": "true"})).json()["data"]
    assert [one["refusal"] and one["refusal"]["code"] for one in seen["occurrences"]] == [None, "slot_taken", None]
    assert (await salon.customer.get(path)).json()["data"] == row, "a preview changes nothing"
    assert error_of(await salon.customer.put(path, json=move)) == (409, "series_clash")
    done = await salon.customer.put(path, json={**move, "take": "free"})
    assert done.status_code == 200, done.text
    assert (done.json()["data"]["changed"], done.json()["data"]["refused"]) == (2, 1)
    now = (await salon.customer.get(path)).json()["data"]["occurrences"]
    starts = [datetime.fromisoformat(one["start_at"]) for one in now]
    assert starts == [salon.at(10), target, salon.at(10) + 2 * WEEK, target + 2 * WEEK]
    sent = await messages_of(live.pool, "booking_changed")
    starts = {audience: [datetime.fromisoformat(one[1]) for one in listed] for audience, listed in sent}
    both = [target, target + 2 * WEEK]
    assert (len(sent), starts) == (2, {"business": both, "customer": both}), "one message for both"


async def test_series_moves_onto_its_own_times(live: Live) -> None:
    """One week later: each takes the time that the next one gives up."""
    salon = live.salon
    row = await book(salon.customer, series_body(salon))
    await data.rows(live.pool, "UPDATE resources SET is_active = false WHERE id = :id", id=salon.ids.resources[1])
    await data.rows(
        live.pool,
        "UPDATE resource_claims SET resource_id = :id WHERE booking_id IS NOT NULL",
        id=salon.ids.resources[0],
    )
    move = {
        "booking_id": row["occurrences"][0]["booking_id"],
        "scope": "all",
        "start_at": (salon.at(10) + WEEK).isoformat(),
    }
    done = await salon.staff.put(f"/bookings/series/{row['id']}", json=move)
    assert done.status_code == 200, done.text
    assert done.json()["data"]["changed"] == 4


async def test_cancellation_costs_the_sum_of_the_quotes(live: Live) -> None:
    salon = live.salon
    row = await book(salon.customer, series_body(salon))
    path, third = f"/bookings/series/{row['id']}", row["occurrences"][2]
    asked = {"scope": "following", "booking_id": third["booking_id"]}
    quote = (await salon.customer.delete(path, params={**asked, "dry_run": "true"})).json()["data"]
    assert (quote["changed"], quote["penalty"]["amount"]) == (2, 0)
    done = (await salon.customer.delete(path, params=asked)).json()["data"]
    assert {name: done[name] for name in ("penalty", "refunding", "released", "changed")} == {
        name: quote[name] for name in ("penalty", "refunding", "released", "changed")
    }
    assert [one["status"] for one in done["occurrences"]] == ["cancelled", "cancelled"]
    ended = [one["booking_id"] for one in row["occurrences"][2:]]
    sent = await messages_of(live.pool, "booking_cancelled")
    assert sorted((audience, [one[0] for one in listed]) for audience, listed in sent) == [
        ("business", ended),
        ("customer", ended),
    ], "one message for both"
    for booking_id in ended:
        story = (await salon.staff.get(f"/bookings/{booking_id}/timeline")).json()["data"]["entries"]
        events = [one["event"].partition(".")[0] for one in story if one["source"] == "message"]
        assert events.count("booking_confirmed") == events.count("booking_cancelled") == 2, "it is in the story of each"
    again = (await salon.customer.delete(path, params=asked)).json()["data"]
    assert again["occurrences"] == [], "what is over is not meant any more"
    left = (await salon.customer.get(path)).json()["data"]["occurrences"]
    assert [one["status"] for one in left] == ["confirmed", "confirmed", "cancelled", "cancelled"]
    one = {"scope": "one", "booking_id": row["occurrences"][0]["booking_id"]}
    assert (await salon.staff.delete(path, params=one)).json()["data"]["changed"] == 1
    assert (await messages_of(live.pool, "booking_cancelled"))[-1] == ("customer", []), "a single one as usual"
    assert error_of(await salon.staff.delete(path, params={"scope": "one"})) == (422, "invalid_input")
