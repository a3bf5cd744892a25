"""Lists, one booking, its history and texts: who sees what, and nothing of another tenant."""

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest_asyncio

from api.http.envelope import Envelope, ListEnvelope
from api.v1.bookings.bookings.history_schemas import HistoryRead
from api.v1.bookings.bookings.quote_schemas import QuoteRead
from api.v1.bookings.bookings.schemas import BookingRead
from api.v1.scheduling.availability.schemas import AvailabilityRead
from db.engine.session import Database as Pool
from db.payments.tables import Refund
from tests.api.conftest import PREFIX, Person, Statements, error_of
from tests.api.salon import WRITTEN, StaffedSalon, counted, keyed
from tests.support import data
from tests.support.refunds import succeed_refund


@pytest_asyncio.fixture
async def booking(salon: StaffedSalon, pool: Pool) -> UUID:
    """Confirmed, of the salon's customer."""
    return await data.add_booking(pool, salon.ids, salon.at(10))


async def ids(person: Person, **params: Any) -> list[str]:
    answer = await person.get("/bookings", params=params)
    assert answer.status_code == 200, answer.text
    ListEnvelope[BookingRead].model_validate_json(answer.content, extra="forbid")
    return [row["id"] for row in answer.json()["data"]]


async def test_get_booking_answers_those_who_may_see_it(salon: StaffedSalon, booking: UUID) -> None:
    for person in (salon.customer, salon.owner, salon.staff, salon.assistant):
        answer = await person.get(f"/bookings/{booking}")
        assert answer.status_code == 200
        read = Envelope[BookingRead].model_validate_json(answer.content, extra="forbid").data
        assert (read.id, read.items[0].resource_ids) == (booking, [salon.ids.resources[0]])
    theirs = await salon.other_owner.get(f"/bookings/{booking}")
    unknown = await salon.other_owner.get(f"/bookings/{uuid4()}")
    assert error_of(theirs) == error_of(unknown) == (404, "not_found")
    assert theirs.json()["error"] == unknown.json()["error"]


async def test_business_reads_whose_booking_it_is(
    salon: StaffedSalon, pool: Pool, booking: UUID, statements: Statements
) -> None:
    [name] = await data.rows(
        pool, "SELECT family_name, given_name FROM customers WHERE id = :id", id=salon.ids.customer_id
    )
    assert name["family_name"]
    for person, shown in ((salon.owner, name), (salon.staff, name), (salon.assistant, name), (salon.customer, None)):
        statements.clear()
        one = (await person.get(f"/bookings/{booking}")).json()["data"]
        assert len(statements) == 2
        asked = {"business_id": str(salon.ids.business_id)} if shown else {}
        statements.clear()
        [listed] = (await person.get("/bookings", params=asked)).json()["data"]
        assert len(statements) == 2
        assert one == listed
        assert one["customer_name"] == shown


async def test_get_booking_shows_later_what_its_end_cost_and_gave_back(salon: StaffedSalon, pool: Pool) -> None:
    more = {"status": "cancelled", "amount_due": 6600, "payment_mode": "prepay", "cancellation_penalty": 1000}
    booking_id = await data.add_booking(pool, salon.ids, salon.at(15), **more)
    payment_id = await data.add_payment(
        pool, salon.ids, booking_id, status="partially_refunded", captured=6600, refunded=2600
    )
    for status, amount in (("processing", 2000), ("requested", 1000), ("failed", 500)):
        await data.rows(
            pool,
            """INSERT INTO refunds (business_id, payment_id, booking_id, status, amount, currency, reason, command_id)
               VALUES (:business, :payment, :booking, :status, :amount, 'JPY', 'cancelled', CAST(:status AS text))""",
            business=salon.ids.business_id,
            payment=payment_id,
            booking=booking_id,
            status=status,
            amount=amount,
        )
    for person in (salon.customer, salon.owner):
        read = (await person.get(f"/bookings/{booking_id}")).json()["data"]
        found = {name: read[name]["amount"] for name in ("penalty", "refunding", "refunded")}
        assert found == {"penalty": 1000, "refunding": 3000, "refunded": 2600}


