"""Instants in UTC."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from pydantic_core import to_json

from domain.instants import as_utc, text_at_venue


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


@pytest.mark.parametrize(
    "zone",
    ["UTC", "Europe/London", "Africa/Abidjan", "Asia/Tokyo", "Asia/Kathmandu", "America/St_Johns", "Asia/Riyadh"],
)
@pytest.mark.parametrize("month", [1, 7])
def test_text_at_venue_has_the_form_of_the_answers(zone: str, month: int) -> None:
    """A start of a list and the same start of a booking are the same text, also where the offset is zero."""
    instant = datetime(2027, month, 5, 9, 30, tzinfo=UTC)
    assert to_json(instant.astimezone(ZoneInfo(zone))).decode().strip('"') == text_at_venue(instant, zone)
    assert datetime.fromisoformat(text_at_venue(instant, zone)) == instant
