"""What cancelling and not coming cost, to the second and to the yen."""

import json
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.catalogue.cancellation import Policy, Tier, no_show_quote, penalty, tier_at
from domain.errors import CurrencyMismatch, InvalidInput, Malformed
from domain.money import Money
from domain.payments.errors import AmountRefused

STARTS = datetime(2026, 6, 10, 3, tzinfo=UTC)
USUAL = Policy((Tier(48, 0), Tier(24, 50), Tier(0, 100)), 100)
HALF_AT_MOST = Policy((Tier(48, 0), Tier(24, 50)), 80)
NO_TIERS = Policy((), 100)
SECOND = timedelta(seconds=1)


def hours(count: int) -> timedelta:
    return timedelta(hours=count)


@pytest.mark.parametrize(
    ("policy", "left", "percent"),
    [
        (USUAL, hours(1000), 0),
        (USUAL, hours(48) + SECOND, 0),
        (USUAL, hours(48), 0),
        (USUAL, hours(48) - SECOND, 50),
        (USUAL, hours(48) - timedelta(microseconds=1), 50),
        (USUAL, hours(24) + SECOND, 50),
        (USUAL, hours(24), 50),
        (USUAL, hours(24) - SECOND, 100),
        (USUAL, SECOND, 100),
        (USUAL, hours(0), 100),
        (USUAL, -SECOND, 100),
        (USUAL, -hours(5), 100),
        (HALF_AT_MOST, hours(48), 0),
        (HALF_AT_MOST, hours(24), 50),
        (HALF_AT_MOST, hours(24) - SECOND, 50),
        (HALF_AT_MOST, -hours(1), 50),
        (Policy((Tier(24, 0),), 0), hours(1), 0),
        (Policy((Tier(0, 30),), 0), hours(1), 30),
    ],
)
def test_tier_in_force(policy: Policy, left: timedelta, percent: int) -> None:
    quote = penalty(policy, Money(10_000), None, STARTS, STARTS - left)
    assert (quote.percent, quote.penalty.amount) == (percent, percent * 100)
    assert quote.tier is not None
    assert quote.tier == tier_at(policy, STARTS, STARTS - left)
    assert quote.tier.penalty_percent == percent


def test_cancellation_without_tiers_is_free() -> None:
    quote = penalty(NO_TIERS, Money(5_000), None, STARTS, STARTS)
    assert (quote.penalty, quote.refund, quote.percent, quote.tier) == (Money(0), Money(5_000), 0, None)


def test_hours_are_elapsed_time_over_a_clock_change() -> None:
    london = ZoneInfo("Europe/London")
    starts = datetime(2026, 3, 29, 12, tzinfo=london)
    wall_clock_day_before = datetime(2026, 3, 28, 12, tzinfo=london)  # 23 hours before
    assert penalty(USUAL, Money(100), None, starts, wall_clock_day_before).percent == 100
    assert penalty(USUAL, Money(100), None, starts, wall_clock_day_before - hours(1)).percent == 50


@pytest.mark.parametrize(
    ("paid", "price", "kept"),
    [
        (10_000, 10_000, 5_000),
        (3_000, 10_000, 3_000),  # a deposit smaller than the penalty: never more than was paid
        (5_000, 10_000, 5_000),
        (6_000, 10_000, 5_000),
        (0, 10_000, 0),
        (10_000, None, 5_000),
        (999, 999, 499),  # 499.5, rounded down
        (1, 1, 0),
        (500, 0, 0),
    ],
)
def test_percent_of_the_price_and_at_most_what_was_paid(paid: int, price: int | None, kept: int) -> None:
    full = None if price is None else Money(price)
    quote = penalty(USUAL, Money(paid), full, STARTS, STARTS - hours(30))
    assert (quote.penalty, quote.refund) == (Money(kept), Money(paid - kept))


