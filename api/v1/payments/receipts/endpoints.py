"""Receipts, qualified invoices and credit notes of payments."""

from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import Depends, Query
from starlette.responses import Response

from api.access.callers import Access, Now
from api.access.permissions import may
from api.http import routing
from api.http.envelope import Envelope, ListEnvelope
from api.http.idempotency import OptionalKey
from api.http.operation_errors import raises
from api.http.paging import PageAsked
from api.http.rate_limits import RateClass, limited
from api.http.times import Day
from api.v1.payments.receipts.handlers import (
    correct_issued,
    credit_note_pdf,
    entry_pdf,
    issue,
    issue_of_entry,
    receipt_pdf,
)
from api.v1.payments.receipts.schemas import ReceiptCorrectionCreate, ReceiptCreate, ReceiptRead
from db.payments.receipts import ReceiptSearch
from domain.payments.permissions import PaymentAction

router = routing.router(tags=["payments"])

MayReceive = Annotated[Access, Depends(may(PaymentAction.RECEIPT, "payment", link=True))]
MayDocument = Annotated[Access, Depends(may(PaymentAction.RECEIPT_AT_VENUE, "venue_payments"))]
MayCorrect = Annotated[Access, Depends(may(PaymentAction.CORRECT_RECEIPT, "payment"))]
MaySearch = Annotated[Access, Depends(may(PaymentAction.SEARCH_RECEIPTS, "business"))]
Language = Annotated[Literal["ja", "en"] | None, Query(description="Language of the file; else that of the request.")]
_FILE: dict[int | str, dict[str, Any]] = {200: {"content": {"application/pdf": {}}, "description": "The document."}}


@router.post(
    "/payments/{payment_id}/receipt",
    status_code=201,
    summary="Create the receipt of a payment",
    response_model=Envelope[ReceiptRead],
)
@raises(issue)
@limited(RateClass.PAYMENT)
async def create_receipt(
    payment_id: UUID, body: ReceiptCreate, access: MayReceive, now: Now, key: OptionalKey
) -> Response:
    """Issued once; a repeat returns the same. `conflict` if it was issued for another recipient. For a cancelled
    booking it is a receipt over the cancellation fee that was kept."""
    return await issue(access, payment_id, body, now, key)


@router.post(
    "/payments/{payment_id}/receipt/correct",
    status_code=201,
    summary="Correct the receipt of a payment",
    response_model=Envelope[ReceiptRead],
)
@raises(correct_issued)
@limited(RateClass.PAYMENT)
async def correct_receipt(
    payment_id: UUID, body: ReceiptCorrectionCreate, access: MayCorrect, now: Now, key: OptionalKey
) -> Response:
    """A new receipt with what is right now: recipient, business, services and amounts. It names the one that it
    replaces, which stays and can still be found. `rule_broken` if nothing is to be corrected, or after a credit
    note."""
    return await correct_issued(access, payment_id, body, now, key)


@router.get(
    "/payments/{payment_id}/receipt",
    summary="Download the receipt of a payment",
    response_class=Response,
    responses=_FILE,
)
@raises(receipt_pdf)
async def get_receipt(payment_id: UUID, access: MayReceive, now: Now, language: Language = None) -> Response:
    """PDF/A. A receipt that was not issued before is issued now, without a recipient. The file never changes."""
    return await receipt_pdf(access, payment_id, now, language)


@router.get(
    "/payments/{payment_id}/refunds/{refund_id}/receipt",
    summary="Download the credit note of a refund",
    response_class=Response,
    responses=_FILE,
)
@raises(credit_note_pdf)
async def get_credit_note(
    payment_id: UUID, refund_id: UUID, access: MayReceive, now: Now, language: Language = None
) -> Response:
    """PDF/A, once the refund has succeeded. With the tax rates of the service."""
    return await credit_note_pdf(access, payment_id, refund_id, now, language)


@router.post(
    "/venue-payments/{venue_payment_id}/receipt",
    status_code=201,
    summary="Create the receipt of a payment at the venue",
    response_model=Envelope[ReceiptRead],
)
@raises(issue_of_entry)
@limited(RateClass.PAYMENT)
async def create_venue_receipt(
    venue_payment_id: UUID, body: ReceiptCreate, access: MayDocument, now: Now, key: OptionalKey
) -> Response:
    """Issued once; a repeat returns the same. Of a payment it is an invoice or a receipt; of money that went back, and
    of a payment that was corrected after its receipt was issued, a credit note that names the first one."""
    return await issue_of_entry(access, venue_payment_id, body, now, key)


@router.get(
    "/venue-payments/{venue_payment_id}/receipt",
    summary="Download the receipt of a payment at the venue",
    response_class=Response,
    responses=_FILE,
)
@raises(entry_pdf)
async def get_venue_receipt(
    venue_payment_id: UUID, access: MayDocument, now: Now, language: Language = None
) -> Response:
    """PDF/A. One that was not issued before is issued now, without a recipient. The file never changes."""
    return await entry_pdf(access, venue_payment_id, now, language)


@router.get(
    "/owner/receipts",
    summary="Search the receipts of a business",
    response_model=ListEnvelope[ReceiptRead],
)
async def list_receipts(
    business_id: UUID,
    access: MaySearch,
    page: PageAsked,
    first: Annotated[Day | None, Query(alias="from", description="First day of issue (YYYY-MM-DD).")] = None,
    last: Annotated[Day | None, Query(alias="to", description="Last day of issue (YYYY-MM-DD).")] = None,
    least: Annotated[int | None, Query(alias="min", ge=0, le=10**12, description="Least amount, minor units.")] = None,
    most: Annotated[int | None, Query(alias="max", ge=0, le=10**12, description="Largest amount, minor units.")] = None,
    party: Annotated[str | None, Query(min_length=1, max_length=100, description="Part of the name.")] = None,
) -> Response:
    """By day, amount and party, in any combination, newest first: what 電子帳簿保存法 demands."""
    asked = ReceiptSearch(first, last, least, most, party)
    async with access.work(business_id) as work:
        rows = await work.payments.receipts.search(business_id, asked, page.after_id, page.fetch)
    return page.answer(rows, ReceiptRead.of, lambda row: (row.id,))
