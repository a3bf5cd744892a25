"""Notes about customers: what is stored of those about health, who reads them, and who sees who did."""

from typing import Any

from db.engine.session import Database as Pool
from db.payments.venue_tables import VenuePayment
from tests.api.business_setup import OpenSalon, open_salon
from tests.api.conftest import Login, Person, error_of
from tests.api.salon import keyed
from tests.support import data
from tests.support.reviews import add_review

SECRET = "ジアミンで発疹"


async def noted(caller: Person, customer_id: object, **more: Any) -> dict[str, Any]:
    body = {"customer_id": str(customer_id), "kind": "general", "body": "窓側の席", **more}
    answer = await caller.post("/customers/notes", json=body, headers=keyed())
    assert answer.status_code == 201, answer.text
    note: dict[str, Any] = answer.json()["data"]
    return note


async def set_up(owner: Person, pool: Pool) -> tuple[OpenSalon, str]:
    salon = await open_salon(pool, owner)
    return salon, str(await data.add_customer(pool, salon.id))


async def test_health_note_is_nowhere_in_plain_text(owner: Person, pool: Pool) -> None:
    _, customer_id = await set_up(owner, pool)
    note = await noted(owner, customer_id, kind="allergy", body=SECRET, pinned=True)
    assert note["body"] is None
    path = f"/customers/notes/{note['id']}"
    assert (await owner.get(path)).json()["data"]["body"] == SECRET
    changed = await owner.put(path, json={"body": f"{SECRET}。重症"})
    assert changed.json()["data"]["body"] == f"{SECRET}。重症"
    for table, column in (
        ("customer_notes", "t::text"),
        ("audit_logs", "t::text"),
        ("outbox", "t::text"),
        ("idempotency_keys", "convert_from(t.body, 'UTF8')"),
    ):
        kept = await data.rows(pool, f"SELECT 1 FROM {table} t WHERE position(:word IN {column}) > 0", word=SECRET)
        assert kept == [], table
    [stored] = await data.rows(
        pool, "SELECT body, key_id, body_encrypted FROM customer_notes WHERE id = :id", id=note["id"]
    )
    assert stored["body"] is None
    assert stored["key_id"]
    assert SECRET.encode() not in stored["body_encrypted"]


async def test_health_note_is_for_those_who_serve_and_readings_are_for_the_owner(
    owner: Person, log_in: Login, pool: Pool
) -> None:
    salon, customer_id = await set_up(owner, pool)
    people = {role: await log_in() for role in ("manager", "staff", "assistant")}
    for role, person in people.items():
        await data.add_staff(pool, salon.id, person.id, role=role)
    allergy = await noted(people["staff"], customer_id, kind="allergy", body=SECRET)
    general = await noted(people["staff"], customer_id)
    log = f"/customers/{customer_id}/health-note-reads"
    assert (await owner.get(log)).json()["data"] == []
    asked = {"customer_id": customer_id}
    bodies = {
        role: {row["id"]: row["body"] for row in (await person.get("/customers/notes", params=asked)).json()["data"]}
        for role, person in people.items()
    }
    for role in ("manager", "staff"):
        assert bodies[role] == {allergy["id"]: SECRET, general["id"]: "窓側の席"}
    assert bodies["assistant"] == {allergy["id"]: None, general["id"]: "窓側の席"}
    assert (await people["assistant"].get(f"/customers/notes/{allergy['id']}")).json()["data"]["body"] is None
    readings = (await owner.get(log)).json()["data"]
    assert [row["reader_id"] for row in readings] == [str(people["staff"].id), str(people["manager"].id)]
    assert all(row["note_ids"] == [allergy["id"]] for row in readings)
    for role in people:
        assert error_of(await people[role].get(log)) == (403, "forbidden")


async def test_list_customer_notes_has_pinned_ones_first_and_pages(owner: Person, pool: Pool) -> None:
    _, customer_id = await set_up(owner, pool)
    ids = [(await noted(owner, customer_id, body=f"{n}", pinned=n == 1))["id"] for n in range(4)]
    wanted = [ids[1], ids[3], ids[2], ids[0]]
    asked: dict[str, Any] = {"customer_id": customer_id, "limit": 1}
    for expected in wanted:
        page = (await owner.get("/customers/notes", params=asked)).json()
        assert [row["id"] for row in page["data"]] == [expected]
        asked["cursor"] = page["meta"]["next_cursor"]
    assert asked["cursor"] is None
    assert (await owner.delete(f"/customers/notes/{ids[1]}")).status_code == 200
    assert error_of(await owner.get(f"/customers/notes/{ids[1]}")) == (404, "not_found")
    assert error_of(await owner.get("/customers/notes", params={**asked, "cursor": "W10"}))[0] == 400


async def test_notes_are_their_business_s_alone(owner: Person, other_owner: Person, pool: Pool) -> None:
    _, customer_id = await set_up(owner, pool)
    await open_salon(pool, other_owner)
    note = await noted(owner, customer_id, kind="special_need", body="車いす")
    for answer in (
        await other_owner.get("/customers/notes", params={"customer_id": customer_id}),
        await other_owner.get(f"/customers/notes/{note['id']}"),
        await other_owner.get(f"/customers/{customer_id}/health-note-reads"),
        await other_owner.post("/customers/notes", json={"customer_id": customer_id, "kind": "general", "body": "x"}),
    ):
        assert error_of(answer) == (404, "not_found")


