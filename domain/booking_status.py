"""The status of a booking: one enum, one transition table. The database's check constraint repeats the enum."""

from collections.abc import Mapping
from enum import StrEnum

from domain.errors import WrongState


class BookingStatus(StrEnum):
    """The status of a booking."""

    PENDING = "pending"
    CONFIRMED = "confirmed"
    CHECKED_IN = "checked_in"
    COMPLETED = "completed"
    NO_SHOW = "no_show"
    CANCELLED = "cancelled"
    DECLINED = "declined"
    EXPIRED = "expired"


S = BookingStatus

#: Two transitions go back. ``confirmed -> pending``: the customer moved a booking that needs approval, so the business
#: must approve again. ``expired -> confirmed``: the money came late and the time was still free.
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

#: A booking with one of these statuses has claims.
LIVE = frozenset({S.PENDING, S.CONFIRMED, S.CHECKED_IN})
#: With these statuses the visit is still to come.
AHEAD = frozenset({S.PENDING, S.CONFIRMED})
#: With these statuses the visit is still to come or in progress, so an authorization must remain valid.
VISITING = frozenset({S.CONFIRMED, S.CHECKED_IN})
#: A booking with one of these statuses has ended.
FINAL = frozenset({S.COMPLETED, S.NO_SHOW, S.CANCELLED, S.DECLINED, S.EXPIRED})


def check_transition(current: BookingStatus, wanted: BookingStatus) -> None:
    """Raise ``WrongState`` unless the table allows ``current -> wanted``."""
    if wanted not in ALLOWED[current]:
        raise WrongState({"status": current.value, "wanted": wanted.value})
