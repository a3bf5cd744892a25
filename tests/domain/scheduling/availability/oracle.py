"""The engine's answer by the slowest honest way: walk every UTC minute, ask the zone what the clock shows.

Shares the question and answer types with the engine and nothing else: no bit strings, no offsets, no arithmetic on
midnights. What a wall clock shows is read off by walking.
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from itertools import chain, combinations, product
from uuid import UUID
from zoneinfo import ZoneInfo

from domain.scheduling.availability.model import Facts, Item, Join, Need, Question, StartGrid
from domain.scheduling.hours import Calendar, MinuteRange
from domain.scheduling.staff_exceptions import CalendarException, ExceptionKind

MINUTE = timedelta(minutes=1)
#: Item, group, resource, unit, begin and end of the claim.
Claim = tuple[int, int, UUID, int, datetime, datetime]
DAYS_BEFORE = timedelta(days=3)
DAYS_AFTER = timedelta(days=5)


class Walk:
    """Every minute of a stretch of UTC, with what the zone's wall clock shows at it."""

    def __init__(self, zone: ZoneInfo, begin: datetime, end: datetime) -> None:
        self.shows: dict[datetime, datetime] = {}
        #: The first instant at which the clock shows a time; for a time jumped over, counted on from the jump.
        self.first_shown: dict[datetime, datetime] = {}
        self.dates: set[date] = set()
        before: datetime | None = None
        instant = begin
        while instant < end:
            wall = instant.astimezone(zone).replace(tzinfo=None, fold=0)
            self.shows[instant] = wall
            self.dates.add(wall.date())
            jumped = None if before is None else before + MINUTE
            while jumped is not None and jumped < wall:
                self.first_shown.setdefault(jumped, instant + (jumped - (before + MINUTE)))  # type: ignore[operator]
                jumped += MINUTE
            self.first_shown.setdefault(wall, instant)
            before = wall
            instant += MINUTE


@lru_cache(maxsize=256)
def walk(zone: ZoneInfo, first: date, last: date) -> Walk:
    begin = datetime(first.year, first.month, first.day, tzinfo=UTC) - DAYS_BEFORE
    end = datetime(last.year, last.month, last.day, tzinfo=UTC) + DAYS_AFTER
    return Walk(zone, begin, end)


def ranges_of(calendar: Calendar, day: date) -> tuple[MinuteRange, ...]:
    if day in calendar.one_off:
        return calendar.one_off[day]
    if calendar.weekly.public_holiday is not None and day in calendar.public_holidays:
        return calendar.weekly.public_holiday
    return calendar.weekly.days[day.weekday()]


def openings(calendar: Calendar, steps: Walk) -> Iterator[tuple[date, datetime, datetime]]:
    """(business day, opens, closes) of every range whose times the walk has seen."""
    for day in sorted(steps.dates):
        midnight = datetime.combine(day, time.min)
        for span in ranges_of(calendar, day):
            opens = steps.first_shown.get(midnight + span.start * MINUTE)
            closes = steps.first_shown.get(midnight + span.end * MINUTE)
            if opens is not None and closes is not None:
                yield day, opens, closes


def open_minutes(calendar: Calendar, steps: Walk) -> set[datetime]:
    minutes = set()
    for _, opens, closes in openings(calendar, steps):
        while opens < closes:
            minutes.add(opens)
            opens += MINUTE
    return minutes


def remaining(minutes: set[datetime]) -> dict[datetime, int]:
    """For every open minute, how many minutes stay open from it on, itself counted."""
    lasts: dict[datetime, int] = {}
    for minute in sorted(minutes, reverse=True):
        lasts[minute] = lasts.get(minute + MINUTE, 0) + 1
    return lasts


