"""Money at the venue on receipts: each entry once, tax rounded once per rate, corrections as credit notes."""

import asyncio
import io
from typing import Any
from uuid import uuid4

from httpx import Response
from pypdf import PdfReader

from db.engine.session import Database as Pool
from tests.api.conftest import Person, error_of
from tests.api.payments.test_receipts import NUMBER, _register
from tests.api.payments.test_venue import correct, record, visit
from tests.api.salon import StaffedSalon, keyed
from tests.support import data


async def issued(person: Person, entry: str, recipient: str | None = None) -> dict[str, Any]:
    answer = await asked(person, entry, recipient)
    assert answer.status_code == 201, answer.text
    read: dict[str, Any] = answer.json()["data"]
    return read


async def asked(person: Person, entry: str, recipient: str | None = None) -> Response:
    return await person.post(f"/venue-payments/{entry}/receipt", json={"recipient": recipient}, headers=keyed())


async def taken(salon: StaffedSalon, pool: Pool, amount: int | None = None, hour: int = 10) -> tuple[str, str]:
    """A booking of 6600 yen, 1320 of them paid online, and an entry at the venue."""
    booking = await visit(salon, pool, hour, family_name="佐藤", given_name="愛")
    answer = await record(salon.staff, booking, amount)
    assert answer.status_code == 201, answer.text
    return booking, str(answer.json()["data"]["id"])


async def test_venue_receipt_is_an_invoice_over_what_was_taken_there(salon: StaffedSalon, pool: Pool) -> None:
    await _register(pool, salon)
    _, entry = await taken(salon, pool)
    receipt = await issued(salon.staff, entry, "株式会社さくら")
    assert (receipt["kind"], receipt["recipient"], receipt["total"]["amount"]) == (
        "qualified_invoice",
        "株式会社さくら",
        5280,
    )
    assert (receipt["payment_id"], receipt["venue_payment_id"]) == (None, entry)
    assert [(one["percent"], one["total"]["amount"], one["tax"]["amount"]) for one in receipt["totals"]] == [
        (10, 5280, 480)
    ]
    assert receipt["number"].endswith("-000001")
    again = await asyncio.gather(*(issued(salon.staff, entry) for _ in range(3)))
    assert all(one == receipt for one in again)
    assert error_of(await asked(salon.staff, entry, "別の会社")) == (409, "conflict")
    file = await salon.staff.get(f"/venue-payments/{entry}/receipt", params={"language": "ja"})
    text = "".join(PdfReader(io.BytesIO(file.content)).pages[0].extract_text().split())
    assert all(word in text for word in (receipt["number"], NUMBER, "5,280", "480", "株式会社さくら"))
    assert (
        await salon.staff.get(f"/venue-payments/{entry}/receipt", params={"language": "ja"})
    ).content == file.content


async def test_venue_receipts_round_the_tax_once_for_each_rate(salon: StaffedSalon, pool: Pool) -> None:
    """105 yen three times at 10 percent hold 28 yen of tax together, and 27 if each line were rounded alone."""
    await _register(pool, salon)
    booking, entry = await taken(salon, pool, 315)
    sql = """UPDATE booking_items SET price = 2200, tax_percent = 10 WHERE booking_id::text = :id RETURNING id"""
    await data.rows(pool, sql, id=booking)
    add = """
        INSERT INTO booking_items SELECT (jsonb_populate_record(i, jsonb_build_object('id', gen_random_uuid(),
               'position', i.position + n, 'price', 2200, 'tax_percent', p))).*
          FROM booking_items i, (VALUES (1, 10), (2, 8)) AS more (n, p) WHERE i.booking_id::text = :id RETURNING id"""
    await data.rows(pool, add, id=booking)
    receipt = await issued(salon.staff, entry)
    assert [(one["percent"], one["total"]["amount"], one["tax"]["amount"]) for one in receipt["totals"]] == [
        (10, 210, 19),
        (8, 105, 7),
    ]
    assert sum(one["total"]["amount"] for one in receipt["totals"]) == receipt["total"]["amount"] == 315


