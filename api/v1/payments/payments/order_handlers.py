"""Orders of a manager about a card hold, in one transaction; the booking's workflow does the rest."""

from uuid import UUID

from starlette.responses import Response

from api.access.callers import Access
from api.http.envelope import SuccessMessage, created
from api.http.idempotency import Key, command_id, store_response
from api.http.operation_errors import raises
from api.v1.payments.payments.schemas import CaptureCreate, MovementRead
from domain.errors import CurrencyMismatch, RuleBroken, WrongState
from domain.payments.errors import AmountRefused
from providers.payments.registry import LIMITS


@raises(AmountRefused, CurrencyMismatch, WrongState, RuleBroken)
async def order_capture(access: Access, payment_id: UUID, body: CaptureCreate, key: Key) -> Response:
    """201 with what is captured. Raises AmountRefused, CurrencyMismatch, WrongState, RuleBroken."""
    asked_by = command_id(access.idempotency_key(key))
    async with access.work(payment_id, key) as work:
        limits = LIMITS[(await work.payments.get(payment_id)).provider]
        amount = body.amount.money() if body.amount else None
        payment, task = await work.payments.orders.capture(payment_id, amount, limits, asked_by)
        return await store_response(work, created(MovementRead.of(payment, task), SuccessMessage.CAPTURE_ORDERED))


@raises(WrongState, RuleBroken)
async def order_void(access: Access, payment_id: UUID, key: Key) -> Response:
    """201 with what is released. Raises WrongState, RuleBroken."""
    asked_by = command_id(access.idempotency_key(key))
    async with access.work(payment_id, key) as work:
        payment, task = await work.payments.orders.void(payment_id, asked_by)
        return await store_response(work, created(MovementRead.of(payment, task), SuccessMessage.VOID_ORDERED))
