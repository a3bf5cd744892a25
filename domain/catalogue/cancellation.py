"""What a cancellation or a no-show costs, and when a customer may move a booking.

A booking keeps the policy that the customer agreed to.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import pairwise
from typing import Any

from domain.errors import InvalidInput, Malformed
from domain.instants import as_utc
from domain.money import Money
from domain.payments.errors import AmountRefused

MAX_HOURS = 365 * 24
"""A tier is at most a year before the start."""


@dataclass(frozen=True, slots=True)
class Tier:
    """Up to ``hours_before`` the start (included), a cancellation costs ``penalty_percent`` of the price.

    Raises ``InvalidInput`` unless 0..8760 hours and 0..100 percent.
    """

    hours_before: int
    penalty_percent: int

    def __post_init__(self) -> None:
        if not 0 <= self.hours_before <= MAX_HOURS:
            raise InvalidInput.at("hours_before", "zero_to_one_year")
        if not 0 <= self.penalty_percent <= 100:
            raise InvalidInput.at("penalty_percent", "zero_to_hundred")


class PaidTierMove(StrEnum):
    """The effect of a customer's move while a cancellation would cost something."""

    #: The move is allowed. A later cancellation costs at least the penalty at the time of the move.
    KEEP_PENALTY = "keep_penalty"
    #: The move is refused. The customer may ask the business, or cancel.
    REFUSE = "refuse"


MAX_MOVES = 100
MAX_KEPT_DAYS = 730


@dataclass(frozen=True, slots=True)
class MoveRules:
    """When a customer may move a booking. The business may always move it.

    ``max_moves``: how often, None without a limit. ``hours_before``: not later than this before the start.
    ``penalty_kept_days``: how long the penalty of a move remains valid; None until the booking ends. Raises
    ``InvalidInput`` for a number out of range.
    """

    max_moves: int | None = 3
    hours_before: int = 0
    in_paid_tier: PaidTierMove = PaidTierMove.KEEP_PENALTY
    penalty_kept_days: int | None = None

    def __post_init__(self) -> None:
        if self.max_moves is not None and not 0 <= self.max_moves <= MAX_MOVES:
            raise InvalidInput.at("moves.max_moves", "zero_to_hundred")
        if not 0 <= self.hours_before <= MAX_HOURS:
            raise InvalidInput.at("moves.hours_before", "zero_to_one_year")
        if self.penalty_kept_days is not None and not 1 <= self.penalty_kept_days <= MAX_KEPT_DAYS:
            raise InvalidInput.at("moves.penalty_kept_days", "one_to_730")

    def to_json(self) -> dict[str, Any]:
        """The form in which policies and bookings store them."""
        return {
            "max_moves": self.max_moves,
            "hours_before": self.hours_before,
            "in_paid_tier": self.in_paid_tier.value,
            "penalty_kept_days": self.penalty_kept_days,
        }

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> "MoveRules":
        """Parse stored rules; a missing field has its default. Raises ``Malformed`` and ``InvalidInput``."""
        values = {name: stored[name] for name in ("max_moves", "hours_before", "penalty_kept_days") if name in stored}
        if any(number is not None and type(number) is not int for number in values.values()):
            raise Malformed({"field": "policy.moves", "rule": "whole_numbers"})
        try:
            in_paid_tier = PaidTierMove(stored.get("in_paid_tier", PaidTierMove.KEEP_PENALTY))
        except ValueError as error:
            raise Malformed({"field": "policy.moves", "rule": "shape"}) from error
        return cls(in_paid_tier=in_paid_tier, **values)


@dataclass(frozen=True, slots=True)
class Policy:
    """Tiers from the furthest from the start to the nearest, the no-show fee in percent of the price, and the rules for
    moves.

    Without tiers a cancellation is always free. Raises ``InvalidInput`` unless the hours strictly decrease and the
    percent is 0..100.
    """

    tiers: tuple[Tier, ...]
    no_show_percent: int
    moves: MoveRules = field(default_factory=MoveRules)

    def __post_init__(self) -> None:
        if any(later.hours_before >= earlier.hours_before for earlier, later in pairwise(self.tiers)):
            raise InvalidInput.at("tiers", "hours_descend")
        if not 0 <= self.no_show_percent <= 100:
            raise InvalidInput.at("no_show_percent", "zero_to_hundred")

    def to_json(self) -> dict[str, Any]:
        """The snapshot that a booking stores."""
        tiers = [{"hours_before": t.hours_before, "penalty_percent": t.penalty_percent} for t in self.tiers]
        return {"tiers": tiers, "no_show_percent": self.no_show_percent, "moves": self.moves.to_json()}

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> "Policy":
        """Parse a snapshot. Raises ``Malformed`` for a wrong shape and ``InvalidInput`` for wrong values."""
        try:
            rows = [(row["hours_before"], row["penalty_percent"]) for row in stored["tiers"]]
            no_show = stored["no_show_percent"]
            moves = MoveRules.from_json(stored.get("moves") or {})
        except (AttributeError, KeyError, TypeError) as error:
            raise Malformed({"field": "policy", "rule": "shape"}) from error
        if any(type(number) is not int for number in (no_show, *(n for row in rows for n in row))):
            raise Malformed({"field": "policy", "rule": "whole_numbers"})
        return cls(tuple(Tier(hours, percent) for hours, percent in rows), no_show, moves)


@dataclass(frozen=True, slots=True)
class Quote:
    """How much of the amount paid or authorized is charged and how much is refunded; the sum of both is that amount.

    ``percent`` is the policy's, even if less than that was paid. ``tier`` is None for a no-show and for a policy
    without tiers.
    """

    penalty: Money
    refund: Money
    percent: int
    tier: Tier | None


def tier_at(policy: Policy, starts_at: datetime, now: datetime) -> Tier | None:
    """The tier that applies at ``now``: the first whose time has not passed yet.

    If all have passed, the last one applies, because a business may not charge more than it announced. With the tiers
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

    With only 48 h → 0 % and 24 h → 50 %, a cancellation one hour before costs 50 %. Hours are elapsed time, also across
    a clock change.
    """
    left = as_utc(starts_at) - as_utc(now)
    for tier in policy.tiers:
        if left >= timedelta(hours=tier.hours_before):
            return tier
    return policy.tiers[-1] if policy.tiers else None


def penalty(
    policy: Policy, paid: Money, price: Money | None, starts_at: datetime, now: datetime, at_least: int = 0
) -> Quote:
    """What a cancellation at ``now`` costs, but ``at_least`` this many percent.

    ``paid``: what was paid or authorized online, less refunds. ``price``: the booking's price; None if it is what was
    paid. The penalty is the tier's percent of the price, rounded down so that the business never charges more than it
    announced, and at most what was paid. Raises ``CurrencyMismatch`` when paid and price have different currencies,
    ``AmountRefused`` for a negative amount.
    """
    tier = tier_at(policy, starts_at, now)
    return _quote(max(tier.penalty_percent if tier else 0, at_least), paid, price, tier)


def no_show_quote(policy: Policy, paid: Money, price: Money | None = None, at_least: int = 0) -> Quote:
    """What a no-show costs, but ``at_least`` this many percent; amounts and errors as for ``penalty``."""
    return _quote(max(policy.no_show_percent, at_least), paid, price, None)


def _quote(percent: int, paid: Money, price: Money | None, tier: Tier | None) -> Quote:
    base = paid if price is None else price
    if paid.amount < 0 or base.amount < 0:
        raise AmountRefused({"available": max(paid.amount, 0)})
    due = base.percent(percent)
    kept = due if due <= paid else paid
    return Quote(kept, paid - kept, percent, tier)
