"""The risk of a no-show: what it learns, how it explains itself, and its error."""

from datetime import UTC, datetime, timedelta
from random import Random

import pytest

from domain.analytics.no_shows import FEWEST, Fact, Visit, facts_of, learn, measure

NOW = datetime(2026, 11, 30, tzinfo=UTC)
DAY = timedelta(days=1)


def visit(days_ago: float = 10, was_missed: bool | None = False, **values: object) -> Visit:
    start_at = NOW - days_ago * DAY
    given = {"booked_at": start_at - 3 * DAY, "visits": 0, "missed": 0, "paid_online": False, "was_missed": was_missed}
    return Visit(**{"start_at": start_at, **given, **values})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({}, {Fact.FIRST_VISIT, Fact.BOOKED_WEEK_AHEAD, Fact.NOT_PAID_ONLINE}),
        ({"visits": 3}, {Fact.CAME_BEFORE, Fact.BOOKED_WEEK_AHEAD, Fact.NOT_PAID_ONLINE}),
        ({"visits": 3, "missed": 1}, {Fact.MISSED_BEFORE, Fact.BOOKED_WEEK_AHEAD, Fact.NOT_PAID_ONLINE}),
        ({"booked_at": NOW - 10.9 * DAY}, {Fact.FIRST_VISIT, Fact.BOOKED_SAME_DAY, Fact.NOT_PAID_ONLINE}),
        ({"booked_at": NOW - 17 * DAY}, {Fact.FIRST_VISIT, Fact.BOOKED_WEEK_AHEAD, Fact.NOT_PAID_ONLINE}),
        ({"booked_at": NOW - 17.1 * DAY}, {Fact.FIRST_VISIT, Fact.BOOKED_LONG_AHEAD, Fact.NOT_PAID_ONLINE}),
        ({"paid_online": True}, {Fact.FIRST_VISIT, Fact.BOOKED_WEEK_AHEAD, Fact.PAID_ONLINE}),
    ],
)
def test_facts_of_a_booking_are_one_of_each_kind(values: dict[str, object], expected: set[Fact]) -> None:
    assert set(facts_of(visit(**values))) == expected


def test_learn_needs_enough_visits_of_the_last_half_year() -> None:
    assert learn([visit(183)] * FEWEST + [visit()] * (FEWEST - 1), NOW) is None
    assert learn([visit(-1)] * FEWEST + [visit(was_missed=None)] * FEWEST, NOW) is None
    assert learn([visit()] * FEWEST, NOW) is not None


def test_risk_is_the_rate_times_the_factors_that_it_names() -> None:
    """Customers who missed a visit before miss every second one, the others one in twenty."""
    history = [visit(10, n % 2 == 0, missed=1) for n in range(200)] + [
        visit(10, n % 20 == 0, visits=1) for n in range(200)
    ]
    model = learn(history, NOW)
    assert model is not None
    careless, careful = visit(missed=1, was_missed=None), visit(visits=1, was_missed=None)
    assert model.risk(careless) == pytest.approx(0.48, abs=0.03)
    assert model.risk(careful) == pytest.approx(0.07, abs=0.03)
    assert model.reasons(careless)[0].fact is Fact.MISSED_BEFORE
    odds = model.rate / (1 - model.rate)
    for factor in model.reasons(careless):
        odds *= factor.odds
    assert model.risk(careless) == pytest.approx(odds / (1 + odds))


def test_risk_of_nobody_who_ever_missed_is_small_but_not_zero() -> None:
    model = learn([visit()] * 200, NOW)
    assert model is not None
    assert 0 < model.risk(visit()) < 0.01


def test_measure_beats_the_same_as_last_week_where_customers_differ() -> None:
    """Some customers miss often and others hardly ever: knowing which is better than the rate of last week."""
    random = Random(7)
    history = []
    for n in range(3000):
        careless = random.random() < 0.2
        missed = random.random() < (0.6 if careless else 0.04)
        history.append(visit(n % 150 + 0.5, missed, visits=2, missed=int(careless)))
    accuracy = measure(history, NOW)
    assert accuracy is not None
    assert accuracy.visits == 28 * 20
    assert accuracy.model < accuracy.same_as_last_week * 0.85


def test_measure_uses_nothing_of_the_measured_month() -> None:
    """Other outcomes in the last 28 days change the error, not the predictions: a month that is missed whole is far
    from what was known."""
    known = [visit(30 + n / 2, False) for n in range(100)]
    accuracy = measure([*known, *[visit(n + 0.5, True) for n in range(28)]], NOW)
    assert accuracy is not None
    assert accuracy.model > 0.97
    assert measure(known, NOW) is None