async def test_party_size_may_change(salon: StaffedSalon, pool: Pool, booking: UUID) -> None:
    path = f"/bookings/{booking}"

    async def sized(person: Person, size: int) -> Any:
        return await person.put(path, json={"party_size": size})

    assert error_of(await sized(salon.customer, 2)) == (422, "party_size_refused")
    await data.rows(pool, "UPDATE services SET party_max = 4 WHERE id = :id", id=salon.ids.service_id)
    for person, size in ((salon.customer, 3), (salon.staff, 4)):
        answer = await sized(person, size)
        assert answer.json()["data"]["party_size"] == size, answer.text
    refused = await sized(salon.customer, 5)
    assert refused.json()["error"]["details"] == {"party_min": 1, "party_max": 4}
    assert error_of(await sized(salon.customer, 0)) == (422, "invalid_input")
    assert error_of(await sized(salon.other_owner, 2)) == (404, "not_found")
    await data.rows(pool, "UPDATE services SET capacity = 10 WHERE id = :id", id=salon.ids.service_id)
    assert error_of(await sized(salon.customer, 2)) == (422, "party_size_refused")
    assert (await sized(salon.customer, 4)).status_code == 200, "as it is"
    await data.rows(pool, "UPDATE services SET capacity = 1 WHERE id = :id", id=salon.ids.service_id)
    await data.rows(pool, "UPDATE bookings SET status = 'completed' WHERE id = :id", id=booking)
    assert error_of(await sized(salon.owner, 2)) == (409, "wrong_state")
    assert (await salon.owner.get(path)).json()["data"]["party_size"] == 4


async def test_list_my_bookings_is_in_order_page_by_page(
    salon: StaffedSalon, pool: Pool, statements: Statements
) -> None:
    made = [str(await data.add_booking(pool, salon.ids, salon.at(9 + number))) for number in (2, 0, 1, 3, 4)]
    expected = [made[1], made[2], made[0], made[3], made[4]]
    await data.add_booking(pool, salon.other, salon.at(10))
    seen: list[str] = []
    cursor: dict[str, str] = {}
    statements.clear()
    while True:
        page = (await salon.customer.get("/bookings", params={"limit": 2, **cursor})).json()
        seen += [row["id"] for row in page["data"]]
        if page["meta"]["next_cursor"] is None:
            break
        cursor = {"cursor": page["meta"]["next_cursor"]}
    assert seen == expected
    assert len(statements) == 2 * 3  # a page is the beginning of the transaction and one statement
    shown = (await salon.customer.get("/bookings")).json()["data"][0]["items"][0]
    assert shown["resource_ids"] == [str(salon.ids.resources[0])]


async def test_business_s_bookings_by_every_filter(salon: StaffedSalon, pool: Pool) -> None:
    business = {"business_id": str(salon.ids.business_id)}
    first = str(await data.add_booking(pool, salon.ids, salon.at(9)))
    second = str(await data.add_booking(pool, salon.ids, salon.at(12), resource=1, status="cancelled"))
    customer = await data.add_customer(pool, salon.ids.business_id)
    third = str(await data.add_booking(pool, salon.ids, salon.at(15), customer_id=customer, user_id=None))
    await data.add_booking(pool, salon.other, salon.at(9))
    code = (await salon.staff.get(f"/bookings/{third}")).json()["data"]["code"]
    for params, expected in (
        ({}, [first, second, third]),
        ({"status": "cancelled"}, [second]),
        ({"from": salon.at(12).isoformat()}, [second, third]),
        ({"to": salon.at(12).isoformat()}, [first]),
        ({"customer_id": str(customer)}, [third]),
        ({"resource_id": str(salon.ids.resources[1])}, [second]),
        ({"code": code.lower()}, [third]),
        ({"code": "NOSUCH00"}, []),
    ):
        assert await ids(salon.assistant, **business, **params) == expected, params


async def test_list_bookings_of_another_business_is_refused(salon: StaffedSalon, booking: UUID) -> None:
    business = {"business_id": str(salon.ids.business_id)}
    assert error_of(await salon.customer.get("/bookings", params=business)) == (404, "not_found")
    theirs = await salon.other_owner.get("/bookings", params=business)
    unknown = await salon.other_owner.get("/bookings", params={"business_id": str(uuid4())})
    assert error_of(theirs) == error_of(unknown) == (404, "not_found")
    assert theirs.json()["error"] == unknown.json()["error"]
    assert await ids(salon.other_owner) == []
    theirs = {"business_id": str(salon.other.business_id), "customer_id": str(salon.ids.customer_id)}
    assert await ids(salon.other_owner, **theirs) == []
    assert error_of(await salon.staff.get("/bookings", params={"cursor": "bm8"})) == (400, "malformed")


