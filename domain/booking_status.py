"""The life of a booking: one enum, one table. The database's check constraint repeats the enum."""

from collections.abc import Mapping
from enum import StrEnum

from domain.errors import WrongState


class BookingStatus(StrEnum):
    """Where a booking stands."""

    PENDING = "pending"
    CONFIRMED = "confirmed"
    CHECKED_IN = "checked_in"
    COMPLETED = "completed"
    NO_SHOW = "no_show"
    CANCELLED = "cancelled"
    DECLINED = "declined"
    EXPIRED = "expired"


S = BookingStatus

#: Two steps go back. ``confirmed -> pending``: the customer moved a booking that needs approval, so the business
#: decides again. ``expired -> confirmed``: the money came late and the time was still free.
ALLOWED: Mapping[BookingStatus, frozenset[BookingStatus]] = {
    S.PENDING: frozenset({S.CONFIRMED, S.EXPIRED, S.CANCELLED, S.DECLINED}),
    S.CONFIRMED: frozenset({S.PENDING, S.CHECKED_IN, S.NO_SHOW, S.CANCELLED}),
    S.CHECKED_IN: frozenset({S.COMPLETED, S.NO_SHOW, S.CANCELLED}),
    S.EXPIRED: frozenset({S.CONFIRMED}),
    S.COMPLETED: frozenset(),
    S.NO_SHOW: frozenset(),
    S.CANCELLED: frozenset(),
    S.DECLINED: frozenset(),
}

#: A booking in one of these holds its time.
LIVE = frozenset({S.PENDING, S.CONFIRMED, S.CHECKED_IN})
#: A booking in one of these is over.
FINAL = frozenset({S.COMPLETED, S.NO_SHOW, S.CANCELLED, S.DECLINED, S.EXPIRED})


def check_transition(current: BookingStatus, wanted: BookingStatus) -> None:
    """Raise ``WrongState`` unless the table allows ``current -> wanted``."""
    if wanted not in ALLOWED[current]:
        raise WrongState({"status": current.value, "wanted": wanted.value})
