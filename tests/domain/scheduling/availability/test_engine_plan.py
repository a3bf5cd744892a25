"""The engine's plans and nearest starts, and the bounds of a question, with answers worked out by hand."""

from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise

import pytest

from domain.errors import InvalidInput
from domain.scheduling.availability.engine import (
    find_starts,
    nearest,
    plan,
)
from domain.scheduling.availability.model import Facts, Item, Need, Resource
from tests.domain.scheduling.availability.scenarios import (
    MONDAY,
    NINE_TO_TWELVE,
    SERVICE,
    TOKYO,
    ask,
    at,
    item,
    known,
    left,
    need,
    resource_id,
    taken,
)


class TestPlan:
    NINE = at(TOKYO, MONDAY, 9)

    def test_claims_include_the_buffers(self) -> None:
        question = ask(item(60, need(0, group=4), before=10, after=20))
        (claim,) = next(plan(question, known(NINE_TO_TWELVE, 1), self.NINE))
        assert (claim.item_index, claim.group, claim.resource_id, claim.unit) == (0, 4, resource_id(0), 0)
        assert (claim.starts_at, claim.ends_at) == (at(TOKYO, MONDAY, 8, 50), at(TOKYO, MONDAY, 10, 20))

    def test_who_has_the_fewest_bookings_of_the_day_comes_first(self) -> None:
        claims = (
            taken(0, at(TOKYO, MONDAY, 10), 20),
            taken(0, at(TOKYO, MONDAY, 10, 20), 20),
            taken(1, at(TOKYO, MONDAY, 11), 60),
            taken(2, at(TOKYO, MONDAY - timedelta(days=1), 9), 600),
            *(taken(3, at(TOKYO, MONDAY, 10, 10 * n), 10, unit=unit) for n in range(3) for unit in range(2)),
        )
        question = ask(item(60, need(0, 1, 2, 3)))
        facts = known(NINE_TO_TWELVE, 1, 1, 1, 2, taken=claims)
        order = [claim.resource_id for (claim,) in plan(question, facts, self.NINE)]
        assert order == [resource_id(n) for n in (2, 1, 0, 3, 3)]

    def test_seeds_begin_at_different_units(self) -> None:
        question = ask(item(60, need(0, 1)))
        facts = known(NINE_TO_TWELVE, 3, 2)
        firsts = {next(plan(question, facts, self.NINE, seed=seed)) for seed in range(60)}
        assert len(firsts) == 5

    def test_no_seed_prefers_who_is_booked_more(self) -> None:
        question = ask(item(60, need(0, 1, 2)))
        facts = known(NINE_TO_TWELVE, 1, 1, 1, taken=(taken(1, at(TOKYO, MONDAY, 10), 30),))
        for seed in range(20):
            order = [claim.resource_id for (claim,) in plan(question, facts, self.NINE, seed=seed)]
            assert order[2] == resource_id(1)

    def test_a_seed_always_gives_the_same_order(self) -> None:
        question = ask(item(60, need(0, 1), need(2, 3, group=1)))
        facts = known(NINE_TO_TWELVE, 3, 2, 2, 2)
        assert list(plan(question, facts, self.NINE, seed=7)) == list(plan(question, facts, self.NINE, seed=7))

    def test_the_next_candidate_shares_no_unit_with_the_last(self) -> None:
        question = ask(item(60, need(*range(5)), need(*range(5, 10), group=1)))
        order = list(plan(question, known(NINE_TO_TWELVE, *[1] * 10), self.NINE, seed=3))
        for one, other in pairwise(order[:5]):
            assert {c.resource_id for c in one}.isdisjoint(c.resource_id for c in other)

    def test_the_number_of_candidates_is_bounded(self) -> None:
        question = ask(item(60, need(*range(30)), need(*range(30, 60), group=1)))
        facts = known(NINE_TO_TWELVE, *[1] * 60)
        assert len(list(plan(question, facts, self.NINE, limit=40))) == 40
        assert len(list(plan(question, facts, self.NINE))) == 256

    def test_only_a_listed_start_has_a_plan(self) -> None:
        facts = known(NINE_TO_TWELVE, 1)
        question = ask(item(60, need(0)))
        for moment in (
            at(TOKYO, MONDAY, 8, 30),
            at(TOKYO, MONDAY, 9, 10),
            at(TOKYO, MONDAY, 11, 30),
            self.NINE + timedelta(seconds=30),
            at(TOKYO, MONDAY + timedelta(days=1), 9),
        ):
            assert list(plan(question, facts, moment)) == []
        anywhere = replace(question, slot_interval=1)
        assert len(list(plan(anywhere, facts, at(TOKYO, MONDAY, 9, 10)))) == 1

    def test_a_naive_start_is_refused(self) -> None:
        with pytest.raises(ValueError, match="naive"):
            next(plan(ask(item(60, need(0))), known(NINE_TO_TWELVE, 1), datetime(2026, 6, 1, 9)))  # noqa: DTZ001


