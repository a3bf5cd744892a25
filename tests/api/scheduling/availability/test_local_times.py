"""Local times are written fast; they must be what the zone says, also where clocks change."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from api.v1.scheduling.availability.handlers import local_times
from domain.scheduling.availability.model import StartTable


@pytest.mark.parametrize(
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
@pytest.mark.parametrize("step", [15, 7, 60 * 24])
def test_they_are_what_the_zone_says(zone: str, first: datetime, step: int) -> None:
    minutes = list(range(30, 33 * 1440, step))
    table = StartTable(first, minutes, [1] * len(minutes))
    expected = [(first + timedelta(minutes=at)).astimezone(ZoneInfo(zone)).isoformat() for at in minutes]
    assert list(local_times(ZoneInfo(zone), table)) == expected


def test_no_start_is_no_time() -> None:
    assert list(local_times(ZoneInfo("Asia/Tokyo"), StartTable(datetime(2026, 11, 1, tzinfo=UTC), [], []))) == []
