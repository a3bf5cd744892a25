"""When does a booking fit, and which units would it take? Pure and exact to the minute.

Rules in addition to those of the types:

- The service itself is inside the business's hours and inside the hours of every resource it uses. Buffers need not be:
  a room may be cleaned after closing. But buffers must be free of claims like the service.
- Item *n* begins when item *n - 1* ends, buffers not counted; each item chooses its own resources. Where the service
  of an item allows it, the customer may wait before it: some quarters of an hour, `MAX_WAIT` in all. Of two ways that
  fit, the one with less waiting counts.
- A party sits at the smallest free table that seats it; at joined tables (`tables`) only where no single one is free.
- No unit serves two requirements of one booking at one time, buffers counted.
- A class sells at most its places at one start, whatever its resources hold.
- A start belongs to the business day in whose range it lies, also past midnight; it must be one of the asked days.
- Starts lie on the grid: the wall clock is a multiple of the slot interval past the opening of the range, or past
  midnight where the owner chose the clock.
- The answer is advice. What prevents double booking is the constraint on the claims.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from heapq import nsmallest
from itertools import islice, product
from math import gcd
from uuid import UUID

from domain.instants import as_utc, text_at_venue
from domain.scheduling.availability.anyone import DayBook, in_order, reasons
from domain.scheduling.availability.bits import Lattice
from domain.scheduling.availability.board import build_board
from domain.scheduling.availability.choice import bookings_left, candidates, claims_of, free_at
from domain.scheduling.availability.days import floor_minute, instant_of
from domain.scheduling.availability.model import (
    MAX_DAYS,
    MAX_WAIT,
    WAIT_STEP,
    ClaimPlan,
    Facts,
    Item,
    Need,
    Question,
    Resource,
    Start,
    StartTable,
)
from domain.scheduling.availability.tables import times_served
from domain.scheduling.errors import OutsideBookingWindow
from domain.scheduling.hours import DAY
from domain.scheduling.reasons import ChosenBy

MAX_CANDIDATES = 256
"""How many assignments ``plan`` offers for one start, at most."""
_ANYTHING = UUID(int=0)
_DAY = timedelta(days=1)
_RING = timedelta(days=MAX_DAYS - 1)
AROUND = timedelta(days=3), timedelta(days=7)
"""Alternatives are first searched within this distance of the requested day."""


def find_starts(question: Question, facts: Facts) -> list[Start]:
    """Every offered start at which the whole booking fits, in ascending order."""
    table = tabulate(question, facts)
    return [Start(table.zero + timedelta(0, at * 60), left) for at, left in table.pairs()]


def tabulate(question: Question, facts: Facts) -> StartTable:
    """What ``find_starts`` gives, without an object for each start: these cost more than finding them."""
    tables = [_tabulate_one(one, facts) for one in with_waits(question)]
    return tables[0] if len(tables) == 1 else _merged(tables)


def with_waits(question: Question) -> list[Question]:
    """The question once for each choice of waits that its items allow, those with less waiting first."""
    if question.waits or not any(item.max_wait for item in question.items[1:]):
        return [question]
    choices = product((0,), *(range(0, item.max_wait + 1, WAIT_STEP) for item in question.items[1:]))
    allowed = [waits for waits in choices if sum(waits) <= MAX_WAIT]
    return [replace(question, waits=waits) for waits in sorted(allowed, key=lambda waits: (sum(waits), waits))]


def _merged(tables: Sequence[StartTable]) -> StartTable:
    """Every start that one of the tables has, with the most that any of them has left."""
    left: dict[datetime, int] = {}
    for table in tables:
        for minute, number in table.pairs():
            at = table.zero + timedelta(0, minute * 60)
            left[at] = max(left.get(at, 0), number)
    if not left:
        return StartTable.of(tables[0].zero, [], [])
    starts = sorted(left)
    minutes = [(start - starts[0]) // timedelta(minutes=1) for start in starts]
    return StartTable.of(starts[0], minutes, [left[start] for start in starts])


def _tabulate_one(question: Question, facts: Facts) -> StartTable:
    board = build_board(question, facts)
    if board is None or not board.starts:
        return StartTable.of(question.earliest, [], [])
    zero = instant_of(board.origin)
    lattice = Lattice.of(board.starts, _steps(question.slot_interval))
    if len(board.slots) == 1 and not board.slots[0].joined and all(item.places is None for item in question.items):
        counts = board.slots[0].served.on(lattice)
        if counts is not None:
            # A byte of ones for each start leaves the others out.
            left = counts & lattice.spread(board.starts) * 255
            return StartTable(zero, lattice.first, lattice.step, left.to_bytes(lattice.count, "little"))
    found = lattice.positions(lattice.spread(board.starts).to_bytes(lattice.count, "little"))
    counts_at = [times_served(slot, found) for slot in board.slots]
    if board.competing:
        counts_at.append(bookings_left(board.competing, found))
    counts_at += _places_left(question, facts, zero, found)
    numbers = list(map(min, *counts_at)) if len(counts_at) > 1 else counts_at[0]
    fitting = [index for index, number in enumerate(numbers) if number > 0]
    return StartTable.of(zero, [found[index] for index in fitting], [numbers[index] for index in fitting])


def _steps(interval: int) -> list[int]:
    """Steps that starts of every day may have in common, where the clock does not change, the largest first."""
    daily = gcd(interval, DAY)
    return sorted({daily, gcd(daily, 10), gcd(daily, 5), 1}, reverse=True)


def _places_left(question: Question, facts: Facts, zero: datetime, found: Sequence[int]) -> Iterator[list[int]]:
    """For each class of the booking: how many bookings of the party still fit into its places, at each start."""
    for item, offset in zip(question.items, question.offsets(), strict=True):
        if item.places is not None:
            sold = {moment: places for (service, moment), places in facts.sold.items() if service == item.service_id}
            yield [
                (item.places - sold.get(zero + timedelta(0, (at + offset) * 60), 0)) // question.party_size
                for at in found
            ]


def plan(
    question: Question, facts: Facts, start: datetime, *, seed: int = 0, limit: int = MAX_CANDIDATES
) -> Iterator[tuple[ClaimPlan, ...]]:
    """Assignments for a booking at ``start``, in the order in which to try them; at most ``limit``.

    Gives nothing exactly when ``find_starts`` would not list ``start``. The order is that of `anyone`; ``seed`` is its
    draw, so that clients with different seeds do not all reach for the same unit. Ways with less waiting between
    services come first. The same arguments always give the same answer.
    """
    ways = (way for one in with_waits(question) for way in _plan_one(one, facts, start, seed, limit))
    yield from islice(ways, limit)


def fits(question: Question, facts: Facts, start: datetime) -> bool:
    """Whether the booking fits at ``start``."""
    return next(plan(question, facts, start, limit=1), None) is not None


def _plan_one(
    question: Question, facts: Facts, start: datetime, seed: int, limit: int
) -> Iterator[tuple[ClaimPlan, ...]]:
    moment = as_utc(start)
    narrow = replace(question, earliest=max(question.earliest, moment), latest=min(question.latest, moment))
    board = build_board(narrow, facts)
    if board is None or not board.starts:
        return
    minute = floor_minute(moment)
    position = minute - board.origin
    if any(left[0] < 1 for left in _places_left(question, facts, instant_of(board.origin), [position])):
        return
    book = DayBook(question, facts, moment)
    options, why = [], []
    for slot, choice in zip(board.slots, free_at(board.slots, lambda bits: bool(bits >> position & 1)), strict=True):
        workloads = book.workloads(slot, choice.alone)
        ordered = in_order(choice.alone, workloads, seed, slot.seats)
        options.append(replace(choice, alone=ordered))
        why.append(reasons(ordered, workloads, slot.seats) | dict.fromkeys(slot.parts, ChosenBy.JOINED_TABLES))
    for picks in candidates(board.slots, options, limit):
        yield claims_of(board.slots, picks, minute, why)


def nearest(question: Question, facts: Facts, wanted: datetime, count: int = 3) -> list[Start]:
    """The up to ``count`` starts closest to ``wanted``, before or after; of two equally close ones, the earlier
    first."""
    moment = as_utc(wanted)
    return nsmallest(count, find_starts(question, facts), key=lambda start: (abs(start.at - moment), start.at))


def nearest_of_all(
    question: Question, facts: Facts, wanted: datetime, first: date, last: date, count: int = 3
) -> list[Start]:
    """Like ``nearest``, over any number of business days (``first`` to ``last``). Searches the days around ``wanted``,
    and then one month further on both sides each time, until a start is free."""
    day = min(max(as_utc(wanted).astimezone(question.zone).date(), first), last)
    low, high = max(first, day - AROUND[0]), min(last, day + AROUND[1])
    found = nearest(replace(question, first=low, last=high), facts, wanted, count)
    while not found and (low > first or high < last):
        sides = []
        if low > first:
            low, until = max(first, low - _RING), low - _DAY
            sides.append((low, until))
        if high < last:
            since, high = high + _DAY, min(last, high + _RING)
            sides.append((since, high))
        for begin, end in sides:
            found += nearest(replace(question, first=begin, last=end), facts, wanted, count)
    moment = as_utc(wanted)
    return nsmallest(count, found, key=lambda start: (abs(start.at - moment), start.at))


class Refusal(StrEnum):
    """Why a booking does not fit at a start."""

    CLOSED = "closed"
    NO_START = "no_start"
    NOBODY_WORKS = "nobody_works"
    FULL = "full"


def why_not(question: Question, facts: Facts, start: datetime) -> Refusal:
    """The first of these that is true for a ``start`` at which ``question`` does not fit: the business is closed; no
    booking of this service starts then; none of the required resources works; all of them are taken."""
    if not _is_open(question, facts, start):
        return Refusal.CLOSED
    everybody = {key: replace(one, calendar=facts.business) for key, one in facts.resources.items()}
    if not _fits_alone(question, Facts(facts.business, everybody, []), start):
        return Refusal.NO_START
    if not _fits_alone(question, Facts(facts.business, facts.resources, []), start):
        return Refusal.NOBODY_WORKS
    return Refusal.FULL


def _fits_alone(question: Question, facts: Facts, start: datetime) -> bool:
    """Whether a booking for one person fits."""
    return fits(replace(question, party_size=1), facts, start)


def _is_open(question: Question, facts: Facts, start: datetime) -> bool:
    """Whether the business is open at ``start``, on or off the grid."""
    nothing = Need(0, (_ANYTHING,))
    moment = replace(question, items=(Item(_ANYTHING, 1, 0, 0, (nothing,)),), slot_interval=1)
    return _fits_alone(moment, Facts(facts.business, {_ANYTHING: Resource(_ANYTHING, 1, facts.business)}, []), start)


def check_window(question: Question, start: datetime) -> None:
    """Raise ``OutsideBookingWindow`` unless ``start`` lies from ``earliest`` to ``latest``, both included."""
    if not question.earliest <= as_utc(start) <= question.latest:
        zone = question.zone
        window = {
            "reason": "too_soon" if as_utc(start) < question.earliest else "too_far",
            "earliest": text_at_venue(question.earliest, zone),
            "latest": text_at_venue(question.latest, zone),
        }
        raise OutsideBookingWindow(window)
