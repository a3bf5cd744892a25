"""Rates, as shares from 0 to 1 with four decimals; None where the whole is zero."""

#: With so few bookings, more digits would only seem precise.
DECIMALS = 4


def share(part: int, whole: int) -> float | None:
    """``part`` of ``whole``."""
    return round(part / whole, DECIMALS) if whole > 0 else None


def cancellation_rate(*, bookings: int, pending: int, expired: int, declined: int, cancelled: int) -> float | None:
    """Cancelled bookings as a share of the accepted ones. Holds that expired or were declined, and pending bookings, do
    not count."""
    return share(cancelled, bookings - pending - expired - declined)


def no_show_rate(*, no_show: int, completed: int, checked_in: int) -> float | None:
    """No-shows as a share of the visits that were due and closed."""
    return share(no_show, no_show + completed + checked_in)


def change(now: int, before: int) -> float | None:
    """The relative change: 0.25 is a quarter more, -0.5 is half; None if ``before`` is zero."""
    return round((now - before) / abs(before), DECIMALS) if before else None


def utilisation(*, booked: int, open_: int, blocked: int) -> float | None:
    """Booked minutes as a share of those that could be booked: open and not blocked."""
    return share(booked, open_ - blocked)


def mean_rating(total: int, count: int) -> float | None:
    """The mean number of stars, with two decimals."""
    return round(total / count, 2) if count else None
