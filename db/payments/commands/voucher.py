"""The voucher of a payment at a convenience store: its booking is held until the voucher's last second.

A voucher becomes known by the provider's answer or by its webhook, whichever comes first; both lead here.
"""

import json
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text

from db.payments.payments import PaymentStore
from domain.booking_status import BookingStatus
from domain.errors import Gone
from domain.messages.kinds import NoticeKind
from domain.money import Money
from domain.payments.changes import voucher_notice
from domain.payments.intents import VoucherStep, voucher_step
from domain.payments.limits import ProviderLimits
from domain.payments.payment import Payment
from domain.payments.provider_events import IntentEvent
from domain.payments.status import PaymentMode, PaymentStatus
from domain.payments.vouchers import UnprovenVouchers, Voucher, VoucherFacts, offer

_FACTS = text("""
    SELECT b.amount_due, b.currency, b.payment_mode, b.start_at, b.family_name, b.given_name, b.email,
           s.payment_provider, t.konbini_days, t.unproven_holds,
           b.ip IS NOT NULL AND b.contact_proven_at IS NULL AND NOT EXISTS (
               SELECT FROM booking_payments p WHERE p.booking_id = b.id AND p.voucher_ordered_at IS NOT NULL
           ) AS is_counted,
           (SELECT count(*) FROM bookings k
             WHERE k.business_id = b.business_id AND k.id <> b.id AND k.ip IS NOT NULL AND k.status = 'pending'
               AND k.contact_proven_at IS NULL AND k.hold_expires_at > :now
               AND EXISTS (SELECT FROM booking_payments p
                            WHERE p.booking_id = k.id AND p.voucher_ordered_at IS NOT NULL)) AS unproven
      FROM bookings b JOIN businesses s ON s.id = b.business_id
      JOIN business_settings t ON t.business_id = b.business_id
     WHERE b.id = :booking_id
""")
_ONE_AT_A_TIME = text("""
    SELECT pg_advisory_xact_lock(hashtextextended(CAST(CAST(:business_id AS uuid) AS text), 8))
""")
_ORDER = text("UPDATE booking_payments SET voucher_ordered_at = coalesce(voucher_ordered_at, :now) WHERE id = :id")
_SET = text("""
    UPDATE booking_payments
       SET voucher = CAST(:voucher AS jsonb),
           voucher_ordered_at = CASE WHEN CAST(:voucher AS jsonb) IS NOT NULL
                                     THEN coalesce(voucher_ordered_at, now()) END
     WHERE id = :id
""")
# The business has its time for the approval after the payment, as for every other booking.
_EXTEND = text("""
    WITH booking AS (
        UPDATE bookings b SET hold_expires_at = greatest(b.hold_expires_at, CAST(:until AS timestamptz)),
               approval_deadline = CASE WHEN b.needs_approval
                   THEN greatest(b.approval_deadline,
                                 least(CAST(:until AS timestamptz) + t.approval_within, b.start_at)) END
          FROM business_settings t
         WHERE b.id = :booking_id AND b.status = 'pending' AND t.business_id = b.business_id
        RETURNING b.id, b.hold_expires_at),
    claims AS (
        UPDATE resource_claims c SET holds_until = b.hold_expires_at FROM booking b
         WHERE c.booking_id = b.id AND c.released_at IS NULL)
    SELECT hold_expires_at FROM booking
""")
# Only a hold that the voucher had extended: one that staff made lasts as long as they chose.
_SHORTEN = text("""
    WITH booking AS (
        UPDATE bookings b SET hold_expires_at = least(b.hold_expires_at, CAST(:now AS timestamptz) + t.hold_for)
          FROM business_settings t
         WHERE b.id = :booking_id AND b.status = 'pending' AND b.hold_expires_at = :until
           AND t.business_id = b.business_id
        RETURNING b.id, b.hold_expires_at),
    claims AS (
        UPDATE resource_claims c SET holds_until = b.hold_expires_at FROM booking b
         WHERE c.booking_id = b.id AND c.released_at IS NULL)
    SELECT hold_expires_at FROM booking
""")
_HOLD = text("SELECT hold_expires_at FROM bookings WHERE id = :booking_id AND status = 'pending'")


@dataclass(frozen=True, slots=True)
class VoucherTerms:
    """What a voucher of a booking depends on. ``name``: the customer's, as typed for the booking."""

    provider: str
    facts: VoucherFacts
    name: str


