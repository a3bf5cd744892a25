"""Receipts are issued once, read by those whom they concern, found by the owner, and changed by nobody."""

import asyncio
import hashlib
import io
from uuid import UUID

import pytest
from fastapi import FastAPI
from httpx import Response
from pypdf import PdfReader
from sqlalchemy.exc import DBAPIError

from api.access.guest_links import HEADER
from api.http.envelope import Envelope, ListEnvelope
from api.v1.payments.receipts.schemas import ReceiptRead
from db.engine.session import Database as Pool
from db.payments.tables import Refund
from tests.api.conftest import PREFIX, Person, client_of, error_of
from tests.api.salon import StaffedSalon, keyed
from tests.support import data
from tests.support.refunds import succeed_refund

NUMBER = "T7000012050002"


async def _register(pool: Pool, salon: StaffedSalon) -> None:
    sql = "UPDATE businesses SET invoice_number = :number WHERE id::text = :id"
    await data.rows(pool, sql, number=NUMBER, id=str(salon.ids.business_id))


async def _paid(salon: StaffedSalon, pool: Pool, hour: int = 10) -> tuple[str, str]:
    """The ids of a booking of the customer and its captured payment, without a provider."""
    booking = await data.add_booking(
        pool, salon.ids, salon.at(hour), user_id=salon.customer.id, family_name="佐藤", given_name="愛"
    )
    return str(booking), str(await data.add_payment(pool, salon.ids, booking, status="captured"))


async def _issued(person: Person, payment: str, recipient: str | None = None) -> ReceiptRead:
    answer = await person.post(f"/payments/{payment}/receipt", json={"recipient": recipient}, headers=keyed())
    assert answer.status_code == 201, answer.text
    return Envelope[ReceiptRead].model_validate_json(answer.content, extra="forbid").data


async def test_receipt_is_issued_once_and_its_file_stays(salon: StaffedSalon, pool: Pool) -> None:
    await _register(pool, salon)
    _, payment = await _paid(salon, pool)
    receipt = await _issued(salon.customer, payment, "株式会社さくら")
    assert (receipt.kind, receipt.recipient, receipt.total.amount) == ("qualified_invoice", "株式会社さくら", 6600)
    assert [(one.percent, one.total.amount, one.tax.amount) for one in receipt.totals] == [(10, 6600, 600)]
    assert receipt.number.endswith("-000001")
    assert await _issued(salon.owner, payment) == receipt
    other = await salon.customer.post(f"/payments/{payment}/receipt", json={"recipient": "別の会社"}, headers=keyed())
    assert error_of(other) == (409, "conflict")

    first = await salon.customer.get(f"/payments/{payment}/receipt", params={"language": "ja"})
    assert first.headers["content-type"] == "application/pdf"
    assert receipt.number in first.headers["content-disposition"]
    text = "".join(PdfReader(io.BytesIO(first.content)).pages[0].extract_text().split())
    for said in (NUMBER, "株式会社さくら様", "6,600円600円", receipt.number):
        assert said in text
    # What the business is called from now on is on later documents.
    await data.rows(
        pool, "UPDATE businesses SET invoice_number = NULL WHERE id::text = :id", id=str(salon.ids.business_id)
    )
    again = await salon.owner.get(f"/payments/{payment}/receipt", params={"language": "ja"})
    assert again.content == first.content
    english = await salon.customer.get(f"/payments/{payment}/receipt", params={"language": "en"})
    assert NUMBER in PdfReader(io.BytesIO(english.content)).pages[0].extract_text()
    stored = await data.rows(pool, "SELECT language, digest FROM receipt_files ORDER BY language")
    assert [(one["language"], one["digest"]) for one in stored] == [
        ("en", hashlib.sha256(english.content).hexdigest()),
        ("ja", hashlib.sha256(first.content).hexdigest()),
    ]


