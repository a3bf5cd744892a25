"""From a hold to a confirmed booking: payment or the proof of the address first, then approval. Pure rules."""

from dataclasses import dataclass
from datetime import datetime

from domain.booking_status import VISITING, BookingStatus, check_transition
from domain.bookings.decisions import BookingFacts
from domain.errors import WrongState


def confirm(facts: BookingFacts) -> bool:
    """Whether the booking becomes confirmed now. False: it is no longer pending, so there is nothing to do; if it has
    expired, its money is late (`domain.bookings.late_payment`). Raises WrongState while money, approval or the proof of
    the address is missing."""
    if facts.status is not BookingStatus.PENDING:
        return False
    if facts.needs_approval:
        raise _missing(facts, "approval")
    if facts.proof_deadline is not None:
        raise _missing(facts, "proof")
    _check_money(facts)
    return True


def approve(facts: BookingFacts) -> None:
    """Check that the business may approve now; the proof of the address is not required. Raises WrongState if the
    booking is not waiting for approval or proof, and while the money is missing."""
    check_transition(facts.status, BookingStatus.CONFIRMED)
    waits = facts.needs_approval or facts.proof_deadline is not None
    if facts.status is not BookingStatus.PENDING or not waits:
        raise WrongState({"status": facts.status.value, "wanted": BookingStatus.CONFIRMED.value})
    _check_money(facts)


@dataclass(frozen=True, slots=True)
class Proven:
    """The booking after the proof of its address: confirmed, or pending until the business has answered."""

    status: BookingStatus
    hold_expires_at: datetime | None


def prove_contact(facts: BookingFacts) -> Proven | None:
    """What the proof of the address makes of the booking. None: nobody waits for it any more. Raises WrongState for a
    booking that is over."""
    if facts.status in VISITING:
        return None
    if facts.status is not BookingStatus.PENDING:
        raise WrongState({"status": facts.status.value, "wanted": BookingStatus.CONFIRMED.value})
    if facts.proof_deadline is None:
        return None
    if facts.needs_approval:
        return Proven(BookingStatus.PENDING, facts.approval_deadline)
    return Proven(BookingStatus.CONFIRMED, None)


def await_approval(facts: BookingFacts) -> datetime | None:
    """Until when the hold is extended for the business's approval, now that the money is secured. None: the booking is
    no longer pending. Raises WrongState while the money is missing."""
    if facts.status is not BookingStatus.PENDING:
        return None
    _check_money(facts)
    return facts.approval_deadline or facts.start_at


def _check_money(facts: BookingFacts) -> None:
    if not facts.is_secured:
        raise _missing(facts, "payment")


def _missing(facts: BookingFacts, what: str) -> WrongState:
    return WrongState({"status": facts.status.value, "wanted": BookingStatus.CONFIRMED.value, "missing": what})