async def test_history_is_shown_and_staff_is_not_named_to_customers(salon: StaffedSalon) -> None:
    made = await salon.staff.post(
        "/bookings", json=salon.booking_body(customer_id=str(salon.ids.customer_id)), headers=keyed()
    )
    path = f"/bookings/{made.json()['data']['id']}/history"
    answer = await salon.staff.get(path)
    rows = ListEnvelope[HistoryRead].model_validate_json(answer.content, extra="forbid").data
    assert [(row.from_status, row.to_status) for row in rows] == [(None, "pending"), ("pending", "confirmed")]
    assert rows[0].actor_id == salon.staff.id
    page = (await salon.staff.get(path, params={"limit": 1})).json()
    rest = (await salon.staff.get(path, params={"limit": 1, "cursor": page["meta"]["next_cursor"]})).json()
    assert [page["data"][0]["event"], rest["data"][0]["event"]] == ["held", rows[1].event]
    assert rest["meta"]["next_cursor"] is None
    shown = (await salon.customer.get(path)).json()["data"]
    assert {row["actor_id"] for row in shown} == {None}
    assert error_of(await salon.other_owner.get(path)) == (404, "not_found")


async def test_texts_and_who_may_write_them(salon: StaffedSalon, booking: UUID) -> None:
    path = f"/bookings/{booking}"
    mine = await salon.customer.put(path, json={"special_requests": "静かな席"})
    assert mine.json()["data"]["special_requests"] == "静かな席"
    noted = await salon.staff.put(path, json={"internal_notes": "VIP"})
    assert (noted.json()["data"]["internal_notes"], noted.json()["data"]["special_requests"]) == ("VIP", "静かな席")
    assert (await salon.customer.get(path)).json()["data"]["internal_notes"] is None
    assert error_of(await salon.customer.put(path, json={"internal_notes": "me"})) == (403, "forbidden")
    assert error_of(await salon.assistant.put(path, json={"internal_notes": "me"})) == (403, "forbidden")
    assert error_of(await salon.other_owner.put(path, json={"special_requests": "x"})) == (404, "not_found")
    assert error_of(await salon.customer.put(path, json={"status": "completed"})) == (422, "invalid_input")
    emptied = await salon.customer.put(path, json={"special_requests": ""})
    assert emptied.json()["data"]["special_requests"] is None
    assert (await salon.owner.get(path)).json()["data"]["internal_notes"] == "VIP"


async def test_cancellation_quote_says_what_cancelling_costs(salon: StaffedSalon, pool: Pool) -> None:
    """The tiers of the test's policy: free until 48 h before, half until 24 h, all of it later."""
    start = salon.at(10)
    booking = await data.add_booking(pool, salon.ids, start, amount_due=6600, payment_mode="prepay")
    await data.add_payment(pool, salon.ids, booking, status="captured")
    path = f"/bookings/{booking}/cancellation-quote"
    before = await counted(pool, *WRITTEN)

    async def asked(person: Person) -> tuple[int, int, int]:
        answer = await person.post(path)
        assert answer.status_code == 200, answer.text
        quote = Envelope[QuoteRead].model_validate_json(answer.content, extra="forbid").data
        return quote.percent, quote.penalty.amount, quote.refunding.amount

    assert await asked(salon.customer) in {(50, 3300, 3300), (0, 0, 6600)}
    await data.rows(
        pool, "UPDATE bookings SET start_at = now() + interval '30 hours', end_at = now() + interval '31 hours'"
    )
    assert await asked(salon.customer) == (50, 3300, 3300)
    await data.rows(
        pool, "UPDATE bookings SET start_at = now() + interval '3 hours', end_at = now() + interval '4 hours'"
    )
    assert await asked(salon.customer) == (100, 6600, 0)
    assert await asked(salon.owner) == (0, 0, 6600)
    [payment] = await data.rows(pool, "SELECT id, business_id, booking_id FROM booking_payments")
    values = {"business_id": payment["business_id"], "booking_id": payment["booking_id"], "currency": "JPY"}
    refund = {"payment_id": payment["id"], "amount": 5000, "reason": "requested", "command_id": "r"}
    await succeed_refund(pool, await data.add(pool, Refund, **values, **refund))
    assert await asked(salon.customer) == (100, 1600, 0)
    assert await counted(pool, *WRITTEN) == {**before, "refunds": 1}
    assert error_of(await salon.other_owner.post(path)) == (404, "not_found")
    assert error_of(await salon.assistant.post(path)) == (403, "forbidden")
    await data.rows(pool, "UPDATE bookings SET status = 'cancelled'")
    assert error_of(await salon.customer.post(path)) == (409, "wrong_state")


