"""Another time for the same booking: the new time is taken before the old is given up, in one transaction."""

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import text

from db.bookings.claims import ClaimStore
from db.bookings.commands.transition import Locked, Message, TransitionStore, change_of
from domain.bookings.commands import BookingCommand, BookingOutcome
from domain.bookings.decisions import is_staff
from domain.bookings.status import BookingStatus
from domain.errors import Gone, InvalidInput, RuleBroken, WrongState
from domain.messages.kinds import NoticeKind

_MOVE_ITEMS = text("""
    UPDATE booking_items SET start_at = start_at + :by, end_at = end_at + :by WHERE booking_id = :booking_id
""")


class RescheduleStore(TransitionStore):
    """Moving."""

    async def reschedule(self, command: BookingCommand, now: datetime) -> BookingOutcome:
        """Move a pending or confirmed booking to ``command.start_at``, with other resources if that is what it takes.

        The hold of a pending one ends when it would have; an approval is due by the new start at the latest. Raises
        WrongState, Gone (the hold is over), RuleBroken (the customer comes after the start), and from taking the time
        SlotTaken or OutsideOpeningHours with alternatives, and OutsideBookingWindow.
        """
        booking, seen = await self._enter(command)
        if seen is not None:
            return seen
        start_at = _checked(booking, command, now)
        if command.stranded and not booking.is_stranded:
            raise WrongState({"status": booking.status.value, "wanted": "reaccommodation"})
        if start_at == booking.start_at and not command.resource_ids:
            return booking.outcome()
        await ClaimStore(self.session, self.context).move_claims(
            booking.id,
            booking.business_id,
            start_at,
            now,
            command.resource_ids,
            staff=is_staff(command.actor_kind) or booking.is_stranded,
        )
        moved = start_at - booking.start_at
        await self._move_items(booking.id, moved)
        change = change_of(
            booking,
            "rescheduled",
            booking.status,
            start_at=start_at,
            end_at=booking.end_at + moved,
            version=booking.version + 1,
            hold_expires_at=_no_later(booking.hold_expires_at, start_at),
            approval_deadline=_no_later(booking.approval_deadline, start_at),
            details={"old_start_at": booking.start_at.isoformat(), "start_at": start_at.isoformat()},
            messages=_messages(booking, command),
        )
        return await self._write(booking, change, command, now)

    async def _move_items(self, booking_id: UUID, by: timedelta) -> None:
        await self.session.execute(_MOVE_ITEMS, {"booking_id": booking_id, "by": by})


def _checked(booking: Locked, command: BookingCommand, now: datetime) -> datetime:
    """The new start, if this booking may be moved."""
    if command.start_at is None:
        raise InvalidInput.at("start_at", "required")
    if booking.status not in {BookingStatus.PENDING, BookingStatus.CONFIRMED}:
        raise WrongState({"status": booking.status.value, "wanted": "reschedule"})
    if booking.hold_expires_at is not None and booking.hold_expires_at <= now:
        raise Gone({"hold_expires_at": booking.hold_expires_at.isoformat()})
    if not is_staff(command.actor_kind) and now >= booking.start_at:
        raise RuleBroken({"rule": "already_started", "start_at": booking.start_at.isoformat()})
    return command.start_at


def _no_later(moment: datetime | None, start_at: datetime) -> datetime | None:
    return None if moment is None else min(moment, start_at)


def _messages(booking: Locked, command: BookingCommand) -> tuple[Message, ...]:
    facts = {"old_start": booking.start_at.isoformat()}
    key = str(booking.version + 1)
    told = [Message(NoticeKind.BOOKING_CHANGED, facts, key=key)]
    if not is_staff(command.actor_kind):
        told.append(Message(NoticeKind.BOOKING_CHANGED, facts, to_business=True, key=key))
    return tuple(told)
