"""Tables: the smallest that seats a party, joined ones where none does, and how many parties fit at once."""

from dataclasses import replace
from itertools import pairwise

import pytest

from domain.scheduling.availability import tables
from domain.scheduling.availability.beyond import plan_beyond
from domain.scheduling.availability.engine import find_starts, plan
from domain.scheduling.availability.model import Facts, Join, Question, Resource
from domain.scheduling.overbooking import OVERBOOKED
from domain.scheduling.reasons import ChosenBy
from tests.domain.scheduling.availability.scenarios import (
    MONDAY,
    NINE_TO_TWELVE,
    TOKYO,
    ask,
    at,
    item,
    need,
    resource_id,
    taken,
)

NINE = at(TOKYO, MONDAY, 9)


def room(*seats: int, taken_at_nine: tuple[int, ...] = ()) -> Facts:
    """One table of each size."""
    found = [Resource(resource_id(n), 1, NINE_TO_TWELVE, size) for n, size in enumerate(seats)]
    return Facts(NINE_TO_TWELVE, {one.id: one for one in found}, [taken(n, NINE, 60) for n in taken_at_nine])


def party(size: int, count: int, *joins: tuple[tuple[int, ...], int]) -> Question:
    """A party that may have one of ``count`` tables, or one of the joins: tables and their seats together."""
    known = tuple(Join(tuple((resource_id(n), 1) for n in numbers), seats) for numbers, seats in joins)
    return replace(ask(item(60, need(*range(count))), step=60, party_size=size), joins=known)


def seated(question: Question, facts: Facts) -> tuple[set[int], ChosenBy | None]:
    """The tables at nine, and why."""
    claims = next(plan(question, facts, NINE))
    return {claim.resource_id.int - 1 for claim in claims}, claims[0].chosen_by


def left_at_nine(question: Question, facts: Facts) -> int:
    return next((start.left for start in find_starts(question, facts) if start.at == NINE), 0)


@pytest.mark.parametrize(
    ("size", "busy", "table", "why"),
    [
        (2, (), {1}, ChosenBy.SMALLEST_TABLE),
        (1, (), {1}, ChosenBy.SMALLEST_TABLE),
        (3, (), {2}, ChosenBy.SMALLEST_TABLE),
        (2, (1,), {2}, ChosenBy.SMALLEST_TABLE),
        (2, (1, 2), {0}, ChosenBy.ONLY_ONE),
        (5, (), {0}, ChosenBy.ONLY_ONE),
    ],
)
def test_plan_takes_the_smallest_free_table(size: int, busy: tuple[int, ...], table: set[int], why: ChosenBy) -> None:
    assert seated(party(size, 3), room(6, 2, 4, taken_at_nine=busy)) == (table, why)


def test_plan_joins_tables_only_where_no_free_one_is_large_enough() -> None:
    question = party(4, 3, ((0, 1), 4))
    assert seated(question, room(2, 2, 4)) == ({2}, ChosenBy.ONLY_ONE)
    assert seated(question, room(2, 2, 4, taken_at_nine=(2,))) == ({0, 1}, ChosenBy.JOINED_TABLES)
    assert next(plan(question, room(2, 2, 4, taken_at_nine=(1, 2)), NINE), None) is None


def test_plan_takes_the_smallest_join_that_seats_the_party() -> None:
    question = party(5, 4, ((0, 1), 5), ((0, 1, 2), 7))
    assert seated(question, room(2, 2, 2, 2))[0] == {0, 1}
    assert seated(replace(question, party_size=6), room(2, 2, 2, 2))[0] == {0, 1, 2}


def test_left_counts_single_tables_and_joins_together() -> None:
    assert left_at_nine(party(4, 3, ((0, 1), 4)), room(2, 2, 4)) == 2
    assert left_at_nine(party(4, 3, ((0, 1), 4), ((1, 2), 6)), room(2, 2, 4)) == 2, (
        "a join with the large one adds none"
    )
    row = party(4, 5, *(((n, n + 1), 4) for n in range(4)))
    assert left_at_nine(row, room(2, 2, 2, 2, 2)) == 2, "five tables in a row are two pairs"
    assert left_at_nine(row, room(2, 2, 2, 2, 2, taken_at_nine=(1,))) == 1
    assert left_at_nine(row, room(2, 2, 2, 2, 2, taken_at_nine=(1, 3))) == 0


def test_left_leaves_a_table_free_where_more_parties_fit_without_it() -> None:
    question = party(4, 5, ((0, 1, 2), 6), ((1, 3), 4), ((2, 4), 4))
    assert left_at_nine(question, room(2, 2, 2, 2, 2)) == 2


def test_left_is_as_many_as_can_be_planned_one_after_the_other() -> None:
    question, facts = party(4, 6, *(((n, n + 1), 4) for n in range(5))), room(2, 2, 2, 2, 2, 2)
    assert left_at_nine(question, facts) == 3


def test_left_is_never_too_large_where_the_search_gives_up(monkeypatch: pytest.MonkeyPatch) -> None:
    question, facts = party(4, 6, *(((n, n + 1), 4) for n in range(5))), room(2, 2, 2, 2, 2, 2)
    monkeypatch.setattr(tables, "PACKING_STEPS", 2)
    assert left_at_nine(question, facts) <= 3


def test_plan_beyond_overbooks_the_smallest_table_or_joined_ones() -> None:
    full = room(6, 2, 4, taken_at_nine=(0, 1, 2))
    [claim] = plan_beyond(party(3, 3), full, NINE) or ()
    assert (claim.resource_id, claim.unit) == (resource_id(2), OVERBOOKED)
    joined = plan_beyond(party(8, 3, ((0, 1), 8)), room(6, 2, 4, taken_at_nine=(0,)), NINE) or ()
    assert [(one.resource_id, one.unit) for one in joined] == [(resource_id(0), OVERBOOKED), (resource_id(1), 0)]


def test_joins_seat_a_row_of_twenty_tables_in_few_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tables, "PACKING_STEPS", 200)
    joins = [((a, b), 4) for a, b in pairwise(range(20))]
    assert left_at_nine(party(4, 20, *joins), room(*[2] * 20)) == 10
