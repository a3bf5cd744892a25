"""Who serves where the customer named nobody, and why: answers worked out by hand, and the order on random days."""

from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.scheduling.availability.anyone import DayBook, Workload, in_order, reason_of_item, reasons
from domain.scheduling.availability.engine import plan
from domain.scheduling.availability.model import ClaimPlan, Facts, Question, Resource, Taken
from domain.scheduling.reasons import ChosenBy
from tests.domain.scheduling.availability.scenarios import (
    MONDAY,
    NINE_TO_TWELVE,
    TOKYO,
    ask,
    at,
    every_day,
    item,
    known,
    need,
    resource_id,
    taken,
)
from tests.support import sampling

NINE = at(TOKYO, MONDAY, 9)
DAY = timedelta(days=1)
ONE, OTHER, THIRD = (resource_id(n) for n in range(3))


def chosen(question: Question, facts: Facts, start=NINE, seed: int = 0) -> list[tuple[UUID, ChosenBy | None]]:
    return [(claim.resource_id, claim.chosen_by) for (claim,) in plan(question, facts, start, seed=seed)]


class TestOrder:
    TWO = ask(item(60, need(0, 1)))

    def test_a_long_booking_counts_like_a_short_one(self) -> None:
        claims = (
            taken(0, at(TOKYO, MONDAY, 10), 15),
            taken(0, at(TOKYO, MONDAY, 11), 15),
            taken(1, at(TOKYO, MONDAY, 10), 120),
        )
        found = chosen(self.TWO, known(NINE_TO_TWELVE, 1, 1, taken=claims))
        assert found == [(OTHER, ChosenBy.FEWEST_BOOKINGS), (ONE, ChosenBy.ONLY_ONE)]

    def test_two_claims_of_one_booking_count_once(self) -> None:
        first = taken(0, at(TOKYO, MONDAY, 11), 30)
        second = replace(taken(0, at(TOKYO, MONDAY, 11, 30), 30), visit=first.visit)
        claims = (first, second, taken(1, at(TOKYO, MONDAY, 10), 60))
        found = chosen(self.TWO, known(NINE_TO_TWELVE, 1, 1, taken=claims))
        assert found[0] == (ONE, ChosenBy.LONGEST_FREE)

    def test_a_block_is_no_booking_but_takes_free_time(self) -> None:
        block = replace(taken(0, at(TOKYO, MONDAY, 10), 120), visit=None)
        booked = taken(1, at(TOKYO, MONDAY, 11, 30), 30)
        assert chosen(self.TWO, known(NINE_TO_TWELVE, 1, 1, taken=(block, booked)))[0] == (
            ONE,
            ChosenBy.FEWEST_BOOKINGS,
        )
        assert chosen(self.TWO, known(NINE_TO_TWELVE, 1, 1, taken=(block,)))[0] == (OTHER, ChosenBy.LONGEST_FREE)

    def test_a_longer_shift_is_more_free_time(self) -> None:
        facts = known(every_day((540, 1080)), 1, 1)
        late = replace(facts, resources={**facts.resources, ONE: Resource(ONE, 1, NINE_TO_TWELVE)})
        assert chosen(self.TWO, late)[0] == (OTHER, ChosenBy.LONGEST_FREE)

    def test_whose_booking_was_made_longest_ago_has_the_turn(self) -> None:
        at_eleven = [taken(n, at(TOKYO, MONDAY, 11), 30) for n in range(3)]
        claims = tuple(replace(one, visit=UUID(int=made)) for one, made in zip(at_eleven, (30, 10, 20), strict=True))
        question = ask(item(60, need(0, 1, 2)))
        for seed in range(20):
            found = chosen(question, known(NINE_TO_TWELVE, 1, 1, 1, taken=claims), seed=seed)
            assert found == [(OTHER, ChosenBy.TURN), (THIRD, ChosenBy.TURN), (ONE, ChosenBy.ONLY_ONE)]

    def test_the_draw_reaches_everybody_without_a_booking(self) -> None:
        facts = known(NINE_TO_TWELVE, 1, 1)
        assert {chosen(self.TWO, facts, seed=seed)[0] for seed in range(1, 40)} == {
            (ONE, ChosenBy.TURN),
            (OTHER, ChosenBy.TURN),
        }

    def test_the_night_belongs_to_the_day_before(self) -> None:
        bar = every_day((18 * 60, 26 * 60))
        evening = taken(0, at(TOKYO, MONDAY, 19), 60)
        next_evening = taken(1, at(TOKYO, MONDAY + DAY, 19), 60)
        facts = known(bar, 1, 1, taken=(evening, next_evening))
        assert chosen(self.TWO, facts, at(TOKYO, MONDAY + DAY, 1))[0] == (OTHER, ChosenBy.FEWEST_BOOKINGS)
        tomorrow = replace(self.TWO, last=MONDAY + DAY)
        assert chosen(tomorrow, facts, at(TOKYO, MONDAY + DAY, 21))[0] == (ONE, ChosenBy.FEWEST_BOOKINGS)