async def test_venue_correction_of_an_invoiced_entry_has_a_credit_note_and_a_new_invoice(
    salon: StaffedSalon, pool: Pool
) -> None:
    await _register(pool, salon)
    _, entry = await taken(salon, pool, 5000)
    first = await issued(salon.staff, entry, "株式会社さくら")
    answer = await correct(salon.owner, entry, 500)
    assert answer.status_code == 201, answer.text
    reversal, right = (
        row["id"]
        for row in await data.rows(
            pool, "SELECT id::text AS id FROM venue_payments WHERE corrects::text = :id ORDER BY id", id=entry
        )
    )
    note = await issued(salon.staff, reversal)
    assert (note["kind"], note["total"]["amount"], note["recipient"]) == ("credit_note", 5000, "株式会社さくら")
    assert note["number"].startswith("R")
    [stored] = await data.rows(
        pool, "SELECT content->>'refers_to' AS first FROM receipts WHERE venue_payment_id::text = :id", id=reversal
    )
    assert stored["first"] == first["number"]
    new = await issued(salon.staff, right)
    assert (new["kind"], new["total"]["amount"]) == ("simplified_invoice", 500)
    assert (await issued(salon.staff, entry))["number"] == first["number"], "the first one stays"
    numbers = [int(one["number"].rpartition("-")[2]) for one in (first, note, new)]
    assert numbers == [1, 2, 3], "one sequence without gaps"


async def test_venue_correction_before_an_invoice_leaves_nothing_to_document(salon: StaffedSalon, pool: Pool) -> None:
    _, entry = await taken(salon, pool, 5000)
    await correct(salon.owner, entry, 0)
    [row] = await data.rows(pool, "SELECT id::text AS id FROM venue_payments WHERE corrects::text = :id", id=entry)
    for one in (entry, row["id"]):
        assert error_of(await asked(salon.staff, one)) == (409, "wrong_state")
    assert await data.rows(pool, "SELECT 1 FROM receipts") == []


async def test_venue_refund_has_a_credit_note_that_names_the_invoice(salon: StaffedSalon, pool: Pool) -> None:
    await _register(pool, salon)
    booking, entry = await taken(salon, pool, 5000)
    first = await issued(salon.staff, entry)
    back = await record(salon.staff, booking, 2000, kind="refund")
    assert back.status_code == 201, back.text
    note = await issued(salon.staff, back.json()["data"]["id"])
    assert (note["kind"], note["total"]["amount"]) == ("credit_note", 2000)
    [stored] = await data.rows(pool, "SELECT content->>'refers_to' AS first FROM receipts WHERE kind = 'credit_note'")
    assert stored["first"] == first["number"]


async def test_venue_receipts_are_found_by_day_amount_and_party(salon: StaffedSalon, pool: Pool) -> None:
    _, entry = await taken(salon, pool, 5000)
    receipt = await issued(salon.staff, entry)
    search = {"business_id": str(salon.ids.business_id)}
    for more, found in (
        ({"min": 5000, "max": 5000, "party": "佐藤"}, [receipt["number"]]),
        ({"from": receipt["issued_on"], "to": receipt["issued_on"]}, [receipt["number"]]),
        ({"min": 5001}, []),
        ({"party": "鈴木"}, []),
    ):
        listed = await salon.owner.get("/owner/receipts", params={**search, **more})
        assert [one["number"] for one in listed.json()["data"]] == found, more


async def test_venue_receipt_is_for_the_team_of_its_business(salon: StaffedSalon, pool: Pool) -> None:
    _, entry = await taken(salon, pool, 5000)
    assert error_of(await asked(salon.customer, entry)) in {(403, "forbidden"), (404, "not_found")}
    theirs, unknown = await asked(salon.other_owner, entry), await asked(salon.other_owner, str(uuid4()))
    assert error_of(theirs) == error_of(unknown) == (404, "not_found")
    assert await data.rows(pool, "SELECT 1 FROM receipts") == []
