"""Provisional bookings: the deadline for the customer's answer, and what the hold waits for."""

from datetime import UTC, datetime, timedelta

import pytest

from domain.booking_status import BookingStatus
from domain.bookings.hold import terms
from domain.bookings.provisional import DEFAULT, SHORTEST, answer_deadline
from domain.errors import InvalidInput
from domain.money import Money
from domain.payments.dues import Dues
from domain.payments.status import PaymentMode

NOW = datetime(2026, 11, 18, 3, tzinfo=UTC)
HOUR, SECOND = timedelta(hours=1), timedelta(seconds=1)
START = NOW + 72 * HOUR
FREE, PRICE = Money(0, "JPY"), Money(6600, "JPY")
ONLINE = Dues(PRICE, PRICE, FREE, PaymentMode.PREPAY)


def test_answer_deadline_is_as_late_as_possible_where_staff_choose_none() -> None:
    assert answer_deadline(None, DEFAULT, START, NOW) == NOW + 24 * HOUR
    assert answer_deadline(None, DEFAULT, NOW + HOUR, NOW) == NOW + HOUR, "never after the start"


@pytest.mark.parametrize("asked", [NOW + SHORTEST, NOW + 3 * HOUR, NOW + 24 * HOUR])
def test_answer_deadline_takes_what_staff_choose_within_the_bounds(asked: datetime) -> None:
    assert answer_deadline(asked, DEFAULT, START, NOW) == asked


@pytest.mark.parametrize(
    ("asked", "start_at", "rule"),
    [
        (NOW + SHORTEST - SECOND, START, "answer_too_soon"),
        (NOW - HOUR, START, "answer_too_soon"),
        (NOW + 24 * HOUR + SECOND, START, "answer_too_late"),
        (NOW + 2 * HOUR, NOW + 2 * HOUR - SECOND, "answer_after_start"),
    ],
)
def test_answer_deadline_refuses_what_is_out_of_bounds(asked: datetime, start_at: datetime, rule: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        answer_deadline(asked, DEFAULT, start_at, NOW)
    assert refused.value.details == {"fields": [{"field": "answer_by", "rule": rule}]}


@pytest.mark.parametrize("dues", [ONLINE, ONLINE.without_online()])
def test_terms_of_a_provisional_booking_wait_until_its_deadline(dues: Dues) -> None:
    until = NOW + 5 * HOUR
    held = terms(dues, False, NOW, START, timedelta(minutes=10), timedelta(days=1), answer_by=until)
    assert (held.status, held.hold_expires_at) == (BookingStatus.PENDING, until)
    assert held.proof_deadline == (None if dues.online else until), "a payment is the answer where one is asked for"
