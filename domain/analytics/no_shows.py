"""How likely it is that the customer of a booking does not come.

The model: the business's own rate of no-shows as odds, multiplied by one factor for each fact of the booking. A factor
says how many times as often, in odds, bookings with this fact were missed as bookings on average; it is drawn towards 1
where there were few of them. Facts are taken as independent of each other, so that a person can follow the arithmetic.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

#: Visits of this time before now teach the model.
LEARN_FROM = timedelta(weeks=26)
#: The visits of this time are predicted from what was known before them, to measure the error.
MEASURED = timedelta(days=28)
#: The baseline predicts them with the rate of the last week before them.
BASELINE = timedelta(days=7)
#: A fact with as many visits as this counts half.
PRIOR = 20
#: Without so many visits there is no model.
FEWEST = 30
DECIMALS = 4


class Fact(StrEnum):
    """What the model looks at."""

    FIRST_VISIT = "first_visit"
    CAME_BEFORE = "came_before"
    MISSED_BEFORE = "missed_before"
    BOOKED_SAME_DAY = "booked_same_day"
    BOOKED_WEEK_AHEAD = "booked_week_ahead"
    BOOKED_LONG_AHEAD = "booked_long_ahead"
    PAID_ONLINE = "paid_online"
    NOT_PAID_ONLINE = "not_paid_online"


@dataclass(frozen=True, slots=True)
class Visit:
    """A booking as the model sees it; times are aware. ``visits`` and ``missed``: how often this customer came, or did
    not come, before it. ``was_missed``: None while the visit has not ended."""

    start_at: datetime
    booked_at: datetime
    visits: int
    missed: int
    paid_online: bool
    was_missed: bool | None = None


@dataclass(frozen=True, slots=True)
class Factor:
    """``odds``: 2 doubles the odds of a no-show, 0.5 halves them; ``visits``: on how many visits it rests."""

    fact: Fact
    odds: float
    visits: int


@dataclass(frozen=True, slots=True)
class Model:
    """``rate``: the business's share of no-shows. ``visits``: how many visits it rests on."""

    rate: float
    visits: int
    factors: Mapping[Fact, Factor]

    def risk(self, visit: Visit) -> float:
        """The probability of a no-show, from 0 to 1."""
        odds = self.rate / (1 - self.rate)
        for factor in self.reasons(visit):
            odds *= factor.odds
        return odds / (1 + odds)

    def reasons(self, visit: Visit) -> Sequence[Factor]:
        """The factors of the booking's facts, the strongest first."""
        found = [self.factors[fact] for fact in facts_of(visit) if fact in self.factors]
        return sorted(found, key=lambda factor: max(factor.odds, 1 / factor.odds), reverse=True)


@dataclass(frozen=True, slots=True)
class Accuracy:
    """Mean squared errors of the predicted probabilities (Brier scores) over the visits of the last 28 days; smaller is
    better. ``model`` used only what was known before them; ``same_as_last_week`` predicts for each of them the rate
    of the week before."""

    model: float
    same_as_last_week: float
    visits: int


def facts_of(visit: Visit) -> tuple[Fact, Fact, Fact]:
    """One fact about the customer, one about the time between booking and visit, and one about the money."""
    customer = Fact.CAME_BEFORE if visit.visits else Fact.FIRST_VISIT
    if visit.missed:
        customer = Fact.MISSED_BEFORE
    ahead = visit.start_at - visit.booked_at
    if ahead < timedelta(days=1):
        lead = Fact.BOOKED_SAME_DAY
    else:
        lead = Fact.BOOKED_WEEK_AHEAD if ahead <= timedelta(days=7) else Fact.BOOKED_LONG_AHEAD
    return customer, lead, Fact.PAID_ONLINE if visit.paid_online else Fact.NOT_PAID_ONLINE


def learn(visits: Iterable[Visit], now: datetime) -> Model | None:
    """The model from the visits that ended in the 26 weeks before ``now``; None where they are fewer than 30."""
    known = [one for one in visits if one.was_missed is not None and now - LEARN_FROM <= one.start_at < now]
    if len(known) < FEWEST:
        return None
    rate = _rate(known)
    total: Counter[Fact] = Counter()
    missed: Counter[Fact] = Counter()
    for one in known:
        facts = facts_of(one)
        total.update(facts)
        if one.was_missed:
            missed.update(facts)
    factors = {fact: _factor(fact, missed[fact], total[fact], rate) for fact in Fact if total[fact]}
    return Model(rate, len(known), factors)


def measure(visits: Sequence[Visit], now: datetime) -> Accuracy | None:
    """The error over the visits of the last 28 days; None where nothing was known before them or none of them ended."""
    start = now - MEASURED
    model = learn(visits, start)
    week = [one for one in visits if one.was_missed is not None and start - BASELINE <= one.start_at < start]
    ended = [one for one in visits if one.was_missed is not None and start <= one.start_at < now]
    if model is None or not week or not ended:
        return None
    naive = sum(bool(one.was_missed) for one in week) / len(week)
    errors = [((model.risk(one) - bool(one.was_missed)) ** 2, (naive - bool(one.was_missed)) ** 2) for one in ended]
    own, same = (round(sum(column) / len(ended), DECIMALS) for column in zip(*errors, strict=True))
    return Accuracy(own, same, len(ended))


def _rate(known: Sequence[Visit]) -> float:
    """Neither 0 nor 1: as if one visit more had been missed by half."""
    return (sum(bool(one.was_missed) for one in known) + 0.5) / (len(known) + 1)


def _factor(fact: Fact, missed: int, total: int, rate: float) -> Factor:
    drawn = (missed + PRIOR * rate) / (total + PRIOR)
    return Factor(fact, (drawn / (1 - drawn)) / (rate / (1 - rate)), total)
