"""The ledger of a booking's messages: what was promised and what became of it. Pure rules; times are aware UTC."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum
from uuid import UUID

from domain.booking_status import BookingStatus
from domain.errors import InvalidInput
from domain.messages.kinds import NoticeKind, NoticeStatus


class LedgerState(StrEnum):
    """What became of a message."""

    PLANNED = "planned"  # a reminder: the run of the booking sends it at its time, if the booking stays as it is
    PROMISED = "promised"  # queued in the transaction that made it true; its time has not come
    DUE = "due"  # its time has come, and it is tried
    SENT = "sent"
    DELIVERED = "delivered"
    READ = "read"
    REPLACED = "replaced"  # the booking was moved before it was sent: there is another one
    DROPPED = "dropped"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Attempt:
    """One call to the provider. ``outcome`` None: there is no answer yet. ``cost_micros``: millionths of a yen, None
    where nothing was accepted."""

    started_at: datetime
    finished_at: datetime | None
    outcome: str | None
    reason: str | None
    channel: str = "email"
    cost_micros: int | None = None


@dataclass(frozen=True, slots=True)
class Promise:
    """A message as it is stored. ``start_at``: the visit that a reminder is about."""

    id: UUID
    kind: NoticeKind
    audience: str
    channel: str
    status: NoticeStatus
    reason: str | None
    promised_at: datetime
    due_at: datetime
    sent_at: datetime | None
    delivered_at: datetime | None
    read_at: datetime | None
    start_at: datetime | None = None
    attempts: Sequence[Attempt] = ()


@dataclass(frozen=True, slots=True)
class BookingNow:
    """The booking as it is. ``offsets``: how long before the start its customer is reminded; ``reminded``: those of
    the present start that were queued already."""

    status: BookingStatus
    start_at: datetime
    offsets: Sequence[timedelta] = ()
    reminded: frozenset[timedelta] = frozenset()


@dataclass(frozen=True, slots=True)
class Entry:
    """One line. ``id`` None: a reminder that is planned. ``late_by``: how long after its time it was sent, None until
    then. ``steps``: each state that is known with its time, in order."""

    id: UUID | None
    kind: NoticeKind
    audience: str
    channel: str
    state: LedgerState
    reason: str | None
    due_at: datetime
    late_by: timedelta | None
    steps: Sequence[tuple[LedgerState, datetime]]
    attempts: Sequence[Attempt] = field(default_factory=tuple)


def ledger(promises: Iterable[Promise], booking: BookingNow, now: datetime) -> list[Entry]:
    """Every message of the booking as of ``now``, in the order of their times; planned reminders come with them."""
    entries = [_entry(one, booking, now) for one in promises]
    entries += [_planned(at) for at in planned_reminders(booking, now)]
    return sorted(entries, key=lambda entry: (entry.due_at, str(entry.id)))


def planned_reminders(booking: BookingNow, now: datetime) -> list[datetime]:
    """When the customer will be reminded: of a confirmed booking, as often as its business wants."""
    if booking.status is not BookingStatus.CONFIRMED:
        return []
    times = (booking.start_at - offset for offset in booking.offsets if offset not in booking.reminded)
    return sorted(at for at in times if at > now)


def state_of(promise: Promise, booking: BookingNow, now: datetime) -> LedgerState:
    """What became of the message."""
    if promise.read_at is not None:
        return LedgerState.READ
    match promise.status:
        case NoticeStatus.QUEUED:
            return LedgerState.PROMISED if now < promise.due_at else LedgerState.DUE
        case NoticeStatus.SENT:
            return LedgerState.SENT
        case NoticeStatus.DELIVERED:
            return LedgerState.DELIVERED
        case NoticeStatus.DROPPED:
            return LedgerState.DROPPED
    if promise.status is NoticeStatus.FAILED and promise.reason == "outdated":
        moved = promise.start_at is not None and promise.start_at != booking.start_at
        return LedgerState.REPLACED if moved and booking.status in _ALIVE else LedgerState.DROPPED
    return LedgerState.FAILED


_ALIVE = frozenset({BookingStatus.PENDING, BookingStatus.CONFIRMED, BookingStatus.CHECKED_IN, BookingStatus.COMPLETED})


def _entry(promise: Promise, booking: BookingNow, now: datetime) -> Entry:
    state = state_of(promise, booking, now)
    ended = {LedgerState.REPLACED, LedgerState.DROPPED, LedgerState.FAILED}
    last = max((one.finished_at for one in promise.attempts if one.finished_at is not None), default=None)
    times = (
        (LedgerState.PROMISED, promise.promised_at),
        (LedgerState.DUE, promise.due_at if promise.due_at <= now or promise.sent_at else None),
        (LedgerState.SENT, promise.sent_at),
        (LedgerState.DELIVERED, promise.delivered_at),
        (LedgerState.READ, promise.read_at),
        (state, last if state in ended else None),
    )
    late = None if promise.sent_at is None else max(promise.sent_at - promise.due_at, timedelta())
    return Entry(
        promise.id,
        promise.kind,
        promise.audience,
        promise.channel,
        state,
        promise.reason,
        promise.due_at,
        late,
        [(step, at) for step, at in times if at is not None],
        promise.attempts,
    )


def _planned(at: datetime) -> Entry:
    return Entry(None, NoticeKind.BOOKING_REMINDER, "customer", "email", LedgerState.PLANNED, None, at, None, [])


def delivery_rate(delivered: int, bounced: int, failed: int) -> float | None:
    """The share of delivered messages among those whose outcome is known; None where none is known. What was dropped
    was never meant to arrive."""
    known = delivered + bounced + failed
    return round(delivered / known, 4) if known else None


#: The longest range of statistics: of a business, and of the whole platform.
MOST_DAYS = 92
MOST_DAYS_OF_ALL = 31
#: The days of the platform's own statistics.
PLATFORM_ZONE = "Asia/Tokyo"


def check_days(first: date, last: date, *, of_all: bool = False) -> None:
    """Raise InvalidInput at ``last_day`` for a range that is empty or longer than :data:`MOST_DAYS`, or for the whole
    platform :data:`MOST_DAYS_OF_ALL`."""
    if last < first:
        raise InvalidInput.at("last_day", "not_before_first_day")
    if of_all and (last - first).days >= MOST_DAYS_OF_ALL:
        raise InvalidInput.at("last_day", "at_most_31_days")
    if (last - first).days >= MOST_DAYS:
        raise InvalidInput.at("last_day", "at_most_92_days")
