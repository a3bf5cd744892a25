"""Instants in UTC."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from domain.instants import as_utc


def test_as_utc_keeps_the_instant_across_a_clock_change() -> None:
    """Two times of one zone are compared by their wall clocks; in UTC they are compared as instants."""
    london = ZoneInfo("Europe/London")
    first = datetime(2026, 10, 25, 1, 30, tzinfo=london)
    again = datetime(2026, 10, 25, 1, 10, tzinfo=london, fold=1)
    assert as_utc(first).tzinfo is UTC
    assert as_utc(again) - as_utc(first) == timedelta(minutes=40)


def test_as_utc_refuses_a_naive_time() -> None:
    with pytest.raises(ValueError, match="naive"):
        as_utc(datetime(2026, 6, 1))  # noqa: DTZ001