async def test_booking_routes_refuse_anonymous_callers_and_other_tenants(
    salon: StaffedSalon, pool: Pool, booking: UUID
) -> None:
    later = (salon.day + timedelta(days=1)).isoformat()
    doors: list[tuple[str, str, dict[str, Any] | None]] = [
        ("GET", f"/bookings/{booking}", None),
        ("GET", f"/bookings/{booking}/history", None),
        ("PUT", f"/bookings/{booking}", {"special_requests": "x"}),
        *(
            ("POST", f"/bookings/{booking}/{command}", {"start_at": later} if command == "reschedule" else None)
            for command in (
                *("cancel", "reschedule", "confirm", "decline", "check-in", "complete", "no-show"),
                "cancellation-quote",
            )
        ),
    ]
    before = await counted(pool, *WRITTEN)
    for method, path, body in doors:
        answers = []
        for target in (path, path.replace(str(booking), str(uuid4()))):
            answer = await salon.other_owner.http.request(method, "/api/v1" + target, json=body, headers=keyed())
            assert error_of(answer) == (404, "not_found"), path
            answers.append(answer.json()["error"])
        assert answers[0] == answers[1]
        anonymous = await salon.nobody.request(method, "/api/v1" + path, json=body, headers=keyed())
        assert error_of(anonymous) == (401, "unauthenticated"), path
    assert await counted(pool, *WRITTEN) == before


async def test_availability_for_a_move_shows_the_booking_s_own_time(salon: StaffedSalon, pool: Pool) -> None:
    """To its customer, its guest link and the staff; the public list, and everybody else, learn nothing of it."""
    start = salon.at(10)
    booking = (await salon.customer.post("/bookings", json=salon.booking_body(start), headers=keyed())).json()["data"]
    taken = [UUID(booking["items"][0]["resource_ids"][0])]
    for index, resource in enumerate(salon.ids.resources):
        if resource not in taken:
            await data.add_booking(pool, salon.ids, start, resource=index)
    day = {"from": start.date().isoformat(), "to": start.date().isoformat()}
    later = (start + timedelta(minutes=30)).isoformat()
    public = await salon.customer.get("/availability", params={**day, "service_id": booking["items"][0]["service_id"]})
    assert later not in {one["start_at"] for one in public.json()["data"]["starts"]}
    path = f"/bookings/{booking['id']}/availability"
    for who in (salon.customer, salon.staff):
        own = await who.get(path, params=day)
        assert own.status_code == 200, own.text
        read = AvailabilityRead.model_validate(own.json()["data"], extra="forbid")
        assert later in {one.start_at.isoformat() for one in read.starts}
    for who, answer in ((salon.assistant, (403, "forbidden")), (salon.other_owner, (404, "not_found"))):
        assert error_of(await who.get(path, params=day)) == answer
    assert error_of(await salon.nobody.get(PREFIX + path, params=day)) == (401, "unauthenticated")


async def test_booking_shows_the_places_that_it_takes(salon: StaffedSalon, pool: Pool) -> None:
    """As made, as read and in lists."""
    made = (await salon.customer.post("/bookings", json=salon.booking_body(), headers=keyed())).json()["data"]
    claims = await data.rows(
        pool, "SELECT resource_id, unit FROM resource_claims WHERE booking_id = CAST(:id AS uuid)", id=made["id"]
    )
    units = [{"resource_id": str(claim["resource_id"]), "unit": claim["unit"]} for claim in claims]
    assert units
    read = (await salon.customer.get(f"/bookings/{made['id']}")).json()["data"]
    (listed,) = (await salon.staff.get("/bookings", params={"business_id": str(salon.ids.business_id)})).json()["data"]
    assert [one["items"][0]["units"] for one in (made, read, listed)] == [units] * 3
