"""Rates, as shares from 0 to 1 with four decimals; None where there is nothing to share."""

#: More digits would claim a precision that so few bookings do not have.
DECIMALS = 4


def share(part: int, whole: int) -> float | None:
    """``part`` of ``whole``."""
    return round(part / whole, DECIMALS) if whole > 0 else None


def cancellation_rate(*, bookings: int, pending: int, expired: int, declined: int, cancelled: int) -> float | None:
    """Cancelled bookings among those that the business had agreed to: holds that lapsed or were declined, and those
    that are still held, do not count."""
    return share(cancelled, bookings - pending - expired - declined)


def no_show_rate(*, no_show: int, completed: int, checked_in: int) -> float | None:
    """Customers who did not come, among the visits that were due and closed."""
    return share(no_show, no_show + completed + checked_in)


def change(now: int, before: int) -> float | None:
    """How much more than before, as a share of before: 0.25 is a quarter more, -0.5 half; None after nothing."""
    return round((now - before) / abs(before), DECIMALS) if before else None
