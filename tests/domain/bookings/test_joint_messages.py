"""One message about several bookings: what it says after each of them was added."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

from hypothesis import given
from hypothesis import strategies as st

from domain.bookings.joint_messages import ChangedBooking, first_of, joined

START = datetime(2026, 12, 1, 1, tzinfo=UTC)
HOUR, WEEK = timedelta(hours=1), timedelta(weeks=1)


def changed(week: int, by: timedelta = HOUR) -> ChangedBooking:
    start = START + week * WEEK
    return ChangedBooking(uuid4(), start + by, start + by + HOUR, 1, start)


@given(st.permutations(range(5)))
def test_bookings_are_listed_by_their_starts_in_whatever_order_they_changed(order: list[int]) -> None:
    bookings = [changed(week) for week in range(5)]
    facts: dict[str, object] = {}
    for number in order:
        facts = joined(facts, {"by_business": True, "old_start": bookings[number].old_start}, bookings[number])
    assert facts["series"] == [one.listed() for one in bookings]
    assert first_of(facts) == bookings[0].booking_id
    assert facts["old_start"] == START.isoformat()
    assert facts["by_business"] is True


def test_amounts_are_summed() -> None:
    facts: dict[str, object] = {}
    for penalty, refund in ((100, 900), (0, 1000), (500, 500)):
        one = ChangedBooking(uuid4(), START, START + HOUR, 0)
        facts = joined(facts, {"penalty": penalty, "refund": refund, "release": 0, "currency": "JPY"}, one)
    assert (facts["penalty"], facts["refund"], facts["release"], facts["currency"]) == (600, 2400, 0, "JPY")
    assert "old_start" not in facts


def test_message_without_amounts_gets_none() -> None:
    facts = joined({}, {"by_business": False}, changed(0))
    assert {"penalty", "refund", "release"}.isdisjoint(facts)
