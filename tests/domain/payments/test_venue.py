"""Money at the venue: how much may be taken, how it is corrected, and on which day it counts."""

from dataclasses import replace
from datetime import UTC, date, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.booking_status import BookingStatus
from domain.errors import CurrencyMismatch, DomainError, RuleBroken, WrongState
from domain.money import Money
from domain.payments.errors import AmountRefused
from domain.payments.venue import (
    VenueFacts,
    VenueKind,
    amount_to_return,
    amount_to_take,
    corrected_amount,
    documented_as_note,
    expected_cash,
    require_documented,
    till_day,
    till_of_correction,
)

B = BookingStatus
TAKER, CORRECTOR = UUID(int=1), UUID(int=2)
FACTS = VenueFacts(B.CHECKED_IN, 6600, "JPY", online=1320)


@pytest.mark.parametrize("status", B)
def test_amount_to_take_is_what_is_left_of_a_visit(status: BookingStatus) -> None:
    facts = replace(FACTS, booking_status=status)
    if status in {B.CONFIRMED, B.CHECKED_IN, B.COMPLETED}:
        assert amount_to_take(facts, None) == 5280
        return
    with pytest.raises(WrongState):
        amount_to_take(facts, None)


@pytest.mark.parametrize(
    ("asked", "facts"),
    [
        (Money(5281), FACTS),
        (Money(0), FACTS),
        (None, replace(FACTS, online=6600)),
        (Money(1), replace(FACTS, paid=5280)),
    ],
)
def test_amount_to_take_takes_nothing_twice(asked: Money | None, facts: VenueFacts) -> None:
    with pytest.raises(AmountRefused):
        amount_to_take(facts, asked)


@pytest.mark.parametrize("status", B)
def test_amount_to_return_is_at_most_what_was_paid_at_the_venue(status: BookingStatus) -> None:
    facts = replace(FACTS, booking_status=status, paid=3000)
    assert amount_to_return(facts, None) == 3000
    assert amount_to_return(facts, Money(1000)) == 1000
    with pytest.raises(AmountRefused):
        amount_to_return(facts, Money(3001))
    with pytest.raises(AmountRefused):
        amount_to_return(replace(facts, paid=0), None)


def test_amounts_at_the_venue_need_the_currency_and_an_open_till() -> None:
    for rule in (amount_to_take, amount_to_return):
        with pytest.raises(CurrencyMismatch):
            rule(replace(FACTS, paid=100), Money(100, "USD"))
        with pytest.raises(RuleBroken, match="till_closed"):
            rule(replace(FACTS, paid=100, is_till_closed=True), Money(100))
    with pytest.raises(CurrencyMismatch):
        corrected_amount(FACTS, 100, Money(100, "USD"))


@pytest.mark.parametrize(
    ("paid", "entry", "right", "amount"),
    [
        (5000, 5000, 500, 500),
        (5000, 5000, 0, 0),
        (5000, 5000, 5280, 5280),
        (5000, 5000, 5281, None),
        (3000, 5000, 1000, None),
        (3000, -2000, 5000, -5000),
        (3000, -2000, 5001, None),
        (3000, -2000, 0, 0),
    ],
)
def test_corrected_amount_keeps_the_booking_between_nothing_and_its_price(
    paid: int, entry: int, right: int, amount: int | None
) -> None:
    facts = replace(FACTS, paid=paid)
    if amount is None:
        with pytest.raises(AmountRefused):
            corrected_amount(facts, entry, Money(right))
        return
    assert corrected_amount(facts, entry, Money(right)) == amount


@given(
    st.integers(0, 9000),
    st.lists(st.tuples(st.sampled_from(["take", "return", "correct"]), st.integers(0, 9000), st.integers(0, 9))),
)
def test_amounts_at_the_venue_never_add_up_to_more_than_the_price(
    online: int, steps: list[tuple[str, int, int]]
) -> None:
    entries: list[int] = []
    for kind, amount, which in steps:
        facts = replace(FACTS, online=online, paid=sum(entries))
        try:
            if kind == "take":
                entries.append(amount_to_take(facts, Money(amount)))
            elif kind == "return":
                entries.append(-amount_to_return(facts, Money(amount)))
            elif entries:
                old = entries.pop(which % len(entries))
                entries.append(old)
                right = corrected_amount(facts, old, Money(amount))
                entries[-1] = right
        except DomainError:
            continue
        assert 0 <= sum(entries) <= max(0, 6600 - online)
    assert expected_cash(100, entries) == 100 + sum(entries)


