"""The types of the availability engine: the question, the facts, and the answer.

Durations and buffers are whole minutes. Instants are aware; answers are in UTC.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum
from uuid import UUID
from zoneinfo import ZoneInfo

from domain.errors import InvalidInput
from domain.instants import as_utc
from domain.scheduling.availability.bits import common_step
from domain.scheduling.availability.claimed import Claimed
from domain.scheduling.hours import DAY, Calendar
from domain.scheduling.reasons import ChosenBy

MAX_DAYS = 31
"""The longest date range of one question (product rules, availability)."""
MAX_ITEMS = 5
"""The most consecutive services in one booking (product rules, words)."""
WAIT_STEP = 15
"""Waits between two services of a booking are whole multiples of so many minutes."""
MAX_WAIT = 60
"""The most minutes that the customer of one booking waits between its services, all waits together."""


class StartGrid(StrEnum):
    """Whether offered starts are counted from each opening (10:10, 10:40 …) or from midnight (10:30 …)."""

    OPENING = "opening"
    CLOCK = "clock"


@dataclass(frozen=True, slots=True)
class Resource:
    """Something that a service uses, with ``capacity`` units numbered from 0.

    ``calendar``: its own hours, or the business's calendar if it has none (the same object, which saves work).
    ``seats``: how many people one unit takes, where it is a table; None where parties of any size fit.
    """

    id: UUID
    capacity: int
    calendar: Calendar
    seats: int | None = None


@dataclass(frozen=True, slots=True)
class Join:
    """Tables that the owner lets be joined: how many units of each resource, and the people who then sit there."""

    units: tuple[tuple[UUID, int], ...]
    seats: int


@dataclass(frozen=True, slots=True)
class Taken:
    """One unit's live claim, buffers included: ``[starts_at, ends_at)``, aware.

    The caller leaves out released claims and expired holds. The values are not checked: there are many, and the table's
    constraint checked them. ``visit``: the booking or offer that has the claim; None for a block of time.
    """

    resource_id: UUID
    unit: int
    starts_at: datetime
    ends_at: datetime
    visit: UUID | None = None


@dataclass(frozen=True, slots=True)
class Need:
    """One requirement group: ``units`` free units of any ONE of the resources. Of tables: one that seats the party, the
    smallest first, or a `Join` of them where none does.

    With ``per_person``, that many for each person of the party: for the seats of a class, not for the teacher.
    Resources that are not in the facts (inactive ones) are ignored.
    """

    group: int
    resource_ids: tuple[UUID, ...]
    units: int = 1
    per_person: bool = False

    def __post_init__(self) -> None:
        if self.units < 1:
            raise InvalidInput.at("units", "positive")


@dataclass(frozen=True, slots=True)
class Item:
    """One service of a booking: its minutes, the free minutes before and after it, and its requirements.

    ``places``: how many places a class sells at one start, even if its resources have more; None if it is no class.
    ``max_wait``: so many minutes at most may pass between the end of the item before and the start of this one.
    """

    service_id: UUID
    duration: int
    buffer_before: int
    buffer_after: int
    needs: tuple[Need, ...]
    places: int | None = None
    max_wait: int = 0

    def __post_init__(self) -> None:
        if not 1 <= self.duration <= DAY:
            raise InvalidInput.at("duration", "one_minute_to_one_day")
        if not (0 <= self.buffer_before <= DAY and 0 <= self.buffer_after <= DAY):
            raise InvalidInput.at("buffer", "at_most_one_day")
        if not self.needs:
            raise InvalidInput.at("needs", "not_empty")
        if self.places is not None and self.places < 1:
            raise InvalidInput.at("places", "positive")
        if not 0 <= self.max_wait <= MAX_WAIT or self.max_wait % WAIT_STEP:
            raise InvalidInput.at("max_wait", "quarters_up_to_one_hour")


@dataclass(frozen=True, slots=True)
class Question:
    """At which starts does a booking of these consecutive items fit?

    ``first`` to ``last``: business days, both included, at most 31. ``slot_interval``: minutes between offered starts.
    ``earliest`` and ``latest``: the booking window as ``bounds`` gives it, both included. ``grid``: where the interval
    counts from. ``waits``: minutes of waiting before each item; empty: any that the items allow, the shortest first.
    ``joins``: which tables may be joined.
    """

    items: tuple[Item, ...]
    zone: ZoneInfo
    first: date
    last: date
    slot_interval: int
    earliest: datetime
    latest: datetime
    party_size: int = 1
    grid: StartGrid = StartGrid.OPENING
    waits: tuple[int, ...] = ()
    joins: tuple[Join, ...] = ()

    def __post_init__(self) -> None:
        if not 1 <= len(self.items) <= MAX_ITEMS:
            raise InvalidInput.at("items", "one_to_five")
        if self.waits and len(self.waits) != len(self.items):
            raise ValueError("one wait for each item")
        if self.last < self.first:
            raise InvalidInput.at("to", "not_before_from")
        if (self.last - self.first).days >= MAX_DAYS:
            raise InvalidInput.at("to", "at_most_31_days")
        if not 1 <= self.slot_interval <= DAY:
            raise InvalidInput.at("slot_interval", "one_minute_to_one_day")
        if self.party_size < 1:
            raise InvalidInput.at("party_size", "positive")
        object.__setattr__(self, "earliest", as_utc(self.earliest))
        object.__setattr__(self, "latest", as_utc(self.latest))

    def offsets(self) -> list[int]:
        """When each item begins, in minutes from the booking's start: where the one before ends and its wait is over,
        buffers left out."""
        waits = self.waits or (0,) * len(self.items)
        offsets = [0]
        for item, wait in zip(self.items[:-1], waits[1:], strict=True):
            offsets.append(offsets[-1] + item.duration + wait)
        return offsets


@dataclass(frozen=True, slots=True)
class Facts:
    """Everything that the answer depends on.

    ``taken`` must contain every live claim of the resources between the first business day's midnight and the end of
    the last one's hours, extended by the items' buffers; other claims do not matter. ``sold``: the places of a class
    that live bookings have taken, by service and start (UTC). ``claimed``: the claims by resource and unit, in the
    place of ``taken``. It is enough to say when a booking fits, but not who serves it.
    """

    business: Calendar
    resources: Mapping[UUID, Resource]
    taken: Sequence[Taken]
    sold: Mapping[tuple[UUID, datetime], int] = field(default_factory=dict)
    claimed: Mapping[UUID, Mapping[int, Claimed]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Start:
    """A start at which the whole booking fits (UTC).

    ``left``: how many bookings like the asked one still fit there together, at least 1. It is exact, also where two
    requirements compete for the same units and where a class sells fewer places than its room holds. Only where
    requirements for several units compete may the search give up after ``choice.SEARCH_STEPS``; the number is then
    too small, never too large. Where the customer may wait between services, it counts bookings with the same waits.
    """

    at: datetime
    left: int


@dataclass(frozen=True, slots=True)
class StartTable:
    """Starts without an object for each: a month holds some thousand. ``left[n]``, as in ``Start``, is of the minute
    ``first`` + n ``step`` after ``zero`` (UTC); 0: no start there. ``left`` is immutable."""

    zero: datetime
    first: int
    step: int
    left: Sequence[int]

    @classmethod
    def of(cls, zero: datetime, minutes: Sequence[int], left: Sequence[int]) -> "StartTable":
        """The starts at ``minutes``, ascending, after ``zero``, each with what is left there, at least 1."""
        if not minutes:
            return cls(zero, 0, 1, b"")
        step = common_step(minutes)
        numbers = [0] * ((minutes[-1] - minutes[0]) // step + 1)
        for minute, number in zip(minutes, left, strict=True):
            numbers[(minute - minutes[0]) // step] = number
        return cls(zero, minutes[0], step, tuple(numbers))

    def pairs(self) -> Iterator[tuple[int, int]]:
        """Minute after ``zero`` and what is left, of every start."""
        minutes = range(self.first, self.first + self.step * len(self.left), self.step)
        return ((minute, number) for minute, number in zip(minutes, self.left, strict=True) if number)


@dataclass(frozen=True, slots=True)
class ClaimPlan:
    """One unit to claim for one requirement, buffers included: ``[starts_at, ends_at)`` in UTC. ``chosen_by``: why this
    resource; None where nothing was to be chosen."""

    item_index: int
    group: int
    resource_id: UUID
    unit: int
    starts_at: datetime
    ends_at: datetime
    chosen_by: ChosenBy | None = None


def bounds(now: datetime, lead: timedelta, window: timedelta) -> tuple[datetime, datetime]:
    """Earliest and latest start that can be booked at ``now``, both included, in UTC.

    ``lead``: the least time between booking and start. ``window``: how far ahead bookings are possible. Both are
    elapsed time: 24 hours stay 24 hours across a clock change.
    """
    moment = as_utc(now)
    return moment + lead, moment + window
