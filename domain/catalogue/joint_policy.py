"""One cancellation policy for a booking of several services that have different ones.

Each service weighs as much as its price: where a cut for 4,000 yen costs 50 % at a moment and a colour for 8,000 yen
costs 20 %, cancelling both costs 3,600 of 12,000 yen, which is 30 %. The percent is rounded down, so that a customer
never pays more than for each service alone. Of the rules for moves, the stricter one holds.
"""

from collections.abc import Callable, Sequence

from domain.catalogue.cancellation import MoveRules, PaidTierMove, Policy, Tier

Part = tuple[int, Policy]
"""The price of a service in minor units, and its policy."""


def joint_policy(parts: Sequence[Part]) -> Policy:
    """The policy of a booking of these services (at least one). Services with the same policy keep it as it is."""
    first = parts[0][1]
    if all(policy == first for _, policy in parts):
        return first
    hours = sorted({tier.hours_before for _, policy in parts for tier in policy.tiers}, reverse=True)
    tiers = tuple(Tier(at, _weighted(parts, lambda policy, at=at: _percent_at(policy, at))) for at in hours)  # type: ignore[misc]
    return Policy(tiers, _weighted(parts, lambda policy: policy.no_show_percent), _strictest([p for _, p in parts]))


def _percent_at(policy: Policy, hours_left: int) -> int:
    """The percent of a policy while so many hours are left, as in `cancellation.tier_at`."""
    for tier in policy.tiers:
        if hours_left >= tier.hours_before:
            return tier.penalty_percent
    return policy.tiers[-1].penalty_percent if policy.tiers else 0


def _weighted(parts: Sequence[Part], percent: Callable[[Policy], int]) -> int:
    total = sum(price for price, _ in parts)
    if total == 0:
        return max(percent(policy) for _, policy in parts)
    return sum(price * percent(policy) for price, policy in parts) // total


def _strictest(policies: Sequence[Policy]) -> MoveRules:
    rules = [policy.moves for policy in policies]
    limits = [rule.max_moves for rule in rules if rule.max_moves is not None]
    days = [rule.penalty_kept_days for rule in rules]
    refuse = any(rule.in_paid_tier is PaidTierMove.REFUSE for rule in rules)
    return MoveRules(
        max_moves=min(limits) if limits else None,
        hours_before=max(rule.hours_before for rule in rules),
        in_paid_tier=PaidTierMove.REFUSE if refuse else PaidTierMove.KEEP_PENALTY,
        penalty_kept_days=None if None in days else max(one for one in days if one is not None),
    )