async def test_credit_note_of_a_refund(salon: StaffedSalon, pool: Pool) -> None:
    await _register(pool, salon)
    booking, payment = await _paid(salon, pool)
    receipt = await _issued(salon.customer, payment)
    values = {"payment_id": payment, "booking_id": booking, "amount": 3300, "currency": "JPY", "reason": "goodwill"}
    refund = await data.add(pool, Refund, business_id=salon.ids.business_id, command_id="r", **values)
    path = f"/payments/{payment}/refunds/{refund}/receipt"
    assert error_of(await salon.customer.get(path)) == (409, "wrong_state")
    await succeed_refund(pool, refund)
    note = await salon.customer.get(path, params={"language": "ja"})
    text = "".join(PdfReader(io.BytesIO(note.content)).pages[0].extract_text().split())
    for said in ("適格返還請求書", f"対象の領収書{receipt.number}", "3,300円300円"):
        assert said in text
    assert (await salon.customer.get(path, params={"language": "ja"})).content == note.content
    _, another = await _paid(salon, pool, 14)
    assert error_of(await salon.owner.get(f"/payments/{another}/refunds/{refund}/receipt")) == (404, "not_found")


async def test_documents_of_a_cancelled_booking_wait_for_the_refund_and_bear_no_tax(
    salon: StaffedSalon, pool: Pool
) -> None:
    await _register(pool, salon)
    booking, payment = await _paid(salon, pool)
    await data.rows(pool, "UPDATE bookings SET status = 'cancelled' WHERE id::text = :id", id=booking)
    values = {"payment_id": payment, "booking_id": booking, "amount": 3300, "currency": "JPY", "reason": "cancelled"}
    refund = await data.add(pool, Refund, business_id=salon.ids.business_id, command_id="r", **values)
    early = await salon.customer.post(f"/payments/{payment}/receipt", json={}, headers=keyed())
    assert error_of(early) == (409, "wrong_state")
    await succeed_refund(pool, refund)
    fee = await _issued(salon.customer, payment)
    assert (fee.kind, fee.total.amount) == ("receipt", 3300)
    note = await salon.customer.get(f"/payments/{payment}/refunds/{refund}/receipt", params={"language": "ja"})
    assert note.status_code == 200
    found = await salon.owner.get("/owner/receipts", params={"business_id": str(salon.ids.business_id)})
    documents = ListEnvelope[ReceiptRead].model_validate_json(found.content, extra="forbid").data
    assert [(one.kind, [(total.percent, total.tax.amount) for total in one.totals]) for one in documents] == [
        ("refund_note", [(0, 0)]),
        ("receipt", [(0, 0)]),
    ]


async def test_receipt_is_for_the_customer_the_link_and_the_business(
    salon: StaffedSalon, pool: Pool, app: FastAPI, other_owner: Person
) -> None:
    booking, payment = await _paid(salon, pool)
    async with client_of(app, **{HEADER: app.state.services.booking_links.token(UUID(booking))}) as guest:
        assert (await guest.get(f"{PREFIX}/payments/{payment}/receipt")).status_code == 200
        search = await guest.get(f"{PREFIX}/owner/receipts", params={"business_id": str(salon.ids.business_id)})
        assert error_of(search) == (401, "unauthenticated")
    assert error_of(await other_owner.get(f"/payments/{payment}/receipt")) == (404, "not_found")


async def test_receipts_are_found_by_day_amount_and_party(salon: StaffedSalon, pool: Pool) -> None:
    _, one = await _paid(salon, pool)
    _, two = await _paid(salon, pool, 14)
    named, plain = await _issued(salon.owner, one, "Acme Co"), await _issued(salon.owner, two)
    assert (named.number[-6:], plain.number[-6:]) == ("000001", "000002")
    day, week_ago = named.issued_on.isoformat(), "2000-01-01"

    async def found(**asked: object) -> list[str]:
        params = {"business_id": str(salon.ids.business_id), **asked}
        answer = await salon.owner.get("/owner/receipts", params=params)
        ListEnvelope[ReceiptRead].model_validate_json(answer.content, extra="forbid")
        return [row["number"] for row in answer.json()["data"]]

    both = [plain.number, named.number]
    assert await found() == await found(**{"from": day, "to": day}) == await found(min=6600, max=6600) == both
    assert await found(to=week_ago) == await found(min=6601) == await found(max=6599) == await found(party="x%") == []
    assert await found(party="acme") == [named.number]
    assert await found(**{"party": "佐藤", "from": day, "min": 1}) == [plain.number]


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE receipts SET total = 1",
        "DELETE FROM receipts",
        "UPDATE receipt_files SET file = ''",
        "DELETE FROM receipt_files",
        "DELETE FROM receipt_numbers",
    ],
)
async def test_documents_cannot_be_changed(pool: Pool, statement: str) -> None:
    with pytest.raises(DBAPIError, match="permission denied"):
        await data.rows(pool, statement)