class TestNearest:
    def test_by_distance_and_the_earlier_of_two(self) -> None:
        claims = (taken(0, at(TOKYO, MONDAY, 10), 30),)
        question = ask(item(30, need(0)))
        found = nearest(question, known(NINE_TO_TWELVE, 1, taken=claims), at(TOKYO, MONDAY, 10))
        assert [start.at for start in found] == [
            at(TOKYO, MONDAY, 9, 30),
            at(TOKYO, MONDAY, 10, 30),
            at(TOKYO, MONDAY, 9),
        ]

    def test_gives_what_there_is(self) -> None:
        question = ask(item(150, need(0)))
        assert len(nearest(question, known(NINE_TO_TWELVE, 1), at(TOKYO, MONDAY, 20), 9)) == 2


class TestShapes:
    @pytest.mark.parametrize(
        ("change", "field"),
        [
            ({"items": ()}, "items"),
            ({"items": (item(10, need(0)),) * 6}, "items"),
            ({"last": MONDAY - timedelta(days=1)}, "to"),
            ({"last": MONDAY + timedelta(days=31)}, "to"),
            ({"slot_interval": 0}, "slot_interval"),
            ({"slot_interval": 1441}, "slot_interval"),
            ({"party_size": 0}, "party_size"),
        ],
    )
    def test_a_question_out_of_bounds_is_refused(self, change: dict, field: str) -> None:
        with pytest.raises(InvalidInput) as refused:
            replace(ask(item(60, need(0))), **change)
        assert refused.value.details["fields"][0]["field"] == field

    def test_31_days_are_allowed(self) -> None:
        question = ask(item(180, need(0)), last=MONDAY + timedelta(days=30))
        assert len(find_starts(question, known(NINE_TO_TWELVE, 1))) == 31

    def test_a_naive_window_is_refused(self) -> None:
        with pytest.raises(ValueError, match="naive"):
            replace(ask(item(60, need(0))), earliest=datetime(2026, 6, 1))  # noqa: DTZ001

    @pytest.mark.parametrize(
        "values",
        [(0, 0, 0), (1441, 0, 0), (60, -1, 0), (60, 0, -1), (60, 1441, 0), (60, 0, 1441)],
    )
    def test_an_item_out_of_bounds_is_refused(self, values: tuple[int, int, int]) -> None:
        with pytest.raises(InvalidInput):
            Item(SERVICE, *values, (need(0),))

    def test_an_item_needs_something_and_a_need_at_least_one_unit(self) -> None:
        with pytest.raises(InvalidInput):
            Item(SERVICE, 60, 0, 0, ())
        with pytest.raises(InvalidInput):
            Need(0, (resource_id(0),), 0)

    def test_a_month_of_a_hundred_seats_keeps_one_bit_string_for_the_free_ones(self) -> None:
        seats = Resource(resource_id(0), 100, NINE_TO_TWELVE)
        claims = [taken(0, at(TOKYO, MONDAY, 9), 60, unit=unit) for unit in range(40)]
        facts = Facts(NINE_TO_TWELVE, {seats.id: seats}, claims)
        assert left(ask(item(60, need(0)), step=60), facts) == [60, 100, 100]
        assert left(ask(item(60, need(0, units=30)), step=60), facts) == [2, 3, 3]
