"""From a hold to a confirmed booking: money first, then approval. Pure rules."""

from datetime import datetime

from domain.bookings.decisions import BookingFacts
from domain.bookings.status import BookingStatus, check_transition
from domain.errors import WrongState


def confirm(facts: BookingFacts) -> bool:
    """Whether the process confirms the booking now. False: it is no longer pending, so there is nothing to do; for one
    that expired the money is late (`domain.bookings.late_payment`). Raises WrongState while money or approval is
    missing."""
    if facts.status is not BookingStatus.PENDING:
        return False
    if facts.needs_approval:
        raise _missing(facts, "approval")
    _check_money(facts)
    return True


def approve(facts: BookingFacts) -> None:
    """Whether a person of the business may approve. Raises WrongState for a booking that does not wait for approval,
    and while the money is missing."""
    check_transition(facts.status, BookingStatus.CONFIRMED)
    if facts.status is not BookingStatus.PENDING or not facts.needs_approval:
        raise WrongState({"status": facts.status.value, "wanted": BookingStatus.CONFIRMED.value})
    _check_money(facts)


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
