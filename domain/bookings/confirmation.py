"""From a hold to a confirmed booking: payment or the proof of the address first, then approval. Pure rules."""

from datetime import datetime

from domain.booking_status import BookingStatus, check_transition
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


def prove_contact(facts: BookingFacts) -> bool:
    """Whether the proof of the address changes something. False: it is not needed any more. Raises WrongState if the
    booking has ended."""
    if facts.status in {BookingStatus.CONFIRMED, BookingStatus.CHECKED_IN}:
        return False
    if facts.status is not BookingStatus.PENDING:
        raise WrongState({"status": facts.status.value, "wanted": BookingStatus.CONFIRMED.value})
    return facts.proof_deadline is not None


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
