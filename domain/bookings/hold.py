"""What a new booking costs and until when it is held. Pure."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from domain.booking_status import BookingStatus
from domain.bookings.errors import PriceChanged
from domain.money import Money


@dataclass(frozen=True, slots=True)
class HoldTerms:
    """What is agreed when the time is taken.

    ``amount_due``: to be paid or authorized online before it is confirmed. ``status``: confirmed at once when neither
    money nor approval is asked for, so that nobody loses a booking because a machine was slow. ``proof_deadline``:
    until when the caller must show that the typed address is theirs; None where that is not asked.
    """

    price: Money
    amount_due: Money
    needs_approval: bool
    status: BookingStatus
    hold_expires_at: datetime | None
    approval_deadline: datetime | None
    proof_deadline: datetime | None = None


def check_price(price: Money, expected: Money | None) -> None:
    """Raise PriceChanged where the caller was shown another price; ``expected`` is None where the caller names none."""
    if expected is not None and expected != price:
        shown = {"amount": expected.amount, "currency": expected.currency}
        raise PriceChanged({"price": {"amount": price.amount, "currency": price.currency}, "expected_price": shown})


def terms(
    price: Money,
    due: Money,
    manual_approval: bool,
    now: datetime,
    start_at: datetime,
    hold_for: timedelta,
    approve_within: timedelta,
    prove_within: timedelta = timedelta(),
) -> HoldTerms:
    """Money or proof of the address first, then approval: the hold ends with the first of them, and none of them later
    than the start. ``prove_within``: zero where no proof is asked (`domain.bookings.proof`)."""
    deadline = min(now + approve_within, start_at) if manual_approval else None
    prove_by = min(now + prove_within, start_at) if prove_within else None
    ends = now + hold_for if due else prove_by or deadline
    status = BookingStatus.PENDING if due or manual_approval or prove_by else BookingStatus.CONFIRMED
    return HoldTerms(price, due, manual_approval, status, ends, deadline, prove_by)
