"""Where the cards of a calendar stand: pure geometry, in minutes of the business day.

A page has no inline style, so places are classes: a row is five minutes (``calendar.css``), and cards that overlap
stand beside each other in lanes.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from domain.scheduling.hours import DAY, Ranges

#: Minutes of a row of the grid.
STEP = 5
#: The longest time that a page shows: 30 hours from the first opening on.
MOST_MINUTES = 30 * 60
_LEAST_MINUTES = 4 * 60
MOST_LANES = 6


@dataclass(frozen=True, slots=True)
class Card:
    """Something on the calendar. ``kind``: booking or block; ``of``: it, as the API has it."""

    start: int
    end: int
    kind: str
    of: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Placed:
    """A card with its row, the rows that it takes, and its lane, all from 0; ``lanes``: how many stand side by side."""

    card: Card
    row: int
    rows: int
    lane: int
    lanes: int


@dataclass(frozen=True, slots=True)
class Column:
    """One person, room or day. ``open``: when it can be booked; ``resource``: its id, empty for no or every one."""

    day: date
    title: str
    resource: str
    cards: Sequence[Card] = ()
    open: Ranges = ()


@dataclass(frozen=True, slots=True)
class Window:
    """The minutes ``[first, last)`` that are shown, whole hours."""

    first: int
    last: int

    @property
    def rows(self) -> int:
        """Rows of the grid."""
        return (self.last - self.first) // STEP

    @property
    def hours(self) -> list[tuple[int, str]]:
        """``(row, what the clock says)`` of every hour: 25:00 is one o'clock in the night after the day."""
        return [((at - self.first) // STEP, f"{at // 60}:00") for at in range(self.first, self.last, 60)]

    def row(self, minute: int) -> int:
        """The row of a minute, moved into the window."""
        return (min(max(minute, self.first), self.last) - self.first) // STEP


def window(columns: Iterable[Column]) -> Window:
    """From the first opening or card to the last one; at least nine to six where that is less than four hours."""
    shown = list(columns)
    starts = [span.start for column in shown for span in column.open] + [c.start for one in shown for c in one.cards]
    ends = [span.end for column in shown for span in column.open] + [c.end for one in shown for c in one.cards]
    first = max(min(starts, default=540), 0) // 60 * 60
    last = -(-max(ends, default=1080) // 60) * 60
    if last - first < _LEAST_MINUTES:
        first, last = min(first, 540), max(last, 1080)
    return Window(first, max(first + 60, min(last, first + MOST_MINUTES, 2 * DAY)))


def placed(cards: Iterable[Card], shown: Window) -> list[Placed]:
    """The cards in order of time. Those that overlap, one after the other, are side by side in the fewest lanes."""
    found: list[Placed] = []
    group = _Group()
    for card in sorted(cards, key=lambda one: (one.start, -one.end)):
        if card.start >= group.end:
            found += group.finished(shown)
            group = _Group()
        group.add(card)
    return found + group.finished(shown)


def closed(column: Column, shown: Window) -> list[tuple[int, int]]:
    """``(row, rows)`` of the times outside the opening hours."""
    gaps, at = [], 0
    for start, end in (*((shown.row(one.start), shown.row(one.end)) for one in sorted(column.open)), (shown.rows, 0)):
        if start > at:
            gaps.append((at, start - at))
        at = max(at, end)
    return gaps


@dataclass(slots=True)
class _Group:
    """Cards that overlap each other in a chain. ``lanes``: the end of the last card of each."""

    cards: list[tuple[Card, int]] = field(default_factory=list)
    lanes: list[int] = field(default_factory=list)
    end: int = -1

    def add(self, card: Card) -> None:
        lane = next((n for n, end in enumerate(self.lanes) if end <= card.start), len(self.lanes))
        if lane == len(self.lanes):
            self.lanes.append(card.end)
        else:
            self.lanes[lane] = card.end
        self.cards.append((card, lane))
        self.end = max(self.end, card.end)

    def finished(self, shown: Window) -> list[Placed]:
        lanes = min(len(self.lanes), MOST_LANES)
        found = []
        for card, lane in self.cards:
            row = min(shown.row(card.start), shown.rows - 1)
            rows = max(shown.row(card.end) - row, 1)
            found.append(Placed(card, row, rows, min(lane, MOST_LANES - 1), lanes))
        return found
