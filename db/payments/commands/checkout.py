"""The page of the provider where a payment is made. A payment has one way at a time: a page, or an intent for a
form."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from pydantic import TypeAdapter
from sqlalchemy import text

from db.payments.payments import PaymentStore
from domain.booking_status import BookingStatus
from domain.errors import Conflict
from domain.payments.checkouts import CheckoutOrder, CheckoutTerms, next_order
from domain.payments.payment import Payment
from domain.payments.settlement import OPEN

_TERMS = text("""
    SELECT b.code, b.hold_expires_at, s.name FROM bookings b JOIN businesses s ON s.id = b.business_id
     WHERE b.id = :booking_id
""")
_ORDER = text("SELECT checkout_order FROM booking_payments WHERE id = :id")
_SET = text("""
    UPDATE booking_payments SET checkout_id = :checkout_id, checkout_order = CAST(:checkout_order AS jsonb)
     WHERE id = :id
""")
_READ = TypeAdapter(CheckoutOrder | None)


@dataclass(frozen=True, slots=True)
class Ordered:
    """A payment as it is now, the order of its page, and whether that page is as asked, with ``return_url``."""

    payment: Payment
    order: CheckoutOrder
    return_url: str
    is_as_asked: bool


class CheckoutStore(PaymentStore):
    """Pages of payments."""

    async def terms(self, booking_id: UUID, return_url: str) -> CheckoutTerms:
        """Of one booking. The page is in Japanese alone (docs.pay.jp/v2/api, ``locale``)."""
        row = (await self.session.execute(_TERMS, {"booking_id": booking_id})).one()
        return CheckoutTerms(f"{row.name['ja']} ご予約 {row.code}", return_url, row.hold_expires_at)

    async def find_order(self, payment_id: UUID) -> CheckoutOrder | None:
        """With which terms the payment's page was opened; None before the first one."""
        return _READ.validate_python(await self.session.scalar(_ORDER, {"id": payment_id}), strict=False)

    async def order(self, payment_id: UUID, terms: CheckoutTerms, now: datetime) -> Ordered:
        """The order of the page that is open, or may be open because its answer was lost; else a new one, which is
        written. One that is not as asked is to be closed first. Raises Conflict where the payment has got an intent
        for a form, or is not to be paid any more."""
        payment = await self._lock_payable(payment_id)
        if payment.provider_intent_id is not None and payment.checkout_id is None:
            raise Conflict({"payment_id": str(payment_id), "rule": "payment_form_open"})
        former = await self.find_order(payment_id)
        if payment.checkout_id is not None and former is None:
            # A release before this one has opened it, and it is not known with which terms.
            former = next_order(None, terms, now)
            return Ordered(payment, former, terms.return_url, is_as_asked=False)
        if former is not None and not former.is_closed:
            return Ordered(payment, former, terms.return_url, former.is_for(terms))
        order = next_order(former, terms, now)
        await self._set(payment_id, None, order)
        return Ordered(payment, order, terms.return_url, is_as_asked=True)

    async def attach(self, payment_id: UUID, order: CheckoutOrder, checkout_id: str) -> bool:
        """The page of this order, on which the payment is made from now on. False where it must not be: another order
        has replaced this one, the payment has got an intent, or the booking has ended meanwhile."""
        try:
            payment = await self._lock_payable(payment_id)
        except Conflict:
            return False
        known = await self.find_order(payment_id)
        if known is None or known.is_closed or known.number != order.number:
            return False
        if payment.checkout_id == checkout_id:
            return True
        if payment.provider_intent_id is not None:
            return False
        await self._set(payment_id, checkout_id, known)
        return True

    async def require_none(self, payment_id: UUID) -> None:
        """Lock the payment. Raises Conflict where a page was opened while the intent for a form was made."""
        payment, _ = await self.lock(payment_id)
        if payment.checkout_id is not None:
            raise Conflict({"payment_id": str(payment_id), "rule": "payment_page_open"})

    async def detach(self, payment_id: UUID, checkout_id: str | None, number: int | None = None) -> None:
        """Nothing can be paid on that page any more, and nothing was. ``number``: of its order, where the page is not
        known because there is none, or nobody has its address."""
        payment, _ = await self.lock(payment_id)
        known = await self.find_order(payment_id)
        if payment.checkout_id == checkout_id and (number is None or (known is not None and known.number == number)):
            await self._set(payment_id, None, known.closed() if known else None)

    async def _lock_payable(self, payment_id: UUID) -> Payment:
        payment, booking_status = await self.lock(payment_id)
        if payment.status not in OPEN or booking_status is not BookingStatus.PENDING:
            raise Conflict({"payment_id": str(payment_id), "rule": "payment_form_open"})
        return payment

    async def _set(self, payment_id: UUID, checkout_id: str | None, order: CheckoutOrder | None) -> None:
        written = _READ.dump_json(order).decode() if order else None
        await self.session.execute(_SET, {"id": payment_id, "checkout_id": checkout_id, "checkout_order": written})
