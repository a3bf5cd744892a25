"""Plans that make no sense are refused, and limits are kept."""

from datetime import timedelta

import pytest

from domain.errors import InvalidInput
from domain.platform.flag_rollout import Measure, RolloutPlan, Step, check_plan, over_limit, pause_between_checks

HOUR = timedelta(hours=1)
LIMITS = {Measure.ATTENTION_FILED: 0}


def plan(*shares: int, watch_for: timedelta = HOUR, limits: dict[Measure, int] | None = None) -> RolloutPlan:
    return RolloutPlan(tuple(Step(share, watch_for) for share in shares), LIMITS if limits is None else limits)


def test_plan_that_grows_is_taken() -> None:
    check_plan(plan(100, 1000, 10_000), share_now=0)
    check_plan(plan(5000), share_now=4999)


@pytest.mark.parametrize(
    ("broken", "now", "rule"),
    [
        (plan(), 0, "1_to_20"),
        (plan(*range(1, 22)), 0, "1_to_20"),
        (plan(1000, 1000), 0, "must_grow_to_at_most_100_percent"),
        (plan(1000, 500), 0, "must_grow_to_at_most_100_percent"),
        (plan(1000), 1000, "must_grow_to_at_most_100_percent"),
        (plan(10_001), 0, "must_grow_to_at_most_100_percent"),
        (plan(100, watch_for=timedelta(seconds=59)), 0, "watched_for_1_minute_to_30_days"),
        (plan(100, watch_for=timedelta(days=31)), 0, "watched_for_1_minute_to_30_days"),
        (plan(100, limits={}), 0, "at_least_one_not_negative"),
        (plan(100, limits={Measure.NOTICES_FAILED: -1}), 0, "at_least_one_not_negative"),
    ],
)
def test_plan_that_makes_no_sense_is_refused(broken: RolloutPlan, now: int, rule: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        check_plan(broken, now)
    assert rule in {field["rule"] for field in refused.value.details["fields"]}


def test_rollout_stops_above_the_limit_alone() -> None:
    limits = {Measure.ATTENTION_FILED: 2, Measure.NOTICES_FAILED: 0}
    assert over_limit(limits, {Measure.ATTENTION_FILED: 2}) == ()
    assert over_limit(limits, {Measure.ATTENTION_FILED: 3, Measure.NOTICES_FAILED: 1}) == (
        Measure.ATTENTION_FILED,
        Measure.NOTICES_FAILED,
    )
    assert over_limit(limits, {Measure.PAYMENTS_FAILED: 99}) == ()  # nobody asked to watch these


def test_looks_are_often_enough_and_not_too_often() -> None:
    assert pause_between_checks(timedelta(minutes=1)) == timedelta(seconds=10)
    assert pause_between_checks(timedelta(minutes=20)) == timedelta(minutes=1)
    assert pause_between_checks(timedelta(days=30)) == timedelta(hours=1)
