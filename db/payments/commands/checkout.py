"""The page of the provider where a payment is made. A payment has one way at a time: a page, or an intent for a
form."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import text

from db.payments.payments import PaymentStore
from domain.errors import Conflict
from domain.payments.payment import Payment

_TERMS = text("""
    SELECT b.code, b.hold_expires_at, s.name FROM bookings b JOIN businesses s ON s.id = b.business_id
     WHERE b.id = :booking_id
""")
_SET = text("UPDATE booking_payments SET checkout_id = :checkout_id WHERE id = :id")


@dataclass(frozen=True, slots=True)
class CheckoutTerms:
    """What the page shows, and until when the booking is held."""

    item: str
    hold_expires_at: datetime | None


class CheckoutStore(PaymentStore):
    """Pages of payments."""

    async def terms(self, booking_id: UUID) -> CheckoutTerms:
        """Of one booking. The page is in Japanese alone (docs.pay.jp/v2/api, ``locale``)."""
        row = (await self.session.execute(_TERMS, {"booking_id": booking_id})).one()
        return CheckoutTerms(f"{row.name['ja']} ご予約 {row.code}", row.hold_expires_at)

    async def attach(self, payment_id: UUID, checkout_id: str) -> Payment:
        """The page on which the payment is made from now on. Raises Conflict where it has got an intent meanwhile."""
        payment, _ = await self.lock(payment_id)
        if payment.provider_intent_id is not None and payment.checkout_id != checkout_id:
            raise Conflict({"payment_id": str(payment_id), "rule": "payment_form_open"})
        await self.session.execute(_SET, {"id": payment_id, "checkout_id": checkout_id})
        return payment

    async def require_none(self, payment_id: UUID) -> None:
        """Lock the payment. Raises Conflict where a page was opened while the intent for a form was made."""
        payment, _ = await self.lock(payment_id)
        if payment.checkout_id is not None:
            raise Conflict({"payment_id": str(payment_id), "rule": "payment_page_open"})

    async def detach(self, payment_id: UUID, checkout_id: str) -> None:
        """Nothing can be paid on that page any more, and nothing was."""
        payment, _ = await self.lock(payment_id)
        if payment.checkout_id == checkout_id:
            await self.session.execute(_SET, {"id": payment_id, "checkout_id": None})
