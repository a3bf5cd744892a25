"""The only place where local hours are converted to UTC minutes.

``local(day, m)`` is the wall-clock time "midnight of ``day`` plus ``m`` minutes", resolved as ``zoneinfo`` does with
``fold=0``: a time that occurs twice is its first occurrence; a time that the clock skips is computed with the offset
from before the jump. A range ``[a, b)`` is open from ``local(a)`` up to ``local(b)``, so it is shorter or longer than
``b - a`` if the clock changes inside it; a range that lies completely in a jump is empty. A date that a zone skipped
(Apia, 2011-12-30) has no business day.

Minutes are counted from the Unix epoch. Offsets are whole minutes in every zone since 1972.
"""

from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from itertools import pairwise
from zoneinfo import ZoneInfo

from domain.scheduling.availability.bits import join, span
from domain.scheduling.hours import DAY, Calendar, Ranges

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def floor_minute(instant: datetime) -> int:
    """The UTC minute that contains ``instant``."""
    since = instant - EPOCH
    return since.days * DAY + since.seconds // 60


def ceil_minute(instant: datetime) -> int:
    """The first UTC minute that does not begin before ``instant``."""
    since = instant - EPOCH
    part = since.seconds % 60 or since.microseconds
    return since.days * DAY + since.seconds // 60 + (1 if part else 0)


def instant_of(minute: int) -> datetime:
    """When UTC minute ``minute`` begins."""
    return EPOCH + timedelta(0, minute * 60)  # positional arguments, because keywords take five times as long


def local(zone: ZoneInfo, day: date, minute: int) -> int:
    """The UTC minute of wall-clock minute ``minute`` of ``day``."""
    wall = datetime.combine(day, time.min) + timedelta(minutes=minute)
    return floor_minute(wall.replace(tzinfo=zone))


class BusinessDays:
    """The business days ``first`` to ``last`` (both included) of a zone, each with its midnight in UTC.

    The zone is used once per day, for midnight; ranges of days without a clock change are computed by addition.
    """

    def __init__(self, zone: ZoneInfo, first: date, last: date) -> None:
        self._zone = zone
        count = (last - first).days + 1
        self.days = [first + timedelta(days=n) for n in range(count)]
        midnights = [local(zone, first + timedelta(days=n), 0) for n in range(count + 2)]
        self.midnights = midnights
        # A clock change that is reverted within two days would not be noticed; no zone has had one since 1972.
        self._regular = [
            midnights[n + 1] - midnights[n] == DAY and midnights[n + 2] - midnights[n + 1] == DAY for n in range(count)
        ]
        self._changing = [n for n, regular in enumerate(self._regular) if not regular]
        cuts = [-1, *self._changing, count]
        self._blocks = [(a + 1, b) for a, b in pairwise(cuts) if a + 1 < b]  # consecutive regular days

    def spans(self, calendar: Calendar, first: int, last: int) -> Iterator[tuple[int, int, int]]:
        """``(index of the day, start, end)`` of every range of the days with index ``first`` to ``last``.

        Start and end are UTC minutes; empty ranges are left out.
        """
        for index in range(first, last + 1):
            ranges = calendar.ranges_on(self.days[index])
            if self._regular[index]:
                midnight = self.midnights[index]
                yield from ((index, midnight + r.start, midnight + r.end) for r in ranges)
            else:
                yield from ((index, start, end) for start, end in self._exact(index, ranges))

    def _exact(self, index: int, ranges: Ranges) -> Iterator[tuple[int, int]]:
        """The ranges of a day on which, or after which, the clock changes."""
        if self.midnights[index + 1] <= self.midnights[index]:
            return  # the zone skipped this date
        for r in ranges:
            start = local(self._zone, self.days[index], r.start)
            end = local(self._zone, self.days[index], r.end)
            if start < end:
                yield start, end

    def opening(self, calendar: Calendar, origin: int) -> int:
        """The open minutes of ``calendar``; bit 0 is UTC minute ``origin``. Minutes before it are cut off."""
        known: dict[int, int] = {}  # by identity: a calendar returns the same few tuples for many days
        bits = 0
        for begin, end in self._blocks:
            parts: list[int] = []
            for day in self.days[begin:end]:
                ranges = calendar.ranges_on(day)
                part = known.get(id(ranges))
                if part is None:
                    part = known[id(ranges)] = _union((r.start, r.end) for r in ranges)
                parts.append(part)
            bits |= _shift(join(parts, DAY), self.midnights[begin] - origin)
        for index in self._changing:
            spans = self._exact(index, calendar.ranges_on(self.days[index]))
            bits |= _union((max(start - origin, 0), end - origin) for start, end in spans)
        return bits

    def pieces(self, index: int, start: int, end: int) -> Iterator[tuple[int, int, int]]:
        """Cut ``[start, end)`` of a day where the clock changes.

        Yields ``(start, end, wall)``: ``wall`` is the wall-clock minute at the piece's start, counted from the day's
        midnight. Inside a piece it increases by one each minute.
        """
        if self._regular[index]:
            yield start, end, start - self.midnights[index]
            return
        midnight = floor_minute(datetime.combine(self.days[index], time.min, UTC))
        while start < end:
            offset = self._offset(start)
            cut = self._change(start, end, offset)
            yield start, cut, start + offset - midnight
            start = cut

    def _offset(self, minute: int) -> int:
        offset = instant_of(minute).astimezone(self._zone).utcoffset()
        return 0 if offset is None else offset // MINUTE

    def _change(self, start: int, end: int, offset: int) -> int:
        """The first minute in ``(start, end)`` whose offset is another, else ``end``."""
        if self._offset(end - 1) == offset:
            return end
        same, other = start, end - 1
        while other - same > 1:
            middle = (same + other) // 2
            if self._offset(middle) == offset:
                same = middle
            else:
                other = middle
        return other


@lru_cache(maxsize=256)
def business_days(zone: ZoneInfo, first: date, last: date) -> BusinessDays:
    """``BusinessDays`` that are asked for again and again. They do not change."""
    return BusinessDays(zone, first, last)


def _union(ranges: Iterable[tuple[int, int]]) -> int:
    bits = 0
    for start, end in ranges:
        bits |= span(start, end)
    return bits


def _shift(bits: int, by: int) -> int:
    return bits << by if by >= 0 else bits >> -by
