"""From a hold to a confirmed booking: money or the proof of the address first, then approval. Pure rules."""

from datetime import datetime

from domain.booking_status import BookingStatus, check_transition
from domain.bookings.decisions import BookingFacts
from domain.errors import WrongState


def confirm(facts: BookingFacts) -> bool:
    """Whether the process confirms the booking now. False: it is no longer pending, so there is nothing to do; for one
    that expired the money is late (`domain.bookings.late_payment`). Raises WrongState while money,
    approval or the proof of the address is missing."""
    if facts.status is not BookingStatus.PENDING:
        return False
    if facts.needs_approval:
        raise _missing(facts, "approval")
    if facts.proof_deadline is not None:
        raise _missing(facts, "proof")
    _check_money(facts)
    return True


def approve(facts: BookingFacts) -> None:
    """Whether a person of the business may approve; they may do without the proof of the address. Raises WrongState for
    a booking that waits for neither, and while the money is missing."""
    check_transition(facts.status, BookingStatus.CONFIRMED)
    waits = facts.needs_approval or facts.proof_deadline is not None
    if facts.status is not BookingStatus.PENDING or not waits:
        raise WrongState({"status": facts.status.value, "wanted": BookingStatus.CONFIRMED.value})
    _check_money(facts)


def prove_contact(facts: BookingFacts) -> bool:
    """Whether the proof of the address changes something. False: nobody waits for it any more. Raises WrongState for a
    booking that is over."""
    if facts.status in {BookingStatus.CONFIRMED, BookingStatus.CHECKED_IN}:
        return False
    if facts.status is not BookingStatus.PENDING:
        raise WrongState({"status": facts.status.value, "wanted": BookingStatus.CONFIRMED.value})
    return facts.proof_deadline is not None


def await_approval(facts: BookingFacts) -> datetime | None:
    """Until when the time is kept for the business's answer, now that the money is secured. None: the booking is no
    longer pending. Raises WrongState while the money is missing."""
    if facts.status is not BookingStatus.PENDING:
        return None
    _check_money(facts)
    return facts.approval_deadline or facts.start_at


def _check_money(facts: BookingFacts) -> None:
    if not facts.is_secured:
        raise _missing(facts, "payment")


def _missing(facts: BookingFacts, what: str) -> WrongState:
    return WrongState({"status": facts.status.value, "wanted": BookingStatus.CONFIRMED.value, "missing": what})