async def test_customer_history_is_one_stream_in_order(owner: Person, pool: Pool) -> None:
    salon = await data.add_salon(pool)
    await data.rows(pool, "UPDATE businesses SET owner_id = :o WHERE id = :id", o=owner.id, id=salon.business_id)
    booking = await data.add_booking(pool, salon, status="completed")
    later = await data.add_booking(pool, salon, data.NOW + 100 * data.HOUR)
    payment = await data.add_payment(pool, salon, booking, status="captured")
    note = (await noted(owner, salon.customer_id))["id"]
    await data.rows(pool, "UPDATE booking_payments SET created_at = '2026-01-02' WHERE id = :id", id=payment)
    await data.rows(pool, "UPDATE customer_notes SET created_at = '2026-01-01' WHERE id = :id", id=note)
    taken = {"kind": "payment", "method": "cash", "amount": 1000, "currency": "JPY", "day": data.NOW.date()}
    more = {"booking_id": booking, "taken_by": owner.id, "command_id": "c", "created_at": data.NOW - 900 * data.HOUR}
    cash = await data.add(pool, VenuePayment, business_id=salon.business_id, **taken, **more)
    review = await add_review(pool, salon, booking, created_at=data.NOW - 800 * data.HOUR)
    seen: list[tuple[str, str]] = []
    asked: dict[str, Any] = {"limit": 1}
    while True:
        page = (await owner.get(f"/customers/{salon.customer_id}/history", params=asked)).json()
        seen += [(row["kind"], row["id"]) for row in page["data"]]
        asked["cursor"] = page["meta"]["next_cursor"]
        if asked["cursor"] is None:
            break
    assert seen == [
        ("booking", str(later)),
        ("booking", str(booking)),
        ("review", str(review)),
        ("venue_payment", str(cash)),
        ("payment", str(payment)),
        ("note", note),
    ]
    shown = (await owner.get(f"/customers/{salon.customer_id}")).json()["data"]
    assert (shown["visits"], shown["no_shows"]) == (1, 0)
    assert shown["spent"] == [{"amount": 6600, "currency": "JPY"}]


async def test_list_allergies_of_the_day_records_who_read_them(owner: Person, log_in: Login, pool: Pool) -> None:
    salon = await data.add_salon(pool)
    await data.rows(pool, "UPDATE businesses SET owner_id = :o WHERE id = :id", o=owner.id, id=salon.business_id)
    assistant = await log_in()
    await data.add_staff(pool, salon.business_id, assistant.id, role="assistant")
    today = await data.add_booking(pool, salon, data.NOW)
    later = await data.add_booking(pool, salon, data.NOW + 2 * data.HOUR)
    await data.add_booking(pool, salon, data.NOW + 24 * data.HOUR)
    await data.add_booking(pool, salon, data.NOW + 4 * data.HOUR, status="cancelled")
    note = {"customer_id": str(salon.customer_id), "kind": "allergy", "body": "ジアミン"}
    made = (await owner.post("/customers/notes", json=note)).json()["data"]
    await owner.post("/customers/notes", json={**note, "kind": "special_need", "body": "車椅子"})
    asked = {"business_id": str(salon.business_id), "day": "2026-11-24", "limit": 1}
    first = (await owner.get("/customers/allergies", params=asked)).json()
    rest = await owner.get("/customers/allergies", params={**asked, "cursor": first["meta"]["next_cursor"]})
    seen = first["data"] + rest.json()["data"]
    assert [(row["booking_id"], row["note_id"], row["body"]) for row in seen] == [
        (str(today), made["id"], "ジアミン"),
        (str(later), made["id"], "ジアミン"),
    ]
    one = (await owner.get("/customers/allergies", params={**asked, "booking_id": str(later)})).json()["data"]
    assert [row["booking_id"] for row in one] == [str(later)]
    readings = (await owner.get(f"/customers/{salon.customer_id}/health-note-reads")).json()["data"]
    assert [row["note_ids"] for row in readings] == [[made["id"]]]
    hidden = (await assistant.get("/customers/allergies", params={**asked, "limit": 9})).json()["data"]
    assert [row["body"] for row in hidden] == [None, None]
    log = f"/customers/{salon.customer_id}/health-note-reads"
    assert len((await owner.get(log)).json()["data"]) == 1
    changed = await owner.put(f"/customers/notes/{made['id']}", json={"body": "ラテックス"})
    assert changed.status_code == 200, changed.text
    for _ in range(2):
        await owner.get("/customers/allergies", params=asked)
    assert len((await owner.get(log)).json()["data"]) == 2
    await data.rows(
        pool,
        """WITH gone AS (DELETE FROM health_note_reads RETURNING *)
           INSERT INTO health_note_reads (business_id, customer_id, reader_id, note_ids, created_at)
           SELECT business_id, customer_id, reader_id, note_ids, created_at - interval '1 hour' FROM gone
           RETURNING id""",
    )
    await owner.get("/customers/allergies", params=asked)
    assert len((await owner.get(log)).json()["data"]) == 3


async def test_list_allergies_of_a_period_in_place_of_a_day(owner: Person, pool: Pool) -> None:
    """The night after a business day is another day of the calendar."""
    salon = await data.add_salon(pool)
    await data.rows(pool, "UPDATE businesses SET owner_id = :o WHERE id = :id", o=owner.id, id=salon.business_id)
    bookings = [await data.add_booking(pool, salon, data.NOW + hours * data.HOUR) for hours in (0, 20, 40)]
    note = {"customer_id": str(salon.customer_id), "kind": "allergy", "body": "ジアミン"}
    assert (await owner.post("/customers/notes", json=note)).status_code == 201
    since, until = (data.NOW + hours * data.HOUR for hours in (20, 40))
    asked = {"business_id": str(salon.business_id), "from": since.isoformat(), "to": until.isoformat()}
    found = (await owner.get("/customers/allergies", params=asked)).json()["data"]
    assert [row["booking_id"] for row in found] == [str(bookings[1])]
