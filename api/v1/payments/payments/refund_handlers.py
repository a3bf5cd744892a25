"""Starts a refund that a person requests, in one transaction; the refund's workflow does the rest."""

from uuid import UUID

from starlette.responses import Response

from api.access.callers import Access
from api.http.envelope import SuccessMessage, created
from api.http.idempotency import Key, command_id, store_response
from api.http.operation_errors import raises
from api.v1.payments.payments.schemas import RefundCreate, RefundRead
from domain.errors import CurrencyMismatch, WrongState
from domain.payments.errors import AmountRefused


@raises(AmountRefused, CurrencyMismatch, WrongState)
async def request_refund(access: Access, payment_id: UUID, body: RefundCreate, key: Key) -> Response:
    """201 with the refund that was asked for. Raises AmountRefused, CurrencyMismatch, WrongState."""
    async with access.work(payment_id, key) as work:
        amount = body.amount.money() if body.amount else None
        asked_by = command_id(access.idempotency_key(key))
        made = await work.payments.refunds.request(payment_id, amount, body.reason, asked_by)
        return await store_response(work, created(RefundRead.of(made), SuccessMessage.REFUND_REQUESTED))