class TestBusinessDay:
    @pytest.mark.parametrize("hour", [18, 25])
    def test_from_the_end_of_one_to_the_end_of_the_next(self, hour: int) -> None:
        facts = known(every_day((18 * 60, 26 * 60)), 1)
        book = DayBook(ask(item(60, need(0))), facts, at(TOKYO, MONDAY, 0) + timedelta(hours=hour))
        assert (book.low, book.high) == (at(TOKYO, MONDAY, 2), at(TOKYO, MONDAY + DAY, 2))


class TestReasonOfItem:
    CLAIMS = tuple(
        ClaimPlan(0, group, one, 0, NINE, NINE + timedelta(hours=1), why)
        for group, (one, why) in enumerate(((ONE, ChosenBy.TURN), (OTHER, ChosenBy.LONGEST_FREE)))
    )

    def test_the_staff_member_decides_and_without_staff_the_first(self) -> None:
        assert reason_of_item(self.CLAIMS, frozenset({OTHER}), frozenset()) is ChosenBy.LONGEST_FREE
        assert reason_of_item(self.CLAIMS, frozenset(), frozenset()) is ChosenBy.TURN

    def test_who_was_named_is_preferred(self) -> None:
        assert reason_of_item(self.CLAIMS, frozenset({OTHER}), frozenset({OTHER})) is ChosenBy.PREFERRED
        assert reason_of_item(self.CLAIMS, frozenset({OTHER}), frozenset({ONE})) is ChosenBy.LONGEST_FREE


WORKLOADS = st.lists(
    st.builds(
        Workload,
        st.integers(0, 2).map(float),
        st.integers(0, 2).map(lambda hours: timedelta(hours=hours)),
        st.integers(0, 2).map(lambda made: UUID(int=made)),
    ),
    min_size=1,
    max_size=6,
)


@given(WORKLOADS, st.integers(0, 1 << 16))
@settings(max_examples=sampling.examples(30, whole=200))
def test_in_order_puts_nobody_worse_before_and_reasons_say_what_differs(values: list[Workload], seed: int) -> None:
    workloads = {resource_id(n): value for n, value in enumerate(values)}
    ordered = in_order([(one, (0,)) for one in workloads], workloads, seed)
    why = reasons(ordered, workloads)
    assert {one for one, _ in ordered} == set(workloads)
    for place, (one, _) in enumerate(ordered):
        own, others = workloads[one], [workloads[other] for other, _ in ordered[place + 1 :]]
        assert all(own.bookings <= other.bookings for other in others)
        equal = [other for other in others if other.bookings == own.bookings]
        assert all(own.free >= other.free for other in equal)
        alike = [other for other in equal if other.free == own.free]
        assert all(own.last <= other.last for other in alike)
        expected = (
            ChosenBy.ONLY_ONE
            if not others
            else ChosenBy.FEWEST_BOOKINGS
            if not equal
            else ChosenBy.TURN
            if alike
            else ChosenBy.LONGEST_FREE
        )
        assert why[one] is expected


@given(st.lists(st.tuples(st.integers(0, 2), st.integers(2, 11), st.booleans()), max_size=8))
@settings(max_examples=sampling.examples(20, whole=100))
def test_plan_begins_with_who_has_the_fewest_bookings(drawn: list[tuple[int, int, bool]]) -> None:
    claims = []
    for number, (who, half_hour, booked) in enumerate(drawn):
        start = NINE + timedelta(minutes=30 * half_hour)
        claims.append(
            Taken(resource_id(who), 0, start, start + timedelta(minutes=30), UUID(int=number + 1) if booked else None)
        )
    found = chosen(ask(item(60, need(0, 1, 2))), known(every_day((540, 960)), 1, 1, 1, taken=tuple(claims)))
    count = {resource_id(n): sum(who == n and booked for who, _, booked in drawn) for n in range(3)}
    assert count[found[0][0]] == min(count.values())
