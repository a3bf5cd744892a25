"""The waitlist: the wishes of an entry, which freed time fits it, the order of offers, and when an entry ends.

Days are business days of the venue's wall clock, minutes count from the midnight of that day and run past 1440 where
the hours run past midnight. Instants are aware.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from uuid import UUID
from zoneinfo import ZoneInfo

from domain.bookings.errors import WaitlistLimit
from domain.errors import InvalidInput, WrongState
from domain.scheduling.hours import DAY, MinuteRange, Ranges, in_order

#: The most days from the first to the last, both included: as many as one availability request may have.
MAX_DAYS = 31
MAX_TIMES = 6
#: Entries that one person may have at one business at one time.
MAX_OF_PERSON = 5
#: Entries with an unproven address that one network may have at one business.
MAX_OF_NETWORK = 5
#: Entries that wait at one business at one time.
MAX_OF_BUSINESS = 500
#: So many offers in a row without an answer end an entry: it holds time that others could book.
MAX_UNANSWERED = 3
#: An offer that could be answered for less time than this is not made, unless the owner's own setting is shorter.
SHORTEST_OFFER = timedelta(minutes=5)
#: How long a new entry waits for the proof of its address.
PROVE_WITHIN = timedelta(minutes=30)


class EntryStatus(StrEnum):
    """The status of an entry. ``UNPROVEN`` waits for the proof of its address and gets no offers; ``OFFERED`` has an
    offer that waits for an answer. The others are ends: it became a booking, its person left, it ended by itself."""

    UNPROVEN = "unproven"
    WAITING = "waiting"
    OFFERED = "offered"
    ACCEPTED = "accepted"
    LEFT = "left"
    ENDED = "ended"


class EntryEnd(StrEnum):
    """Why an entry ended by itself, or by the business."""

    PASSED = "passed"  # its last fitting time is too near
    UNANSWERED = "unanswered"  # too many offers in a row without an answer
    UNPROVEN = "unproven"  # the address was not proven
    NOT_BOOKABLE = "not_bookable"  # the service or a requested person takes no bookings any more
    REMOVED = "removed"  # the business removed it


class OfferStatus(StrEnum):
    """``OPEN`` holds its time until its deadline; every other one is an end. ``WITHDRAWN``: the business is not open,
    or the person does not work, at that time any more; the entry may be offered it again later."""

    OPEN = "open"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    LAPSED = "lapsed"
    WITHDRAWN = "withdrawn"


E = EntryStatus

ALLOWED: Mapping[EntryStatus, frozenset[EntryStatus]] = {
    E.UNPROVEN: frozenset({E.WAITING, E.LEFT, E.ENDED}),
    E.WAITING: frozenset({E.OFFERED, E.LEFT, E.ENDED}),
    E.OFFERED: frozenset({E.WAITING, E.ACCEPTED, E.LEFT, E.ENDED}),
    E.ACCEPTED: frozenset(),
    E.LEFT: frozenset(),
    E.ENDED: frozenset(),
}
#: On the list.
ACTIVE = frozenset({E.UNPROVEN, E.WAITING, E.OFFERED})


def check_transition(current: EntryStatus, wanted: EntryStatus) -> None:
    """Raise ``WrongState`` unless the table allows ``current -> wanted``."""
    if wanted not in ALLOWED[current]:
        raise WrongState({"status": current.value, "wanted": wanted.value})


@dataclass(frozen=True, slots=True)
class Wanted:
    """The wishes of an entry: business days ``first_day`` to ``last_day``, both included; ``times`` of the day inside
    which the whole visit must lie, empty for any; ``resource_ids`` of which one must serve (with staff: any of these
    persons), empty for anyone; for ``party_size`` people.

    Raises ``InvalidInput`` for days out of order or more than 31 of them, and for more than six times of the day;
    ``OverlappingHours`` for times that share a minute.
    """

    first_day: date
    last_day: date
    times: Ranges = ()
    resource_ids: tuple[UUID, ...] = ()
    party_size: int = 1

    def __post_init__(self) -> None:
        if self.last_day < self.first_day:
            raise InvalidInput.at("last_day", "not_before_first_day")
        if (self.last_day - self.first_day).days >= MAX_DAYS:
            raise InvalidInput.at("last_day", "at_most_31_days")
        if len(self.times) > MAX_TIMES:
            raise InvalidInput.at("times", "at_most_six")
        if self.party_size < 1:
            raise InvalidInput.at("party_size", "positive")
        object.__setattr__(self, "times", in_order(self.times))

    @property
    def days(self) -> int:
        """How many business days it names."""
        return (self.last_day - self.first_day).days + 1


@dataclass(frozen=True, slots=True)
class Offered:
    """A time that an entry was offered: ``[start_at, end_at)``, aware, with the status of the offer."""

    start_at: datetime
    end_at: datetime
    status: OfferStatus


@dataclass(frozen=True, slots=True)
class Entry:
    """The facts about an entry for the order and the next offer. ``joined_at``: when it began to wait, aware.
    ``offered``: the offers of the service to its person, for this entry or for another one of theirs."""

    id: UUID
    service_id: UUID
    joined_at: datetime
    wanted: Wanted
    offered: Sequence[Offered] = field(default_factory=tuple)


@dataclass(frozen=True, slots=True)
class OfferTerms:
    """The settings of business and service for offers: how long one lasts, the lead time of a booking, the length of
    the visit, and the zone of the wall clock."""

    offer_for: timedelta
    lead: timedelta
    duration: timedelta
    zone: ZoneInfo


def in_turn(entries: Iterable[Entry]) -> list[Entry]:
    """The entries in the order of offers: the one that waits longest first; of two that joined at the same
    moment, the smaller id."""
    return sorted(entries, key=lambda entry: (entry.joined_at, entry.id))


def lies_in_times(wanted: Wanted, start_at: datetime, end_at: datetime, zone: ZoneInfo) -> bool:
    """Whether a visit from ``start_at`` to ``end_at`` lies wholly in one of the times of the day that are wanted.

    The wall clock of ``zone`` counts, also where it changes during the visit. A visit after midnight belongs to the
    day before too, as 24:30; the caller reads the calendar of the days, so one fitting reading is enough here.
    """
    if not wanted.times:
        return True
    date_of_start = start_at.astimezone(zone).date()
    for day in (date_of_start, date_of_start - timedelta(days=1)):
        first, last = minute_of(start_at, day, zone), minute_of(end_at, day, zone)
        inside = any(span.start <= first and last <= span.end for span in wanted.times)
        if inside and wanted.first_day <= day <= wanted.last_day:
            return True
    return False


def minute_of(instant: datetime, day: date, zone: ZoneInfo) -> int:
    """The minute of business day ``day`` that the wall clock shows at ``instant``; seconds are cut off."""
    wall = instant.astimezone(zone)
    return (wall.date() - day).days * DAY + wall.hour * 60 + wall.minute


def was_offered(offered: Iterable[Offered], start_at: datetime, end_at: datetime) -> bool:
    """Whether any minute of ``[start_at, end_at)`` was offered before. A person who declined 15:00, or
    did not answer, gets no offer of a time that overlaps it. Withdrawn offers do not count."""
    return any(
        one.start_at < end_at and start_at < one.end_at for one in offered if one.status is not OfferStatus.WITHDRAWN
    )


def offerable(entry: Entry, free: Iterable[datetime], terms: OfferTerms, now: datetime) -> Iterator[datetime]:
    """The starts among ``free`` that may be offered to the entry at ``now``, in their order.

    ``free``: starts on the entry's days at which service, party and staff fit, aware. The visit must lie in the
    entry's times of the day, share no minute with an earlier offer, and leave time to answer. One person has one open
    offer of a service: with five entries they would keep five times from the others.
    """
    if any(one.status is OfferStatus.OPEN for one in entry.offered):
        return
    for start_at in free:
        end_at = start_at + terms.duration
        if (
            answer_by(now, terms, start_at) is not None
            and lies_in_times(entry.wanted, start_at, end_at, terms.zone)
            and not was_offered(entry.offered, start_at, end_at)
        ):
            yield start_at


def answer_by(now: datetime, terms: OfferTerms, start_at: datetime) -> datetime | None:
    """Until when an offer of ``start_at`` made at ``now`` can be accepted: for ``offer_for``, but not past the lead
    time of the business, because the booking could not be made then. None: too little time is left to answer."""
    until = min(now + terms.offer_for, start_at - terms.lead)
    return until if until - now >= min(terms.offer_for, SHORTEST_OFFER) else None


def ends_at(wanted: Wanted, closes: int, terms: OfferTerms) -> datetime:
    """When the entry ends by itself: at the last moment at which its last time could be booked.

    ``closes``: the last minute of opening on ``last_day``, 1440 or less where that is not known. UTC.
    """
    latest = max((span.end for span in wanted.times), default=max(closes, DAY))
    wall = datetime.combine(wanted.last_day, datetime.min.time()) + timedelta(minutes=latest)
    return wall.replace(tzinfo=terms.zone).astimezone(UTC) - terms.duration - terms.lead


def after_no_answer(unanswered: int) -> EntryStatus:
    """The next status of an entry whose offer was not answered; with it there are ``unanswered`` in a row."""
    return EntryStatus.ENDED if unanswered >= MAX_UNANSWERED else EntryStatus.WAITING


def check_limits(of_person: int, of_network: int, of_business: int, *, is_proven: bool) -> None:
    """Raise ``WaitlistLimit`` where a person, a network without a proven identity, or the business has too many.

    ``of_person``: those on the list of the login or of the proven address. ``of_network``: unproven ones. An unproven
    address is counted by its network alone, because anybody can type it.
    """
    if of_person >= MAX_OF_PERSON:
        raise WaitlistLimit({"limit": MAX_OF_PERSON})
    if not is_proven and of_network >= MAX_OF_NETWORK:
        raise WaitlistLimit({"limit": MAX_OF_NETWORK})
    if of_business >= MAX_OF_BUSINESS:
        raise WaitlistLimit({"limit": MAX_OF_BUSINESS})


def times_of(rows: Iterable[Sequence[int]]) -> Ranges:
    """Times of the day as they are stored: ``[[start, end], …]``."""
    return tuple(MinuteRange(int(start), int(end)) for start, end in rows)


@dataclass(frozen=True)
class WaitlistTurn:
    """The result of one turn of a business's waitlist: the entry that got an offer, if any, and when
    the next open offer ends (aware UTC; None: no offer is open)."""

    entry_id: UUID | None
    next_at: datetime | None
