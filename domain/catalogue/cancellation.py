"""What a cancellation or a no-show costs. A booking keeps the policy that was in force when the customer agreed."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

from domain.errors import AmountRefused, InvalidInput, Malformed
from domain.intervals import as_utc
from domain.money import Money

MAX_HOURS = 365 * 24
"""A tier lies at most a year before the start."""


@dataclass(frozen=True, slots=True)
class Tier:
    """Until ``hours_before`` the start, that moment included, a cancellation costs ``penalty_percent`` of the price.

    Raises ``InvalidInput`` unless 0..8760 hours and 0..100 percent.
    """

    hours_before: int
    penalty_percent: int

    def __post_init__(self) -> None:
        if not 0 <= self.hours_before <= MAX_HOURS:
            raise InvalidInput.at("hours_before", "zero_to_one_year")
        if not 0 <= self.penalty_percent <= 100:
            raise InvalidInput.at("penalty_percent", "zero_to_hundred")


@dataclass(frozen=True, slots=True)
class Policy:
    """Tiers from the furthest from the start to the nearest, and the percent of the price that a no-show costs.

    Without tiers a cancellation is free at any time. Raises ``InvalidInput`` unless the hours strictly descend and
    the percent is 0..100.
    """

    tiers: tuple[Tier, ...]
    no_show_percent: int

    def __post_init__(self) -> None:
        if any(later.hours_before >= earlier.hours_before for earlier, later in pairwise(self.tiers)):
            raise InvalidInput.at("tiers", "hours_descend")
        if not 0 <= self.no_show_percent <= 100:
            raise InvalidInput.at("no_show_percent", "zero_to_hundred")

    def to_json(self) -> dict[str, Any]:
        """The snapshot that a booking stores."""
        tiers = [{"hours_before": t.hours_before, "penalty_percent": t.penalty_percent} for t in self.tiers]
        return {"tiers": tiers, "no_show_percent": self.no_show_percent}

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> "Policy":
        """Read a snapshot. Raises ``Malformed`` for a wrong shape and ``InvalidInput`` for wrong values."""
        try:
            rows = [(row["hours_before"], row["penalty_percent"]) for row in stored["tiers"]]
            no_show = stored["no_show_percent"]
        except (KeyError, TypeError) as error:
            raise Malformed({"field": "policy", "rule": "shape"}) from error
        if any(type(number) is not int for number in (no_show, *(n for row in rows for n in row))):
            raise Malformed({"field": "policy", "rule": "whole_numbers"})
        return cls(tuple(Tier(hours, percent) for hours, percent in rows), no_show)


@dataclass(frozen=True, slots=True)
class Quote:
    """What is kept and what goes back of the amount paid or authorised; the two add up to it.

    ``percent`` is what the policy says, also where less than that was paid. ``tier`` is None for a no-show and for a
    policy without tiers.
    """

    penalty: Money
    refund: Money
    percent: int
    tier: Tier | None


def tier_at(policy: Policy, starts_at: datetime, now: datetime) -> Tier | None:
    """The nearest tier not yet passed at ``now``: the one with the most hours that are still left.

    When even the last tier is passed, that one stays: a business charges no more than it announced. With the tiers
    48 h → 0 %, 24 h → 50 %, 0 h → 100 %:

    ===================  =========
    left until start     penalty
    ===================  =========
    48 h 0 s and more    0 %
    47 h 59 min 59 s     50 %
    24 h 0 s             50 %
    23 h 59 min 59 s     100 %
    0 s                  100 %
    already started      100 %
    ===================  =========

    With 48 h → 0 %, 24 h → 50 % alone, a cancellation one hour before costs 50 %. Hours are elapsed time, also over a
    clock change.
    """
    left = as_utc(starts_at) - as_utc(now)
    for tier in policy.tiers:
        if left >= timedelta(hours=tier.hours_before):
            return tier
    return policy.tiers[-1] if policy.tiers else None


def penalty(policy: Policy, paid: Money, price: Money | None, starts_at: datetime, now: datetime) -> Quote:
    """What a cancellation at ``now`` costs.

    ``paid``: what was paid or authorised online, refunds already taken off. ``price``: the booking's price; None where
    it is what was paid. The penalty is the tier's percent of the price, rounded down so that the business never
    charges a fraction it did not announce, and at most what was paid. Raises ``CurrencyMismatch`` when paid and price
    differ in currency, ``AmountRefused`` for a negative amount.
    """
    tier = tier_at(policy, starts_at, now)
    return _quote(tier.penalty_percent if tier else 0, paid, price, tier)


def no_show_quote(policy: Policy, paid: Money, price: Money | None = None) -> Quote:
    """What not coming costs; amounts and errors as for ``penalty``."""
    return _quote(policy.no_show_percent, paid, price, None)


def _quote(percent: int, paid: Money, price: Money | None, tier: Tier | None) -> Quote:
    base = paid if price is None else price
    if paid.amount < 0 or base.amount < 0:
        raise AmountRefused({"available": max(paid.amount, 0)})
    due = base.percent(percent)
    kept = due if due <= paid else paid
    return Quote(kept, paid - kept, percent, tier)
