"""Reschedules a booking: the new time is claimed before the old one is released, in one transaction."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from uuid import UUID

from sqlalchemy import text

from db.bookings.candidates import Moved
from db.bookings.claims import ClaimStore
from db.bookings.commands.locked import Change, Locked, change_of
from db.bookings.commands.notices import Message
from db.bookings.commands.transition import TransitionStore
from db.scheduling.booked_services import Catalogue
from domain.bookings import reschedule as rules
from domain.bookings.commands import BookingCommand, BookingOutcome
from domain.bookings.decisions import answers_offer, cancellation_quote, is_business_side
from domain.bookings.reschedule import Rescheduled, RescheduleTerms
from domain.errors import InvalidInput
from domain.messages.kinds import NoticeKind
from domain.money import Money
from domain.scheduling.availability.model import StartTable

MOVE_ITEMS = text("""
    UPDATE booking_items i SET start_at = x.start_at, end_at = x.end_at, chosen_by = x.chosen_by
      FROM unnest(CAST(:starts AS timestamptz[]), CAST(:ends AS timestamptz[]), CAST(:chosen AS text[])) WITH ORDINALITY
           AS x(start_at, end_at, chosen_by, number)
     WHERE i.booking_id = :booking_id AND i.position = x.number - 1
""")
_APPROVE_WITHIN = text("SELECT approval_within FROM business_settings WHERE business_id = :business_id")


class RescheduleStore(TransitionStore):
    """Moving."""

    async def reschedule(self, command: BookingCommand, now: datetime) -> BookingOutcome:
        """Move a pending or confirmed booking to ``command.start_at``, with other resources if necessary.

        `domain.bookings.reschedule.reschedule` decides. Raises what it raises, and from taking the time SlotTaken or
        OutsideOpeningHours with alternatives, and OutsideBookingWindow; where the command answers an offer also what
        ``decisions.answers_offer`` raises.
        """
        booking, seen = await self._enter(command)
        if seen is not None:
            return seen
        if command.start_at is None:
            raise InvalidInput.at("start_at", "required")
        start_at, by_business = command.start_at, is_business_side(command.actor_kind)
        known = booking.facts()
        after = rules.reschedule(known, start_at, by_business, await self._approve_within(booking), now)
        if command.stranded and not answers_offer(known, command.actor_kind):
            return booking.outcome()
        if start_at == booking.start_at and not command.resource_ids:
            return booking.outcome()
        times = await ClaimStore(self.session, self.context).move_claims(
            booking.id,
            booking.business_id,
            start_at,
            now,
            command.resource_ids,
            staff=by_business or booking.is_stranded,
        )
        await self._move_items(booking.id, times)
        change = change_of(
            booking,
            "rescheduled",
            after.status,
            start_at=start_at,
            end_at=times[-1][1],
            version=booking.version + 1,
            hold_expires_at=after.hold_expires_at,
            approval_deadline=after.approval_deadline,
            proof_deadline=None if booking.proof_deadline is None else min(booking.proof_deadline, start_at),
            moves=after.terms.moves,
            kept_penalty=after.terms.kept_penalty,
            details={"old_start_at": booking.start_at.isoformat(), "start_at": start_at.isoformat()},
            messages=_messages(booking, after, by_business),
        )
        outcome = await self._write(booking, change, command, now)
        await self._ask_again(booking, change, now)
        return outcome

    async def _ask_again(self, booking: Locked, change: Change, now: datetime) -> None:
        """The customer was asked for another card: where the move has changed until when, or whether the booking is
        cancelled then, a message says so."""
        deadline = change.card_deadline_of(booking, now)
        if deadline is None or deadline == booking.card_deadline:
            return
        facts = {"amount": booking.amount_due, "currency": booking.currency} | deadline.details
        await self._queue_notices(booking, Message(NoticeKind.PAYMENT_RENEW, facts, key=f"moved:{change.version}"))

    async def quote_reschedule(
        self, booking_id: UUID, by_business: bool, now: datetime
    ) -> tuple[RescheduleTerms, Money, str]:
        """On which terms the booking may be moved at ``now``, by the same rule on the same facts; with what a
        cancellation after the move costs at least, and the venue's time zone. Changes nothing and waits for nobody.
        Raises NotFound and what ``reschedule_terms`` raises."""
        booking = await self._read_facts(booking_id)
        facts = booking.facts()
        terms = rules.reschedule_terms(facts, by_business, now)
        kept = cancellation_quote(facts, now).penalty if terms.kept_penalty.at(now) else Money(0, booking.currency)
        return terms, kept, booking.time_zone

    async def starts_for_reschedule(
        self, booking_id: UUID, by_business: bool, first: date, last: date, preferred: Sequence[UUID], now: datetime
    ) -> tuple[Catalogue, StartTable, int]:
        """Every start to which ``reschedule`` could move the booking, its own time included; with the size of its
        party. Raises NotFound and what ``reschedule_terms`` raises."""
        booking = await self._read_facts(booking_id)
        rules.reschedule_terms(booking.facts(), by_business, now)
        claims = ClaimStore(self.session, self.context)
        staff = by_business or booking.is_stranded
        return await claims.starts_for_reschedule(booking_id, first, last, now, preferred, staff)

    async def _move_items(self, booking_id: UUID, times: Moved) -> None:
        starts, ends, chosen = zip(*times, strict=True)
        values = {"booking_id": booking_id, "starts": list(starts), "ends": list(ends), "chosen": list(chosen)}
        await self.session.execute(MOVE_ITEMS, values)

    async def _approve_within(self, booking: Locked) -> timedelta:
        if not booking.needs_approval:
            return timedelta(0)
        found: timedelta = await self.session.scalar(_APPROVE_WITHIN, {"business_id": booking.business_id})
        return found


def _messages(booking: Locked, after: Rescheduled, by_business: bool) -> tuple[Message, ...]:
    facts: dict[str, object] = {"old_start": booking.start_at.isoformat(), "by_business": by_business}
    key = str(booking.version + 1)
    kind = NoticeKind.BOOKING_REQUESTED if after.terms.asks_again else NoticeKind.BOOKING_CHANGED
    messages = [Message(kind, facts, key=key)]
    # If an offered time was accepted, the notice about the offer informs the business.
    if not by_business and (after.terms.asks_again or not booking.is_stranded):
        messages.append(Message(kind, facts, to_business=True, key=key))
    return tuple(messages)