@pytest.mark.parametrize(
    ("is_same_day", "is_till_closed", "person"),
    [(True, False, TAKER), (True, True, CORRECTOR), (False, False, CORRECTOR), (False, True, CORRECTOR)],
)
def test_till_of_correction_is_that_of_who_took_the_cash_while_it_is_open(
    is_same_day: bool, is_till_closed: bool, person: UUID
) -> None:
    assert till_of_correction(CORRECTOR, TAKER, is_same_day, is_till_closed) == person


@pytest.mark.parametrize(
    ("now", "zone", "day"),
    [
        ("2026-11-24T19:59:00", "Asia/Tokyo", date(2026, 11, 24)),
        ("2026-11-24T20:00:00", "Asia/Tokyo", date(2026, 11, 25)),
        ("2026-11-24T15:00:00", "Asia/Tokyo", date(2026, 11, 24)),
        ("2026-03-29T02:59:00", "Europe/Berlin", date(2026, 3, 28)),
        ("2026-03-29T03:00:00", "Europe/Berlin", date(2026, 3, 29)),
    ],
)
def test_till_day_begins_at_five_on_the_wall_clock(now: str, zone: str, day: date) -> None:
    assert till_day(datetime.fromisoformat(now).replace(tzinfo=UTC), ZoneInfo(zone)) == day


@pytest.mark.parametrize(
    ("kind", "amount", "is_reversed", "is_issued", "allowed"),
    [
        (VenueKind.PAYMENT, 5000, False, False, True),
        (VenueKind.PAYMENT, 5000, True, False, False),
        (VenueKind.REFUND, -2000, False, False, True),
        (VenueKind.REFUND, -2000, True, False, False),
        (VenueKind.REVERSAL, -5000, False, True, True),
        (VenueKind.REVERSAL, -5000, False, False, False),
        (VenueKind.REVERSAL, 2000, False, True, False),
        (VenueKind.REVERSAL, 1, False, True, False),
    ],
)
def test_require_documented_takes_what_is_true_and_corrections_of_what_was_said(
    kind: VenueKind, amount: int, is_reversed: bool, is_issued: bool, allowed: bool
) -> None:
    if allowed:
        require_documented(kind, amount, is_reversed=is_reversed, is_original_issued=is_issued)
        return
    with pytest.raises(WrongState):
        require_documented(kind, amount, is_reversed=is_reversed, is_original_issued=is_issued)


@pytest.mark.parametrize(
    ("kind", "amount", "is_note"),
    [
        (VenueKind.PAYMENT, 1, False),
        (VenueKind.REFUND, -1, True),
        (VenueKind.REVERSAL, -1, True),
        (VenueKind.REVERSAL, 1, False),
    ],
)
def test_documented_as_note_is_what_gives_money_back(kind: VenueKind, amount: int, is_note: bool) -> None:
    assert documented_as_note(kind, amount) is is_note


def test_facts_without_money_have_all_of_the_price_left() -> None:
    facts = VenueFacts(B.CHECKED_IN, 6600, "JPY")
    assert (facts.online, facts.paid, facts.left) == (0, 0, 6600)


@pytest.mark.parametrize(
    ("facts", "entry", "right", "available"),
    [
        (replace(FACTS, paid=5000), 5000, 5281, 5280),
        (replace(FACTS, paid=5000, online=7000), 5000, 1, 0),
        (replace(FACTS, paid=3000), -2000, 5001, 5000),
        (replace(FACTS, paid=1), 1, -1, 5280),
    ],
)
def test_corrected_amount_says_what_would_be_possible(
    facts: VenueFacts, entry: int, right: int, available: int
) -> None:
    with pytest.raises(AmountRefused) as refused:
        corrected_amount(facts, entry, Money(right))
    assert refused.value.details["available"] == available


def test_amounts_at_the_venue_may_be_one_yen() -> None:
    assert amount_to_take(FACTS, Money(1)) == 1
    assert amount_to_return(replace(FACTS, paid=1), Money(1)) == 1
    assert corrected_amount(replace(FACTS, paid=1), 1, Money(2)) == 2
    assert corrected_amount(replace(FACTS, paid=4), -1, Money(2)) == -2
