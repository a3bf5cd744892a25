"""Overbooked time: which units a manager's booking takes, and what others are still offered."""

from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.scheduling.availability.beyond import plan_beyond
from domain.scheduling.availability.engine import find_starts
from domain.scheduling.availability.model import ClaimPlan, Facts, Question, Taken
from domain.scheduling.overbooking import OVERBOOKED, is_overbooked, within_capacity
from tests.domain.scheduling.availability.scenarios import (
    MONDAY,
    NINE_TO_TWELVE,
    SERVICE,
    TOKYO,
    ask,
    at,
    item,
    known,
    need,
    resource_id,
    taken,
)

NINE = at(TOKYO, MONDAY, 9)
CUT = ask(item(60, need(0, 1)), step=60)


def units(claims: tuple[ClaimPlan, ...] | None) -> list[tuple[UUID, int]]:
    return [(claim.resource_id, claim.unit) for claim in claims or ()]


def claimed(facts: Facts, claims: tuple[ClaimPlan, ...] | None) -> Facts:
    """The facts after a booking has taken its claims."""
    new = [Taken(one.resource_id, one.unit, one.starts_at, one.ends_at, UUID(int=7)) for one in claims or ()]
    return replace(facts, taken=[*facts.taken, *new])


def hours_left(question: Question, facts: Facts) -> list[tuple[int, int]]:
    """The hour of each start after nine, and how many bookings still fit there."""
    return [((one.at - NINE) // timedelta(hours=1), one.left) for one in find_starts(question, facts)]


def test_plan_beyond_takes_free_units_before_any_other() -> None:
    facts = known(NINE_TO_TWELVE, 1, 1, taken=(taken(0, NINE, 60),))
    assert units(plan_beyond(CUT, facts, NINE)) == [(resource_id(1), 0)]


def test_plan_beyond_takes_who_has_the_fewest_bookings_where_all_are_taken() -> None:
    facts = known(
        NINE_TO_TWELVE, 1, 1, taken=(taken(0, NINE, 60), taken(0, NINE + timedelta(hours=1), 60), taken(1, NINE, 60))
    )
    first = plan_beyond(CUT, facts, NINE)
    assert units(first) == [(resource_id(1), OVERBOOKED)]
    only = ask(item(60, need(1)), step=60)
    assert units(plan_beyond(only, claimed(facts, first), NINE)) == [(resource_id(1), OVERBOOKED + 1)], (
        "and a third one"
    )


def test_plan_beyond_takes_only_what_is_missing() -> None:
    question = ask(item(60, need(0, group=0), need(1, group=1)), step=60)
    facts = known(NINE_TO_TWELVE, 1, 2, taken=(taken(0, NINE, 60), taken(1, NINE, 60)))
    assert units(plan_beyond(question, facts, NINE)) == [(resource_id(0), OVERBOOKED), (resource_id(1), 1)]


def test_plan_beyond_gives_no_unit_twice_to_one_booking() -> None:
    question = ask(item(60, need(0, group=0), need(0, group=1)), step=60)
    assert units(plan_beyond(question, known(NINE_TO_TWELVE, 1), NINE)) == [
        (resource_id(0), 0),
        (resource_id(0), OVERBOOKED),
    ]


def test_plan_beyond_counts_the_places_of_a_class() -> None:
    lesson = replace(item(60, need(0, per_person=True)), places=3)
    question = ask(lesson, step=60, party_size=2)
    sold = {(SERVICE, NINE): 2}
    facts = replace(known(NINE_TO_TWELVE, 10, taken=(taken(0, NINE, 60), taken(0, NINE, 60, unit=1))), sold=sold)
    assert units(plan_beyond(question, facts, NINE)) == [(resource_id(0), OVERBOOKED), (resource_id(0), OVERBOOKED + 1)]
    assert units(plan_beyond(replace(question, party_size=1), facts, NINE)) == [(resource_id(0), 2)]


@pytest.mark.parametrize("start", [NINE - timedelta(hours=1), NINE + timedelta(minutes=7), NINE + timedelta(hours=3)])
def test_plan_beyond_overbooks_no_hours(start: datetime) -> None:
    assert plan_beyond(CUT, known(NINE_TO_TWELVE, 1, 1), start) is None


def test_starts_are_those_of_before_while_the_time_is_full() -> None:
    question = ask(item(60, need(0)), step=60)
    facts = known(NINE_TO_TWELVE, 1, taken=(taken(0, NINE, 60),))
    after = claimed(facts, plan_beyond(question, facts, NINE))
    assert hours_left(question, after) == hours_left(question, facts) == [(1, 1), (2, 1)]


def test_starts_keep_overbooked_time_when_the_other_booking_is_gone() -> None:
    question = ask(item(60, need(0)), step=60)
    facts = known(NINE_TO_TWELVE, 1, taken=(taken(0, NINE, 60),))
    after = claimed(facts, plan_beyond(question, facts, NINE))
    gone = replace(after, taken=after.taken[1:])
    assert hours_left(question, gone) == [(1, 1), (2, 1)], "its guest sits there"


MINUTES = st.integers(0, (1 << 12) - 1)


@given(st.lists(MINUTES, min_size=3, max_size=3), st.lists(MINUTES, max_size=3), st.integers(1, 3))
def test_within_capacity_takes_as_many_units_as_there_are_claims(
    regular: list[int], beyond: list[int], capacity: int
) -> None:
    before = {unit: bits for unit, bits in enumerate(regular[:capacity]) if bits}
    claims = before | {OVERBOOKED + number: bits for number, bits in enumerate(beyond)}
    after = within_capacity(claims, capacity)
    assert not any(is_overbooked(unit) for unit in after)
    for minute in range(12):
        wanted = sum(bits >> minute & 1 for bits in claims.values())
        assert sum(bits >> minute & 1 for bits in after.values()) == min(wanted, capacity)
        assert all(after[unit] >> minute & 1 for unit, bits in before.items() if bits >> minute & 1)