def test_no_show_costs_its_own_percent() -> None:
    quote = no_show_quote(HALF_AT_MOST, Money(9_999))
    assert (quote.penalty, quote.refund, quote.percent, quote.tier) == (Money(7_999), Money(2_000), 80, None)
    assert no_show_quote(HALF_AT_MOST, Money(1_000), Money(9_999)).penalty == Money(1_000)


tiers = st.dictionaries(st.integers(0, 8760), st.integers(0, 100), max_size=6).map(
    lambda found: tuple(Tier(hours, found[hours]) for hours in sorted(found, reverse=True))
)
policies = st.builds(Policy, tiers, st.integers(0, 100))


@given(policies, st.integers(0, 10**9), st.integers(0, 10**9), st.integers(-(10**7), 4 * 10**7))
def test_cancellation_shares_add_up_to_the_amount(policy: Policy, paid: int, price: int, left: int) -> None:
    quote = penalty(policy, Money(paid), Money(price), STARTS, STARTS - timedelta(seconds=left))
    assert quote.penalty + quote.refund == Money(paid)
    assert 0 <= quote.penalty.amount <= paid
    assert quote.penalty.amount * 100 <= price * quote.percent
    not_passed = [tier for tier in policy.tiers if tier.hours_before * 3600 <= left]
    expected = not_passed[0] if not_passed else (policy.tiers[-1] if policy.tiers else None)
    assert quote.tier == expected


@given(policies)
def test_snapshot_comes_back_through_json(policy: Policy) -> None:
    assert Policy.from_json(json.loads(json.dumps(policy.to_json()))) == policy


def test_snapshots_shape() -> None:
    assert HALF_AT_MOST.to_json() == {
        "tiers": [
            {"hours_before": 48, "penalty_percent": 0},
            {"hours_before": 24, "penalty_percent": 50},
        ],
        "no_show_percent": 80,
        "moves": {"max_moves": 3, "hours_before": 0, "in_paid_tier": "keep_penalty", "penalty_kept_days": None},
    }


@pytest.mark.parametrize(
    "stored",
    [
        {},
        {"tiers": []},
        {"tiers": [{"hours_before": 1}], "no_show_percent": 0},
        {"tiers": [3], "no_show_percent": 0},
        {"tiers": None, "no_show_percent": 0},
        {"tiers": [], "no_show_percent": "5"},
        {"tiers": [], "no_show_percent": True},
        {"tiers": [{"hours_before": 1.5, "penalty_percent": 0}], "no_show_percent": 0},
        {"tiers": [{"hours_before": 1, "penalty_percent": None}], "no_show_percent": 0},
    ],
)
def test_snapshot_of_another_shape_is_malformed(stored: dict) -> None:
    with pytest.raises(Malformed):
        Policy.from_json(stored)


@pytest.mark.parametrize(("hours_before", "percent"), [(-1, 0), (8761, 0), (0, -1), (0, 101)])
def test_tier_out_of_bounds_is_refused(hours_before: int, percent: int) -> None:
    with pytest.raises(InvalidInput):
        Tier(hours_before, percent)


@pytest.mark.parametrize("order", [(24, 48), (24, 24), (48, 0, 24)])
def test_tiers_must_descend_and_differ(order: tuple[int, ...]) -> None:
    with pytest.raises(InvalidInput):
        Policy(tuple(Tier(hours, 0) for hours in order), 0)


@pytest.mark.parametrize("percent", [-1, 101])
def test_no_show_percent_out_of_bounds_is_refused(percent: int) -> None:
    with pytest.raises(InvalidInput):
        Policy((), percent)


def test_amounts_of_two_currencies_are_refused() -> None:
    with pytest.raises(CurrencyMismatch):
        penalty(USUAL, Money(1, "JPY"), Money(1, "USD"), STARTS, STARTS)


@pytest.mark.parametrize(("paid", "price"), [(-1, 1), (1, -1)])
def test_negative_amounts_are_refused(paid: int, price: int) -> None:
    with pytest.raises(AmountRefused):
        penalty(USUAL, Money(paid), Money(price), STARTS, STARTS)
