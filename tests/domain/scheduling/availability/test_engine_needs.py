"""The engine with several resources, units and services, with answers worked out by hand."""

from dataclasses import replace
from datetime import date

from domain.scheduling.availability.engine import (
    find_starts,
    plan,
    with_waits,
)
from tests.domain.scheduling.availability.scenarios import (
    MONDAY,
    NINE_TO_TWELVE,
    SERVICE,
    TOKYO,
    ask,
    at,
    clock,
    every_day,
    item,
    known,
    left,
    need,
    taken,
)


class TestNeeds:
    def test_any_resource_of_a_group_will_do(self) -> None:
        claims = (taken(0, at(TOKYO, MONDAY, 9), 60), taken(1, at(TOKYO, MONDAY, 10), 60))
        question = ask(item(60, need(0, 1)), step=60)
        facts = known(NINE_TO_TWELVE, 1, 1, taken=claims)
        assert [(s.at, s.left) for s in find_starts(question, facts)] == [
            (at(TOKYO, MONDAY, 9), 1),
            (at(TOKYO, MONDAY, 10), 1),
            (at(TOKYO, MONDAY, 11), 2),
        ]

    def test_every_group_must_be_served(self) -> None:
        claims = (taken(0, at(TOKYO, MONDAY, 9), 60), taken(1, at(TOKYO, MONDAY, 10), 60))
        question = ask(item(60, need(0), need(1, group=1)), step=60)
        assert clock(question, known(NINE_TO_TWELVE, 1, 1, taken=claims)) == ["11:00"]

    def test_capacity_is_used_up_unit_by_unit(self) -> None:
        claims = tuple(taken(0, at(TOKYO, MONDAY, 9), 60, unit=unit) for unit in (0, 2))
        question = ask(item(60, need(0)), step=60)
        assert left(question, known(NINE_TO_TWELVE, 3, taken=claims)) == [1, 3, 3]

    def test_several_units_must_be_free_in_one_resource(self) -> None:
        claims = (taken(0, at(TOKYO, MONDAY, 9), 60), taken(1, at(TOKYO, MONDAY, 9), 60))
        question = ask(item(60, need(0, 1, units=2)), step=60)
        facts = known(NINE_TO_TWELVE, 2, 2, taken=claims)
        assert clock(question, facts) == ["10:00", "11:00"]
        assert left(question, facts) == [2, 2]

    def test_what_is_left_counts_whole_parties_per_resource(self) -> None:
        question = ask(item(60, need(0, 1, units=2)), step=60)
        assert left(question, known(NINE_TO_TWELVE, 7, 5)) == [5, 5, 5]

    def test_per_person_takes_a_unit_for_each_of_the_party(self) -> None:
        question = ask(item(60, need(0, per_person=True), need(1, group=1)), step=60, party_size=3)
        claims = tuple(taken(0, at(TOKYO, MONDAY, 9), 60, unit=unit) for unit in (0, 1))
        facts = known(NINE_TO_TWELVE, 4, 9, taken=claims)
        assert clock(question, facts) == ["10:00", "11:00"]
        claimed = next(plan(question, facts, at(TOKYO, MONDAY, 10)))
        assert [(claim.group, claim.unit) for claim in claimed] == [(0, 0), (0, 1), (0, 2), (1, 0)]

    def test_one_person_cannot_serve_two_groups_at_once(self) -> None:
        question = ask(item(60, need(0, 1), need(0, 1, group=1)), step=60)
        busy = (taken(1, at(TOKYO, MONDAY, 10), 60),)
        assert clock(question, known(NINE_TO_TWELVE, 1, 1, taken=busy)) == ["09:00", "11:00"]

    def test_a_need_whose_resources_are_all_gone_is_never_met(self) -> None:
        assert find_starts(ask(item(60, need(5))), known(NINE_TO_TWELVE, 1)) == []
        assert list(plan(ask(item(60, need(5))), known(NINE_TO_TWELVE, 1), at(TOKYO, MONDAY, 9))) == []

    def test_a_search_that_finds_no_end_offers_nothing_and_stops(self) -> None:
        groups = [need(*range(9), group=group) for group in range(10)]
        question = ask(item(60, *groups), step=5)
        assert find_starts(question, known(NINE_TO_TWELVE, *[1] * 9)) == []


