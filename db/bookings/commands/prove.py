"""The proof of a typed address: its owner opened the link that was sent to it."""

from datetime import datetime

from sqlalchemy import text

from db.bookings.commands.expire import expiry_of
from db.bookings.commands.locked import Locked, change_of
from db.bookings.commands.notices import Message
from db.bookings.commands.transition import TransitionStore
from domain.booking_status import BookingStatus
from domain.bookings import confirmation, expiry
from domain.bookings.commands import BookingCommand, BookingOutcome
from domain.bookings.limits import check_proven_bookings
from domain.messages.kinds import NoticeKind

# Two proofs of one address (or number, where there is no address) at the same moment wait for each other here, so that
# both are counted.
_ONE_AT_A_TIME = text("""
    SELECT pg_advisory_xact_lock(hashtextextended(
               coalesce(nullif(lower(CAST(b.email AS text)), ''), b.phone, '') || CAST(b.business_id AS text), 2))
      FROM bookings b WHERE b.id = :booking_id
""")
_OTHERS_OF_ADDRESS = text("""
    SELECT count(*) FROM bookings o JOIN bookings b ON b.id = :booking_id
     WHERE o.business_id = b.business_id AND o.id <> b.id AND coalesce(o.email, '') = coalesce(b.email, '')
       AND (b.email <> '' OR o.phone = b.phone) AND o.contact_proven_at IS NOT NULL
       AND o.start_at > :now AND o.status IN ('pending', 'confirmed') AND o.amount_due = 0
""")


class ProofStore(TransitionStore):
    """A pending booking whose ``proof_deadline`` is set."""

    async def prove_contact(self, command: BookingCommand, now: datetime) -> BookingOutcome:
        """The address is proven: the booking is confirmed, or waits for approval. A booking that was proven or
        confirmed before is only reported. Raises WrongState for a booking that has ended, and HoldLimit if the address
        has too many unpaid bookings at this business; staff may make as many provisional ones as they want."""
        booking, seen = await self._enter(command)
        if seen is not None:
            return seen
        proven = confirmation.prove_contact(booking.facts())
        if proven is None:
            return booking.outcome()
        if not booking.is_provisional:
            await self._check_limit(booking, now)
        waits = proven.status is BookingStatus.PENDING
        to_both = NoticeKind.BOOKING_REQUESTED if waits else NoticeKind.BOOKING_CONFIRMED
        change = change_of(
            booking,
            "address_proven" if waits else "confirmed",
            proven.status,
            hold_expires_at=proven.hold_expires_at,
            proof_deadline=None,
            proves_contact=True,
            messages=(Message(to_both), Message(to_both, to_business=True)),
        )
        return await self._write(booking, change, command, now)

    async def _check_limit(self, booking: Locked, now: datetime) -> None:
        await self.session.execute(_ONE_AT_A_TIME, {"booking_id": booking.id})
        others = await self.session.scalar(_OTHERS_OF_ADDRESS, {"booking_id": booking.id, "now": now})
        check_proven_bookings(others or 0)

    async def expire_unproven(self, command: BookingCommand, now: datetime) -> BookingOutcome:
        """pending -> expired, because the address was not proven in time. A booking that was proven or changed in the
        meantime is only reported."""
        booking, seen = await self._enter(command)
        if seen is not None:
            return seen
        if not expiry.ends_unproven(booking.facts()):
            return booking.outcome()
        return await self._write(booking, expiry_of(booking), command, now)
