"""What a new booking costs and until when it is held. Pure."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from domain.bookings.status import BookingStatus
from domain.errors import PriceChanged
from domain.money import Money
from domain.payments.status import ONLINE, PaymentMode


@dataclass(frozen=True, slots=True)
class HoldTerms:
    """What is agreed when the time is taken.

    ``amount_due``: to be paid or authorised online before it is confirmed. ``status``: confirmed at once when neither
    money nor approval is asked for, so that nobody loses a booking because a machine was slow.
    """

    price: Money
    amount_due: Money
    needs_approval: bool
    status: BookingStatus
    hold_expires_at: datetime | None
    approval_deadline: datetime | None


def check_price(price: Money, expected: Money | None) -> None:
    """Raise PriceChanged where the caller was shown another price; ``expected`` is None where the caller names none."""
    if expected is not None and expected != price:
        shown = {"amount": expected.amount, "currency": expected.currency}
        raise PriceChanged({"price": {"amount": price.amount, "currency": price.currency}, "expected_price": shown})


def amount_due(mode: PaymentMode, price: Money, deposit_percent: int | None, deposit_amount: int | None) -> Money:
    """What is asked online for ``price``: all of it, the deposit (never more than the price), or nothing."""
    if mode is PaymentMode.DEPOSIT:
        deposit = Money(deposit_amount, price.currency) if deposit_amount else price.percent(deposit_percent or 0)
        return min(deposit, price)
    return price if mode in ONLINE else Money(0, price.currency)


def terms(
    price: Money,
    due: Money,
    manual_approval: bool,
    now: datetime,
    start_at: datetime,
    hold_for: timedelta,
    approve_within: timedelta,
) -> HoldTerms:
    """Money first, then approval: the hold ends with the first of them, and approval never later than the start."""
    deadline = min(now + approve_within, start_at) if manual_approval else None
    if due:
        ends: datetime | None = now + hold_for
    else:
        ends = deadline
    status = BookingStatus.PENDING if due or manual_approval else BookingStatus.CONFIRMED
    return HoldTerms(price, due, manual_approval, status, ends, deadline)
