"""A gradual rollout: the share of a feature flag grows step by step while problems are counted."""

import itertools
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from domain.errors import InvalidInput
from domain.platform.flags import WHOLE

MAX_STEPS = 20
LONGEST_STEP = timedelta(days=30)
SHORTEST_STEP = timedelta(minutes=1)


class RolloutStatus(StrEnum):
    """The status of a rollout. All except ``running`` and ``paused`` are final."""

    RUNNING = "running"
    PAUSED = "paused"
    DONE = "done"  # the last step has ended
    STOPPED = "stopped"  # a count exceeded its limit: the share before is restored
    CANCELLED = "cancelled"  # an operator stopped it: the share before is restored
    SUPERSEDED = "superseded"  # an operator changed the flag itself: that change stays


OVER = frozenset(RolloutStatus) - {RolloutStatus.RUNNING, RolloutStatus.PAUSED}


class Measure(StrEnum):
    """What can be measured: the number of these since a time."""

    ATTENTION_FILED = "attention_filed"  # new attention items
    NOTICES_FAILED = "notices_failed"
    PAYMENTS_FAILED = "payments_failed"
    COMMANDS_FAILED = "commands_failed"  # deliveries of outbox commands that were repeated


@dataclass(frozen=True, slots=True)
class Step:
    """The share (hundredths of a percent), and how long it is observed before the next step."""

    share: int
    watch_for: timedelta


@dataclass(frozen=True, slots=True)
class RolloutPlan:
    """``limits``: the highest allowed count per measure within one step; more stop the rollout."""

    steps: tuple[Step, ...]
    limits: Mapping[Measure, int]


def check_plan(plan: RolloutPlan, share_now: int) -> None:
    """Raise ``InvalidInput`` unless the steps grow from the present share up to at most 100 %, each is observed for a
    minute to 30 days, and at least one measure has a limit."""
    broken: list[dict[str, str]] = []
    shares = [share_now, *(step.share for step in plan.steps)]
    if not 1 <= len(plan.steps) <= MAX_STEPS:
        broken.append({"field": "steps", "rule": f"1_to_{MAX_STEPS}"})
    if any(later <= earlier for earlier, later in itertools.pairwise(shares)) or shares[-1] > WHOLE:
        broken.append({"field": "steps", "rule": "must_grow_to_at_most_100_percent"})
    if any(not SHORTEST_STEP <= step.watch_for <= LONGEST_STEP for step in plan.steps):
        broken.append({"field": "steps", "rule": "watched_for_1_minute_to_30_days"})
    if not plan.limits or any(limit < 0 for limit in plan.limits.values()):
        broken.append({"field": "limits", "rule": "at_least_one_not_negative"})
    if broken:
        raise InvalidInput({"fields": broken})


def over_limit(limits: Mapping[Measure, int], counted: Mapping[Measure, int]) -> tuple[Measure, ...]:
    """The measures over their limit, sorted by name."""
    return tuple(sorted(measure for measure, limit in limits.items() if counted.get(measure, 0) > limit))


def pause_between_checks(watch_for: timedelta) -> timedelta:
    """The pause between two checks of a step: twenty checks, at least one per hour, at most one per ten seconds."""
    return max(timedelta(seconds=10), min(watch_for / 20, timedelta(hours=1)))