async def _correct(person: Person, payment: str, recipient: str | None = None) -> Response:
    return await person.post(f"/payments/{payment}/receipt/correct", json={"recipient": recipient}, headers=keyed())


async def test_receipt_is_corrected_by_a_new_one_that_names_it(salon: StaffedSalon, pool: Pool) -> None:
    await _register(pool, salon)
    _, payment = await _paid(salon, pool)
    assert error_of(await _correct(salon.owner, payment)) == (409, "wrong_state")
    first = await _issued(salon.customer, payment, "株式会社さくら")
    assert error_of(await _correct(salon.owner, payment)) == (422, "rule_broken")
    assert error_of(await _correct(salon.owner, payment, "株式会社さくら")) == (422, "rule_broken")
    answer = await _correct(salon.owner, payment, "株式会社すみれ")
    assert answer.status_code == 201, answer.text
    corrected = Envelope[ReceiptRead].model_validate_json(answer.content, extra="forbid").data
    assert (corrected.corrects, corrected.recipient, corrected.kind) == (first.id, "株式会社すみれ", first.kind)
    assert (corrected.number[-6:], corrected.total) == ("000002", first.total)
    assert await _issued(salon.customer, payment) == corrected
    file = await salon.customer.get(f"/payments/{payment}/receipt", params={"language": "ja"})
    text = "".join(PdfReader(io.BytesIO(file.content)).pages[0].extract_text().split())
    for said in ("株式会社すみれ様", f"訂正前の領収書{first.number}", "上記の金額を領収いたしました"):
        assert said in text
    again = await _correct(salon.owner, payment, "株式会社もみじ")
    assert again.json()["data"]["corrects"] == str(corrected.id)
    found = await salon.owner.get("/owner/receipts", params={"business_id": str(salon.ids.business_id)})
    assert [row["number"][-6:] for row in found.json()["data"]] == ["000003", "000002", "000001"]


async def test_receipt_of_a_cancelled_booking_is_corrected_to_its_fee(salon: StaffedSalon, pool: Pool) -> None:
    await _register(pool, salon)
    booking, payment = await _paid(salon, pool)
    first = await _issued(salon.owner, payment)
    await data.rows(pool, "UPDATE bookings SET status = 'cancelled' WHERE id::text = :id", id=booking)
    corrected = (await _correct(salon.owner, payment)).json()["data"]
    assert (first.kind, corrected["kind"], corrected["total"]["amount"]) == ("simplified_invoice", "receipt", 6600)
    assert [(one["percent"], one["tax"]["amount"]) for one in corrected["totals"]] == [(0, 0)]


async def test_receipt_with_a_credit_note_is_not_corrected(salon: StaffedSalon, pool: Pool) -> None:
    booking, payment = await _paid(salon, pool)
    await _issued(salon.owner, payment)
    values = {"payment_id": payment, "booking_id": booking, "amount": 3300, "currency": "JPY", "reason": "goodwill"}
    refund = await data.add(pool, Refund, business_id=salon.ids.business_id, command_id="r", **values)
    await succeed_refund(pool, refund)
    assert (await salon.owner.get(f"/payments/{payment}/refunds/{refund}/receipt")).status_code == 200
    refused = await _correct(salon.owner, payment, "株式会社さくら")
    assert error_of(refused) == (422, "rule_broken")
    assert refused.json()["error"]["details"] == {"rule": "credit_note_issued"}


async def test_receipt_is_corrected_once_by_two_at_once(salon: StaffedSalon, pool: Pool) -> None:
    _, payment = await _paid(salon, pool)
    await _issued(salon.owner, payment)
    answers = await asyncio.gather(*(_correct(salon.owner, payment, "株式会社さくら") for _ in range(3)))
    assert sorted(answer.status_code for answer in answers) == [201, 422, 422]


async def test_receipt_is_corrected_by_managers_of_its_business(salon: StaffedSalon, pool: Pool) -> None:
    _, payment = await _paid(salon, pool)
    await _issued(salon.owner, payment)
    for person in (salon.customer, salon.assistant):
        assert error_of(await _correct(person, payment, "株式会社さくら"))[0] in {403, 404}
    assert error_of(await _correct(salon.other_owner, payment, "株式会社さくら")) == (404, "not_found")
