"""The claims of a booking that a manager overbooks, and the record of it."""

from datetime import datetime

from sqlalchemy import text

from db.bookings.candidates import Candidate, TryCandidate
from db.bookings.claims import READINGS, REFUSALS, ClaimStore
from db.scheduling.booked_services import Catalogue
from domain.booking_status import BookingStatus
from domain.bookings.view import BookingView
from domain.scheduling.availability.beyond import plan_beyond
from domain.scheduling.availability.engine import check_window, why_not
from domain.scheduling.availability.model import Facts, Question

_OVERBOOKED = text("""
    WITH marked AS (UPDATE bookings SET overbooked_by = :actor_id WHERE id = :booking_id)
    INSERT INTO booking_history (business_id, booking_id, event, from_status, to_status, actor_kind, actor_id, reason)
    VALUES (:business_id, :booking_id, 'overbooked', :status, :status, :actor_kind, :actor_id, :reason)
""")


class OverbookStore(ClaimStore):
    """Takes time that is not free."""

    async def take_beyond(
        self,
        catalogue: Catalogue,
        question: Question,
        facts: Facts,
        start_at: datetime,
        now: datetime,
        attempt: TryCandidate,
    ) -> Candidate:
        """Take the time of a booking that does not fit, with units that do not exist for what is not free. Raises
        OutsideBookingWindow, NobodyWorks and OutsideOpeningHours, and SlotTaken where others took the same units again
        and again."""
        check_window(question, start_at)
        for reading in range(READINGS):
            if reading:
                facts = await self.read_again(catalogue, question, now, None)
            candidate = plan_beyond(question, facts, start_at)
            if candidate is None:
                break
            if await attempt(candidate, True):
                return candidate
        reason = why_not(question, facts, start_at)
        raise REFUSALS[reason]({"reason": reason.value, "alternatives": []})

    async def record_overbooking(self, view: BookingView, reason: str) -> None:
        """Write into history and booking who took the time, and why."""
        actor = self.context.actor
        values = {
            "booking_id": view.id,
            "business_id": view.business_id,
            "status": BookingStatus.PENDING.value,
            "actor_kind": actor.kind.value,
            "actor_id": actor.user_id,
            "reason": reason,
        }
        await self.session.execute(_OVERBOOKED, values)
