"""Questions and facts for the tests: written out by hand, and drawn at random."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

from domain.scheduling.availability.engine import find_starts
from domain.scheduling.availability.model import (
    Facts,
    Item,
    Join,
    Need,
    Question,
    Resource,
    StartGrid,
    Taken,
)
from domain.scheduling.hours import Calendar, MinuteRange, WeeklyHours
from domain.scheduling.staff_exceptions import CalendarException, ExceptionKind

FAR_PAST = datetime(1990, 1, 1, tzinfo=UTC)
FAR_FUTURE = datetime(2090, 1, 1, tzinfo=UTC)
SERVICE = UUID(int=99)

#: (zone, a date on which its clock changes): both directions, half an hour, at midnight, a date left out, none.
CHANGES = [
    ("Europe/London", date(2026, 3, 29)),
    ("Europe/London", date(2026, 10, 25)),
    ("America/New_York", date(2026, 3, 8)),
    ("America/New_York", date(2026, 11, 1)),
    ("Australia/Lord_Howe", date(2026, 4, 5)),
    ("Australia/Lord_Howe", date(2026, 10, 4)),
    ("America/Sao_Paulo", date(2018, 2, 18)),
    ("America/Sao_Paulo", date(2018, 11, 4)),
    ("America/Havana", date(2026, 11, 1)),
    ("Africa/Casablanca", date(2026, 2, 15)),
    ("Africa/Casablanca", date(2026, 3, 22)),
    ("Pacific/Apia", date(2011, 12, 30)),
    ("Asia/Pyongyang", date(2018, 5, 5)),
    ("Pacific/Chatham", date(2026, 4, 5)),
    ("Asia/Kathmandu", date(2026, 6, 1)),
    ("Asia/Tokyo", date(2026, 6, 1)),
]


def resource_id(number: int) -> UUID:
    return UUID(int=number + 1)


def hours(*spans: tuple[int, int]) -> tuple[MinuteRange, ...]:
    return tuple(MinuteRange(start, end) for start, end in spans)


def every_day(*spans: tuple[int, int], one_off: Mapping[date, tuple[MinuteRange, ...]] | None = None) -> Calendar:
    return Calendar(WeeklyHours((hours(*spans),) * 7), one_off or {})


def item(duration: int, *needs: Need, before: int = 0, after: int = 0) -> Item:
    return Item(SERVICE, duration, before, after, needs)


def need(*numbers: int, group: int = 0, units: int = 1, per_person: bool = False) -> Need:
    return Need(group, tuple(resource_id(number) for number in numbers), units, per_person)


def ask(
    *items: Item,
    day: date = date(2026, 6, 1),
    last: date | None = None,
    zone: str = "Asia/Tokyo",
    step: int = 30,
    earliest: datetime = FAR_PAST,
    latest: datetime = FAR_FUTURE,
    party_size: int = 1,
    grid: StartGrid = StartGrid.OPENING,
) -> Question:
    return Question(items, ZoneInfo(zone), day, last or day, step, earliest, latest, party_size, grid)


def known(business: Calendar, *capacities: int, taken: tuple[Taken, ...] = (), own: Calendar | None = None) -> Facts:
    resources = [Resource(resource_id(n), capacity, own or business) for n, capacity in enumerate(capacities)]
    return Facts(business, {resource.id: resource for resource in resources}, taken)


def at(zone: str, day: date, hour: int, minute: int = 0, fold: int = 0) -> datetime:
    return datetime(day.year, day.month, day.day, hour, minute, tzinfo=ZoneInfo(zone), fold=fold).astimezone(UTC)


def taken(number: int, start: datetime, minutes: int, unit: int = 0) -> Taken:
    """The claim of a booking of its own; its id grows with the minutes since the epoch, as if it had been made then."""
    visit = UUID(int=(int(start.timestamp()) // 60 << 16) + (number << 8) + unit)
    return Taken(resource_id(number), unit, start, start + timedelta(minutes=minutes), visit)


def minutes(low: int, high: int) -> st.SearchStrategy[int]:
    """Mostly quarters of an hour, so that ends of hours, claims and services often meet exactly."""
    quarters = st.integers(-(-low // 15), high // 15).map(lambda quarter: quarter * 15)
    return st.one_of(quarters, quarters, st.integers(low, high))


@st.composite
def calendars(draw: st.DrawFn, around: date) -> Calendar:
    spans = st.lists(
        st.tuples(minutes(0, 1439), minutes(1, 1500)).map(
            lambda pair: MinuteRange(pair[0], min(pair[0] + pair[1], 2880))
        ),
        max_size=2,
    ).map(tuple)
    usual = draw(
        st.one_of(
            spans,
            st.just(hours((0, 1440))),
            st.just(hours((540, 1080))),
            st.just(hours((1320, 1530))),
            st.just(hours((1260, 1680))),
        )
    )
    other = draw(spans)
    week = tuple(other if draw(st.integers(0, 3)) == 0 else usual for _ in range(7))
    near = st.integers(-2, 2).map(lambda n: around + timedelta(days=n))
    one_off = draw(st.dictionaries(near, spans, max_size=1))
    holiday = draw(st.one_of(st.none(), spans))
    return Calendar(WeeklyHours(week, holiday), one_off, draw(st.frozensets(near, max_size=1)))


@st.composite
def exceptions(draw: st.DrawFn, around: date) -> list[CalendarException]:
    """Up to three: leaves, parts of days, other hours, over midnight too."""
    spans = st.tuples(minutes(0, 2400), minutes(1, 900)).map(lambda pair: MinuteRange(pair[0], min(sum(pair), 2880)))
    found = []
    for _ in range(draw(st.integers(0, 3))):
        first = around + timedelta(days=draw(st.integers(-3, 2)))
        kind = draw(st.sampled_from(ExceptionKind))
        ranges = draw(st.lists(spans, min_size=kind is ExceptionKind.HOURS, max_size=1).map(tuple))
        found.append(CalendarException(first, first + timedelta(days=draw(st.integers(0, 2))), kind, ranges))
    return found


@st.composite
def cases(draw: st.DrawFn, max_items: int = 2, max_needs: int = 2) -> tuple[Question, Facts]:
    """A question over one or two days around a clock change, small enough to walk."""
    zone, change = draw(st.sampled_from(CHANGES))
    first = change + timedelta(days=draw(st.integers(-2, 1)))
    last = first + timedelta(days=draw(st.integers(0, 1)))
    count = draw(st.integers(1, 3))
    business = draw(calendars(change))
    resources = [
        Resource(
            resource_id(n),
            draw(st.integers(1, 4)),
            draw(st.one_of(st.just(business), calendars(change))),
        )
        for n in range(count)
    ]
    numbers = st.lists(st.integers(0, count - 1), min_size=1, max_size=count, unique=True)
    items = [
        item(
            draw(st.sampled_from([1, 7, 30, 45, 60, 95, 240])),
            *[
                need(*draw(numbers), group=group, units=draw(st.sampled_from([1, 1, 1, 2])))
                for group in range(draw(st.integers(1, max_needs)))
            ],
            before=draw(st.sampled_from([0, 0, 15, 40])),
            after=draw(st.sampled_from([0, 0, 5, 30])),
        )
        for _ in range(draw(st.integers(1, max_items)))
    ]
    noon = datetime(first.year, first.month, first.day, tzinfo=UTC)
    moment = minutes(-36 * 60, 84 * 60).map(lambda n: noon + timedelta(minutes=n))
    claims = [
        taken(draw(st.integers(0, count - 1)), draw(moment), draw(minutes(1, 1600)), draw(st.integers(0, 3)))
        for _ in range(draw(st.integers(0, 6)))
    ]
    question = ask(
        *items,
        day=first,
        last=last,
        zone=zone,
        step=draw(st.sampled_from([1, 1, 7, 15, 30, 50])),
        earliest=draw(st.one_of(st.just(FAR_PAST), moment)),
        latest=draw(st.one_of(st.just(FAR_FUTURE), moment)),
        grid=draw(st.sampled_from(StartGrid)),
    )
    return question, Facts(business, {resource.id: resource for resource in resources}, claims)


@st.composite
def classes(draw: st.DrawFn) -> tuple[Question, Facts]:
    """A class: some rooms with seats, perhaps a teacher, more or fewer places than seats, some of them sold."""
    day = date(2026, 6, 1)
    rooms = draw(st.lists(st.integers(1, 6), min_size=1, max_size=2))
    teachers = draw(st.integers(0, 2))
    seats = need(*range(len(rooms)), per_person=True)
    needs = [seats, need(*range(len(rooms), len(rooms) + teachers), group=1)] if teachers else [seats]
    one = replace(item(60, *needs), places=draw(st.integers(1, 8)))
    business = every_day((540, 840))
    claims = [
        taken(draw(st.integers(0, len(rooms) - 1)), at("Asia/Tokyo", day, draw(st.integers(8, 14))), 60, unit)
        for unit in draw(st.lists(st.integers(0, 5), max_size=3))
    ]
    hour = st.integers(9, 14).map(lambda hour: (SERVICE, at("Asia/Tokyo", day, hour)))
    sold = draw(st.dictionaries(hour, st.integers(0, 8), max_size=3))
    facts = replace(known(business, *rooms, *([1] * teachers), taken=tuple(claims)), sold=sold)
    return ask(one, day=day, party_size=draw(st.integers(1, 5))), facts


@st.composite
def restaurants(draw: st.DrawFn) -> tuple[Question, Facts]:
    """Some tables of different sizes, some of which can be joined, and perhaps a waiter or two."""
    day = date(2026, 6, 1)
    business = every_day((540, 780))
    seats = draw(st.lists(st.sampled_from([2, 2, 4, 6]), min_size=2, max_size=5))
    tables = [Resource(resource_id(n), draw(st.sampled_from([1, 1, 2])), business, one) for n, one in enumerate(seats)]
    numbers = st.lists(st.integers(0, len(seats) - 1), min_size=2, max_size=3)
    joins = [
        Join(tuple(sorted(Counter(map(resource_id, some)).items())), draw(st.integers(3, 9)))
        for some in draw(st.lists(numbers, max_size=4))
    ]
    waiters = draw(st.integers(0, 2))
    staff = [Resource(resource_id(len(seats) + n), 2, business) for n in range(waiters)]
    needs = [need(*range(len(seats)))]
    needs += [need(*range(len(seats), len(seats) + waiters), group=1)] if waiters else []
    claims = [
        taken(draw(st.integers(0, len(seats) - 1)), at("Asia/Tokyo", day, draw(st.integers(8, 13))), 60, unit)
        for unit in draw(st.lists(st.integers(0, 1), max_size=5))
    ]
    question = replace(ask(item(60, *needs), day=day, party_size=draw(st.integers(1, 9))), joins=tuple(joins))
    return question, Facts(business, {one.id: one for one in [*tables, *staff]}, claims)


TOKYO = "Asia/Tokyo"
LONDON = "Europe/London"
MONDAY = date(2026, 6, 1)
NINE_TO_TWELVE = every_day((540, 720))


def clock(question: Question, facts: Facts) -> list[str]:
    """The starts as the venue's clock shows them."""
    return [f"{start.at.astimezone(question.zone):%H:%M}" for start in find_starts(question, facts)]


def left(question: Question, facts: Facts) -> list[int]:
    return [start.left for start in find_starts(question, facts)]