class VoucherStore(PaymentStore):
    """Opens and closes vouchers of payments."""

    async def order(self, payment: Payment, limits: ProviderLimits, now: datetime) -> tuple[VoucherTerms, datetime]:
        """Before the provider is asked for a voucher: check that the booking can have one, and count it from now on.
        Returns the terms and the end of the voucher. Raises RuleBroken (`domain.payments.vouchers.offer`).

        Unproven bookings of a business are counted one at a time, so that requests at the same moment all count. An
        order that the provider refuses counts until the hold ends.
        """
        terms = await self.terms(payment.booking_id, now)
        if terms.facts.unproven is not None:
            await self.session.execute(_ONE_AT_A_TIME, {"business_id": payment.business_id})
            terms = await self.terms(payment.booking_id, now)
        expires_at = offer(terms.facts, limits, now)
        await self.session.execute(_ORDER, {"id": payment.id, "now": now})
        return terms, expires_at

    async def terms(self, booking_id: UUID, now: datetime) -> VoucherTerms:
        """For the decision whether the booking can be paid with a voucher."""
        row = (await self.session.execute(_FACTS, {"booking_id": booking_id, "now": now})).one()
        due, mode = Money(row.amount_due, row.currency), PaymentMode(row.payment_mode)
        unproven = UnprovenVouchers(row.unproven, row.unproven_holds) if row.is_counted else None
        facts = VoucherFacts(due, mode, row.start_at, row.konbini_days, row.email or None, unproven)
        return VoucherTerms(row.payment_provider, facts, f"{row.family_name or ''} {row.given_name or ''}".strip())

    async def record_answer(self, payment_id: UUID, intent: IntentEvent, now: datetime) -> Payment:
        """What the provider has just answered to a confirmation. Raises Gone for a voucher of a booking whose hold has
        ended meanwhile: its workflow closes the intent, and with it the voucher."""
        payment, booking_status = await self.lock(payment_id)
        if intent.voucher is not None and booking_status is not BookingStatus.PENDING:
            raise Gone({"status": booking_status.value})
        after = await self.apply_intent(payment, booking_status, intent)
        return await self.follow(after, booking_status, intent, now)

    async def follow(
        self, payment: Payment, booking_status: BookingStatus, intent: IntentEvent, now: datetime, stale: bool = False
    ) -> Payment:
        """Open or close the voucher of a locked payment after an event about its intent. A repeat changes nothing."""
        match voucher_step(payment, booking_status, intent, stale):
            case VoucherStep.OPEN if intent.voucher is not None:
                return await self._open(payment, intent.voucher, now)
            case VoucherStep.CLOSE:
                return await self._close(payment, now, by_card=intent.card is not None)
            case _:
                return payment

    async def close_if_by_card(self, payment_id: UUID, now: datetime) -> None:
        """The customer has confirmed with a card instead, which ends the voucher at the provider."""
        payment, _ = await self.lock(payment_id)
        if payment.voucher is not None:
            await self._set(payment, None)
            await self._shorten(payment, payment.voucher, now)

    async def warn(self, payment_id: UUID, expires_at: datetime) -> None:
        """Warn the customer that the voucher ends soon, unless it was paid or replaced meanwhile."""
        payment, booking_status = await self.lock(payment_id)
        voucher = payment.voucher
        is_open = payment.status is PaymentStatus.REQUIRES_PAYMENT and booking_status is BookingStatus.PENDING
        if voucher is not None and is_open and voucher.expires_at == expires_at:
            await self.queue_notices(payment, voucher_notice(payment, voucher, NoticeKind.PAYMENT_VOUCHER_ENDING))

    async def hold_of(self, booking_id: UUID) -> datetime | None:
        """Until when the booking is held; None if it is not pending."""
        held: datetime | None = await self.session.scalar(_HOLD, {"booking_id": booking_id})
        return held

    async def _open(self, payment: Payment, voucher: Voucher, now: datetime) -> Payment:
        opened = replace(voucher, made_at=now)
        await self._set(payment, opened)
        until = {"booking_id": payment.booking_id, "until": opened.held_until}
        await self.session.execute(_EXTEND, until)
        after = replace(payment, voucher=opened)
        await self.queue_notices(after, voucher_notice(after, opened))
        return after

    async def _close(self, payment: Payment, now: datetime, by_card: bool) -> Payment:
        """One that was paid or given up stays on record: its money goes back to a bank account and not to a card, and
        the message about the end of the hold says that its numbers are of no use any more."""
        is_over = bool(payment.captured) or payment.status is PaymentStatus.VOIDED
        if payment.voucher is None or (is_over and not by_card):
            return payment
        await self._set(payment, None)
        await self._shorten(payment, payment.voucher, now)
        return replace(payment, voucher=None)

    async def _shorten(self, payment: Payment, voucher: Voucher, now: datetime) -> None:
        values = {"booking_id": payment.booking_id, "until": voucher.held_until, "now": now}
        await self.session.execute(_SHORTEN, values)

    async def _set(self, payment: Payment, voucher: Voucher | None) -> None:
        written: Any = None if voucher is None else json.dumps(_written(voucher))
        await self.session.execute(_SET, {"id": payment.id, "voucher": written})


def _written(voucher: Voucher) -> dict[str, Any]:
    return {
        "expires_at": voucher.expires_at.isoformat(),
        "made_at": voucher.made_at.isoformat() if voucher.made_at else None,
        "url": voucher.url,
        "codes": [
            {
                "store": one.store,
                "payment_code": one.payment_code,
                "confirmation_number": one.confirmation_number,
            }
            for one in voucher.codes
        ],
    }