class Oracle:
    """Answers one question."""

    def __init__(self, question: Question, facts: Facts) -> None:
        self.question = question
        self.facts = facts
        self.packed: dict[object, int] = {}
        self.steps = walk(question.zone, question.first, question.last)
        self.business = open_minutes(facts.business, self.steps)
        self.lasts = {
            key: remaining(self.business & open_minutes(resource.calendar, self.steps))
            for key, resource in facts.resources.items()
        }

    def offered(self) -> list[datetime]:
        """Starts that the asked days, the booking window and the grid offer, free or not."""
        found = set()
        for day, opens, closes in openings(self.facts.business, self.steps):
            if not self.question.first <= day <= self.question.last:
                continue
            midnight = datetime.combine(day, time.min)
            instant = opens
            while instant < closes:
                counted_from = self.steps.shows[opens] if self.question.grid is StartGrid.OPENING else midnight
                minute = (self.steps.shows[instant] - counted_from) // MINUTE
                on_grid = minute % self.question.slot_interval == 0
                if on_grid and self.question.earliest <= instant <= self.question.latest:
                    found.add(instant)
                instant += MINUTE
        return sorted(found)

    def starts(self) -> dict[datetime, int]:
        """Every start at which the booking fits, with how many such bookings are left there: the most of all ways to
        wait between its items."""
        if self.question.waits or not any(item.max_wait for item in self.question.items[1:]):
            return self.starts_as_asked()
        best: dict[datetime, int] = {}
        for waits in product((0,), *(range(0, item.max_wait + 1, 15) for item in self.question.items[1:])):
            if sum(waits) <= 60:
                for start, left in Oracle(replace(self.question, waits=waits), self.facts).starts_as_asked().items():
                    best[start] = max(best.get(start, 0), left)
        return best

    def starts_as_asked(self) -> dict[datetime, int]:
        """As ``starts``, with the question's own waits."""
        return {
            start: left
            for start in self.offered()
            if (left := self.left(start)) > 0 and next(self.assignments(start), None) is not None
        }

    def service_times(self, start: datetime) -> Iterator[tuple[Item, datetime, datetime]]:
        waits = self.question.waits or (0,) * len(self.question.items)
        for item, wait in zip(self.question.items, waits, strict=True):
            start += wait * MINUTE
            end = start + item.duration * MINUTE
            yield item, start, end
            start = end

    def is_free(self, key: UUID, unit: int, item: Item, start: datetime, end: datetime) -> bool:
        if start + self.lasts[key].get(start, 0) * MINUTE < end:
            return False
        begin, until = start - item.buffer_before * MINUTE, end + item.buffer_after * MINUTE
        return not any(
            claim.resource_id == key and claim.unit == unit and claim.starts_at < until and begin < claim.ends_at
            for claim in self.facts.taken
        )

    def units(self, need: Need) -> int:
        return need.units * self.question.party_size if need.per_person else need.units

    def free_units(self, key: UUID, item: Item, start: datetime, end: datetime) -> list[int]:
        capacity = self.facts.resources[key].capacity
        return [unit for unit in range(capacity) if self.is_free(key, unit, item, start, end)]

    def left(self, start: datetime) -> int:
        """How many bookings like this one fit beside each other: tried out, one more each time."""
        counts = [
            (item.places - self.facts.sold.get((item.service_id, begin), 0)) // self.question.party_size
            for item, begin, _ in self.service_times(start)
            if item.places is not None
        ]
        return min([*counts, *(self._packed(part, start) for part in independent(self.choices(start)))])

    def _packed(self, choices: list[list[frozenset[Claim]]], start: datetime) -> int:
        key = tuple(
            frozenset(
                frozenset((*claim[:4], claim[4] - start, claim[5] - start) for claim in option) for option in options
            )
            for options in choices
        )
        if key not in self.packed:
            self.packed[key] = most_beside_each_other(choices)
        return self.packed[key]

    def choices(self, start: datetime) -> list[list[frozenset[Claim]]]:
        """For each requirement every way to serve it alone."""
        choices = []
        for index, (item, begin, end) in enumerate(self.service_times(start)):
            claim = (begin - item.buffer_before * MINUTE, end + item.buffer_after * MINUTE)
            for need in item.needs:
                options = []
                for key in dict.fromkeys(need.resource_ids):
                    if key in self.facts.resources and self.seats_party(need, key):
                        free = self.free_units(key, item, begin, end)
                        for units in combinations(free, self.units(need)):
                            options.append(frozenset((index, need.group, key, unit, *claim) for unit in units))
                for join in self.joins(need):
                    free = [(key, self.free_units(key, item, begin, end), count) for key, count in join.units]
                    for found in product(*(combinations(units, count) for _, units, count in free)):
                        tables = [(key, unit) for (key, _, _), units in zip(free, found, strict=True) for unit in units]
                        options.append(frozenset((index, need.group, key, unit, *claim) for key, unit in tables))
                choices.append(options)
        return choices

    def seats_party(self, need: Need, key: UUID) -> bool:
        seats = self.facts.resources[key].seats
        return need.per_person or seats is None or seats >= self.question.party_size

    def joins(self, need: Need) -> list[Join]:
        """Also those with a table that seats the party alone: whether they are needed is for the engine to know."""
        tables = {key for key in need.resource_ids if key in self.facts.resources}
        return [
            join
            for join in self.question.joins
            if not need.per_person
            and join.seats >= self.question.party_size
            and {key for key, _ in join.units} <= tables
        ]

    def assignments(self, start: datetime) -> Iterator[frozenset[Claim]]:
        """Every way to serve the booking."""
        for picked in product(*self.choices(start)):
            claims = [claim for option in picked for claim in option]
            if not any(collide(one, other) for one, other in combinations(claims, 2)):
                yield frozenset(claims)


