"""How long an offer of another time stands."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.scheduling.reaccommodation import deadlines

NOW = datetime(2026, 11, 24, 3, 0, tzinfo=UTC)
H = timedelta(hours=1)


@pytest.mark.parametrize(
    ("start", "decide_by", "remind_at"),
    [
        (240 * H, 48 * H, 36 * H),
        (54 * H, 48 * H, 36 * H),
        (30 * H, 24 * H, 12 * H),
        (16 * H, 10 * H, 5 * H),  # half-way: twelve hours before would be now
        (7.5 * H, 1.5 * H, None),
        (3 * H, 1 * H, None),  # at least an hour
        (0.5 * H, 0.5 * H, None),  # never past the start
    ],
)
def test_deadlines(start: timedelta, decide_by: timedelta, remind_at: timedelta | None) -> None:
    times = deadlines(NOW, NOW + start)
    assert times.decide_by == NOW + decide_by
    assert times.remind_at == (None if remind_at is None else NOW + remind_at)


@given(st.timedeltas(timedelta(minutes=1), timedelta(days=400)))
def test_times_are_now_then_reminder_then_deadline_then_start(ahead: timedelta) -> None:
    times = deadlines(NOW, NOW + ahead)
    assert NOW < times.decide_by <= NOW + ahead
    if times.remind_at is not None:
        assert NOW < times.remind_at < times.decide_by
