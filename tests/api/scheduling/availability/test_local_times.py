"""Local times are written fast; they must be what the zone says, also where clocks change."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo, available_timezones

import orjson

from api.v1.scheduling.availability.handlers import starts_as_json
from domain.instants import text_at_venue
from domain.scheduling.availability.model import StartTable
from tests.support.cases import for_each


@for_each(
    ("zone", "first"),
    [
        ("Asia/Tokyo", datetime(2026, 11, 1, tzinfo=UTC)),
        ("Asia/Kathmandu", datetime(2026, 11, 1, tzinfo=UTC)),
        ("America/New_York", datetime(2026, 7, 1, 3, 45, tzinfo=UTC)),
        ("America/New_York", datetime(2026, 10, 20, tzinfo=UTC)),
        ("Europe/London", datetime(2026, 3, 10, tzinfo=UTC)),
        ("Australia/Lord_Howe", datetime(2026, 3, 20, tzinfo=UTC)),
        ("Africa/Casablanca", datetime(2026, 2, 14, tzinfo=UTC)),
    ],
)
@for_each("step", [15, 7, 60 * 24])
def test_starts_as_json_have_the_times_of_the_zone(zone: str, first: datetime, step: int) -> None:
    minutes = list(range(30, 33 * 1440, step))
    left = [minute % 17 + 1 for minute in minutes]
    expected = [
        {"start_at": text_at_venue(first + timedelta(minutes=at), zone), "left": number}
        for at, number in zip(minutes, left, strict=True)
    ]
    assert orjson.loads(starts_as_json(ZoneInfo(zone), StartTable.of(first, minutes, left))) == expected


def test_starts_as_json_is_empty_without_starts() -> None:
    nothing = StartTable.of(datetime(2026, 11, 1, tzinfo=UTC), [], [])
    assert starts_as_json(ZoneInfo("Asia/Tokyo"), nothing) == b"[]"


def test_starts_as_json_have_the_times_of_every_zone_around_a_clock_change() -> None:
    wrong, changes = [], 0
    for key in sorted(available_timezones()):
        zone = ZoneInfo(key)
        for change in clock_changes(zone, datetime(2026, 11, 29, tzinfo=UTC), days=2 * 365):
            changes += 1
            for first in (change - timedelta(hours=2), change, change + timedelta(hours=8)):
                minutes = list(range(0, 3 * 1440, 45))
                shown = _times(zone, StartTable.of(first, minutes, [1] * len(minutes)))
                expected = [text_at_venue(first + timedelta(minutes=at), zone) for at in minutes]
                if shown != expected:
                    wrong.append((key, first))
    assert changes > 0
    assert wrong == []


def _times(zone: ZoneInfo, starts: StartTable) -> list[str]:
    return [one["start_at"] for one in orjson.loads(starts_as_json(zone, starts))]


def clock_changes(zone: ZoneInfo, begin: datetime, days: int) -> list[datetime]:
    """The hours (UTC) in which the offset of ``zone`` changes, from ``begin`` on for ``days`` days."""
    found = []
    for number in range(days):
        day = begin + timedelta(days=number)
        if day.astimezone(zone).utcoffset() != (day + timedelta(days=1)).astimezone(zone).utcoffset():
            hours = [day + timedelta(hours=hour) for hour in range(25)]
            offsets = [hour.astimezone(zone).utcoffset() for hour in hours]
            found += [hours[n] for n in range(1, 25) if offsets[n] != offsets[n - 1]]
    return found