class TestItems:
    def test_items_follow_each_other_with_their_own_resources(self) -> None:
        question = ask(item(60, need(0)), item(30, need(1)), step=30)
        busy = (taken(1, at(TOKYO, MONDAY, 10), 30),)
        assert clock(question, known(NINE_TO_TWELVE, 1, 1, taken=busy)) == ["09:30", "10:00", "10:30"]

    def test_one_person_may_do_both_without_buffers_between(self) -> None:
        question = ask(item(60, need(0)), item(60, need(0)), step=60)
        facts = known(NINE_TO_TWELVE, 1)
        assert clock(question, facts) == ["09:00", "10:00"]
        claims = next(plan(question, facts, at(TOKYO, MONDAY, 10)))
        assert [(c.item_index, c.starts_at, c.ends_at) for c in claims] == [
            (0, at(TOKYO, MONDAY, 10), at(TOKYO, MONDAY, 11)),
            (1, at(TOKYO, MONDAY, 11), at(TOKYO, MONDAY, 12)),
        ]

    def test_buffers_between_items_need_two_people(self) -> None:
        question = ask(item(60, need(0, 1), after=10), item(60, need(0, 1)), step=60)
        assert find_starts(question, known(NINE_TO_TWELVE, 1)) == []
        facts = known(NINE_TO_TWELVE, 1, 1)
        assert clock(question, facts) == ["09:00", "10:00"]
        for claims in plan(question, facts, at(TOKYO, MONDAY, 9)):
            assert len({claim.resource_id for claim in claims}) == 2

    def test_a_later_items_long_buffer_may_begin_before_the_booking(self) -> None:
        question = ask(item(30, need(0)), item(30, need(1), before=120), step=30)
        busy = (taken(1, at(TOKYO, MONDAY, 7), 60),)
        assert clock(question, known(NINE_TO_TWELVE, 1, 1, taken=busy))[0] == "09:30"

    def test_five_items_fit_exactly(self) -> None:
        question = ask(*[item(36, need(0))] * 5, step=1)
        assert clock(question, known(NINE_TO_TWELVE, 1)) == ["09:00"]


class TestExactLeft:
    """``left`` is the number of bookings that still fit, not a bound above it."""

    def test_two_groups_that_share_their_staff(self) -> None:
        question = ask(item(60, need(0, 1), need(0, 1, group=1)), step=60)
        starts = find_starts(question, known(every_day((600, 660)), 1, 1))
        assert [start.left for start in starts] == [1]

    def test_groups_that_share_a_part_of_their_staff(self) -> None:
        question = ask(item(60, need(0, 1, 2), need(2, 3, group=1)), step=60)
        starts = find_starts(question, known(every_day((600, 660)), 1, 1, 1, 1))
        assert [start.left for start in starts] == [2]

    def test_three_groups_of_one_team(self) -> None:
        team = tuple(range(20))
        question = ask(item(60, *(need(*team, group=group) for group in range(3))), step=60)
        starts = find_starts(question, known(every_day((600, 660)), *([1] * 20)))
        assert [start.left for start in starts] == [6]

    def test_a_class_sells_its_places_whatever_its_room_holds(self) -> None:
        one = replace(item(60, need(0, per_person=True)), places=4)
        facts = known(every_day((600, 660)), 6)
        assert [start.left for start in find_starts(ask(one, step=60), facts)] == [4]
        assert [start.left for start in find_starts(ask(one, step=60, party_size=4), facts)] == [1]
        assert find_starts(ask(one, step=60, party_size=5), facts) == []
        start = at("Asia/Tokyo", date(2026, 6, 1), 10)
        assert list(plan(ask(one, step=60, party_size=5), facts, start)) == []
        sold = replace(facts, sold={(SERVICE, start): 3})
        assert [start.left for start in find_starts(ask(one, step=60), sold)] == [1]
        assert list(plan(ask(one, step=60, party_size=2), sold, start)) == []


def test_customer_waits_as_little_as_possible_between_services() -> None:
    day = date(2026, 6, 1)
    cut = item(30, need(0))
    colour = replace(item(60, need(1)), max_wait=30)
    busy = taken(1, at("Asia/Tokyo", day, 9, 30), 20)
    facts = known(every_day((540, 660)), 1, 1, taken=(busy,))
    question = ask(cut, colour, day=day, step=15)
    starts = [start.at for start in find_starts(question, facts)]
    assert starts[0] == at("Asia/Tokyo", day, 9)
    claims = next(plan(question, facts, starts[0]))
    assert [claim.starts_at for claim in claims] == [at("Asia/Tokyo", day, 9), at("Asia/Tokyo", day, 10)]
    straight = next(plan(question, facts, at("Asia/Tokyo", day, 9, 30)))
    assert [claim.starts_at for claim in straight][1] == at("Asia/Tokyo", day, 10)
    assert at("Asia/Tokyo", day, 9) not in [
        start.at for start in find_starts(ask(cut, item(60, need(1)), day=day), facts)
    ]


def test_waits_of_a_booking_together_are_one_hour_at_most() -> None:
    items = (item(15, need(0)), *(replace(item(15, need(0)), max_wait=60) for _ in range(4)))
    waits = [one.waits for one in with_waits(ask(*items))]
    assert waits[0] == (0, 0, 0, 0, 0)
    assert {sum(one) for one in waits} == {0, 15, 30, 45, 60}
    assert len(waits) == 70