def independent(choices: list[list[frozenset[Claim]]]) -> list[list[list[frozenset[Claim]]]]:
    """The requirements in parts: those of different parts never want one unit at one time."""
    parts: list[list[list[frozenset[Claim]]]] = []
    for options in choices:
        claims = [claim for option in options for claim in option]
        touching = [
            part
            for part in parts
            if any(collide(claim, other) for other in chain(*(o for one in part for o in one)) for claim in claims)
        ]
        parts = [part for part in parts if part not in touching]
        parts.append([options, *chain(*touching)])
    return parts


def most_beside_each_other(choices: list[list[frozenset[Claim]]]) -> int:
    """Adds one booking after the other, each in every possible way, until none fits beside the others."""
    count, reached = 0, {frozenset[Claim]()}
    while True:
        for options in choices:
            reached = {
                used | option
                for used in reached
                for option in options
                if not any(collide(claim, other) for claim in option for other in used)
            }
        if not reached:
            return count
        count += 1


def collide(one: tuple, other: tuple) -> bool:
    same_unit = one[2:4] == other[2:4]
    return same_unit and one[4] < other[5] and other[4] < one[5]


def open_with(usual: Calendar, exceptions: list[CalendarException], steps: Walk) -> set[datetime]:
    """The open minutes of a calendar with exceptions, day by day and minute by minute: other hours instead of the
    usual ones, less what is off on that business day."""
    minutes: set[datetime] = set()
    for day in steps.dates:
        there = [one for one in exceptions if one.first_day <= day <= one.last_day]
        hours = next((one.ranges for one in there if one.kind is ExceptionKind.HOURS), ranges_of(usual, day))
        found = set(_minutes(day, hours, steps))
        for one in there:
            if one.kind is ExceptionKind.OFF:
                found -= set(_minutes(day, one.ranges, steps)) if one.ranges else found
        minutes |= found
    return minutes


def _minutes(day: date, ranges: tuple[MinuteRange, ...], steps: Walk) -> Iterator[datetime]:
    midnight = datetime.combine(day, time.min)
    for span in ranges:
        instant = steps.first_shown.get(midnight + span.start * MINUTE)
        closes = steps.first_shown.get(midnight + span.end * MINUTE)
        while instant is not None and closes is not None and instant < closes:
            yield instant
            instant += MINUTE
