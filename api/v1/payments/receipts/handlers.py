"""Issuing receipts, and their files. One transaction gives the number; the PDF is made after it and stored once."""

import hashlib
from collections.abc import Awaitable, Callable
from datetime import datetime
from uuid import UUID

from starlette.responses import Response

from api.access.callers import Access
from api.http.envelope import created
from api.http.idempotency import Key, store_response
from api.http.operation_errors import raises
from api.http.request_info import request_info
from api.v1.payments.receipts.schemas import ReceiptCorrectionCreate, ReceiptCreate, ReceiptRead
from db.engine.session import UnitOfWork
from db.payment_files import make_receipt_file
from db.payments.receipts import Receipt
from domain.errors import Conflict, NotFound, RuleBroken, WrongState


@raises(NotFound, WrongState, Conflict)
async def issue(access: Access, payment_id: UUID, body: ReceiptCreate, now: datetime, key: Key | None) -> Response:
    """The receipt of a payment, issued now unless it was before."""
    async with access.work(payment_id, key) as work:
        receipt = await work.payments.receipts.issue(payment_id, now, body.recipient)
        return await store_response(work, created(ReceiptRead.of(receipt)))


@raises(NotFound, WrongState, Conflict)
async def issue_of_entry(
    access: Access, entry_id: UUID, body: ReceiptCreate, now: datetime, key: Key | None
) -> Response:
    """201 with the document of an entry at the venue, issued now unless it was before."""
    async with access.work(entry_id, key) as work:
        receipt = await work.payments.venue_receipts.issue(entry_id, now, body.recipient)
        return await store_response(work, created(ReceiptRead.of(receipt)))


@raises(NotFound, WrongState)
async def entry_pdf(access: Access, entry_id: UUID, now: datetime, language: str | None) -> Response:
    """The document of an entry at the venue as PDF."""
    return await _pdf(access, entry_id, language, lambda work: work.payments.venue_receipts.issue(entry_id, now))


@raises(NotFound, WrongState, RuleBroken)
async def correct_issued(
    access: Access, payment_id: UUID, body: ReceiptCorrectionCreate, now: datetime, key: Key | None
) -> Response:
    """201 with the corrected receipt of a payment."""
    async with access.work(payment_id, key) as work:
        receipt = await work.payments.receipts.correct(payment_id, now, body.recipient)
        return await store_response(work, created(ReceiptRead.of(receipt)))


@raises(NotFound, WrongState)
async def receipt_pdf(access: Access, payment_id: UUID, now: datetime, language: str | None) -> Response:
    """The receipt of a payment as PDF."""
    return await _pdf(access, payment_id, language, lambda work: work.payments.receipts.issue(payment_id, now))


@raises(NotFound, WrongState)
async def credit_note_pdf(
    access: Access, payment_id: UUID, refund_id: UUID, now: datetime, language: str | None
) -> Response:
    """The credit note of a refund as PDF."""
    return await _pdf(
        access,
        payment_id,
        language,
        lambda work: work.payments.receipts.issue_credit_note(payment_id, refund_id, now),
    )


async def _pdf(
    access: Access, payment_id: UUID, language: str | None, issued: Callable[[UnitOfWork], Awaitable[Receipt]]
) -> Response:
    language = language or request_info().language.value
    async with access.work(payment_id) as work:
        receipt = await issued(work)
        file = await work.payments.receipts.find_file(receipt.id, language)
    if file is None:
        # Outside of that transaction: it takes too long for the lock of the numbers.
        file = await make_receipt_file(lambda: access.work(payment_id), receipt, language)
    headers = {
        "Content-Disposition": f'inline; filename="{receipt.number}.pdf"',
        "ETag": f'"{hashlib.sha256(file).hexdigest()}"',
    }
    return Response(file, media_type="application/pdf", headers=headers)
