"""The engine's rules one by one, with answers worked out by hand."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from domain.errors import InvalidInput
from domain.scheduling.availability.engine import (
    Refusal,
    check_window,
    find_starts,
    nearest,
    nearest_of_all,
    plan,
    why_not,
    with_waits,
)
from domain.scheduling.availability.model import Facts, Item, Need, Question, Resource, StartGrid, Taken, bounds
from domain.scheduling.errors import OutsideBookingWindow
from domain.scheduling.hours import Calendar, WeeklyHours
from tests.domain.scheduling.availability.scenarios import (
    SERVICE,
    ask,
    at,
    every_day,
    hours,
    item,
    known,
    need,
    resource_id,
    taken,
)

TOKYO = "Asia/Tokyo"
LONDON = "Europe/London"
MONDAY = date(2026, 6, 1)
NINE_TO_TWELVE = every_day((540, 720))


def clock(question: Question, facts: Facts) -> list[str]:
    """The starts as the venue's clock shows them."""
    return [f"{start.at.astimezone(question.zone):%H:%M}" for start in find_starts(question, facts)]


def left(question: Question, facts: Facts) -> list[int]:
    return [start.left for start in find_starts(question, facts)]


class TestHours:
    def test_a_service_fills_the_hours_to_the_last_minute(self) -> None:
        assert clock(ask(item(60, need(0))), known(NINE_TO_TWELVE, 1)) == [
            "09:00",
            "09:30",
            "10:00",
            "10:30",
            "11:00",
        ]

    def test_one_minute_too_long_does_not_fit(self) -> None:
        question = ask(item(181, need(0)), step=1)
        assert find_starts(question, known(NINE_TO_TWELVE, 1)) == []
        assert clock(replace(question, items=(item(180, need(0)),)), known(NINE_TO_TWELVE, 1)) == ["09:00"]

    def test_every_duration_fits_its_own_length_and_not_a_minute_less(self) -> None:
        for length in range(1, 140):
            exact = known(every_day((600, 600 + length)), 1)
            assert clock(ask(item(length, need(0)), step=1), exact) == ["10:00"]
            assert find_starts(ask(item(length + 1, need(0)), step=1), exact) == []

    def test_buffers_may_lie_outside_the_hours(self) -> None:
        question = ask(item(180, need(0), before=30, after=60))
        assert clock(question, known(NINE_TO_TWELVE, 1)) == ["09:00"]

    def test_a_resource_is_bound_by_its_own_hours_and_by_the_business(self) -> None:
        staff = every_day((600, 900))
        assert clock(ask(item(60, need(0))), known(NINE_TO_TWELVE, 1, own=staff)) == ["10:00", "10:30", "11:00"]

    def test_hours_that_touch_are_one(self) -> None:
        business = every_day((540, 600), (600, 660))
        assert clock(ask(item(90, need(0))), known(business, 1)) == ["09:00", "09:30"]

    def test_past_midnight_belongs_to_the_day_it_began(self) -> None:
        business = every_day((1320, 1530))
        question = ask(item(60, need(0)), step=30)
        found = [start.at for start in find_starts(question, known(business, 1))]
        first = at(TOKYO, MONDAY, 22)
        assert found == [first + timedelta(minutes=30 * n) for n in range(6)]
        assert found[-1] == at(TOKYO, MONDAY + timedelta(days=1), 0, 30)

    def test_a_start_before_midnight_may_end_in_the_next_days_hours(self) -> None:
        business = every_day((0, 1440))
        found = find_starts(ask(item(120, need(0)), step=60), known(business, 1))
        assert found[-1].at == at(TOKYO, MONDAY, 23)

    def test_a_one_off_day_closes_everybody(self) -> None:
        closed = every_day((540, 720), one_off={MONDAY: ()})
        assert find_starts(ask(item(60, need(0))), known(closed, 1, own=NINE_TO_TWELVE)) == []

    def test_the_public_holiday_row_is_used_on_public_holidays_only(self) -> None:
        week = WeeklyHours((hours((540, 720)),) * 7, public_holiday=hours((600, 660)))
        business = Calendar(week, public_holidays=frozenset({MONDAY}))
        question = ask(item(60, need(0)), step=60, last=MONDAY + timedelta(days=1))
        assert clock(question, known(business, 1)) == ["10:00", "09:00", "10:00", "11:00"]


class TestGrid:
    @pytest.mark.parametrize(
        ("grid", "starts"),
        [
            (StartGrid.OPENING, ["10:00", "10:45", "11:30", "13:10", "13:55"]),
            (StartGrid.CLOCK, ["10:30", "11:15", "13:30", "14:15"]),
        ],
    )
    def test_an_interval_that_does_not_divide_the_opening(self, grid: StartGrid, starts: list[str]) -> None:
        question = ask(item(30, need(0)), step=45, grid=grid)
        assert clock(question, known(every_day((600, 720), (790, 885)), 1)) == starts

    def test_an_interval_that_does_not_divide_the_day_goes_on_past_midnight(self) -> None:
        business = every_day((1400, 1560))
        assert clock(ask(item(10, need(0)), step=50), known(business, 1)) == ["23:20", "00:10", "01:00", "01:50"]

    def test_a_repeated_hour_is_offered_twice(self) -> None:
        day = date(2026, 10, 25)
        found = find_starts(ask(item(30, need(0)), day=day, zone=LONDON), known(every_day((0, 150)), 1))
        expected = [at(LONDON, day, 0) + timedelta(minutes=30 * n) for n in range(7)]
        assert [start.at for start in found] == expected
        assert at(LONDON, day, 1, 30, fold=1) in expected

    def test_an_hour_jumped_over_is_not_offered(self) -> None:
        day = date(2026, 3, 29)
        question = ask(item(30, need(0)), day=day, zone=LONDON)
        assert clock(question, known(every_day((0, 180)), 1)) == ["00:00", "00:30", "02:00", "02:30"]

    def test_half_an_hours_change_keeps_the_wall_clocks_grid(self) -> None:
        day = date(2026, 10, 4)  # Lord Howe jumps from 02:00 to 02:30
        question = ask(item(15, need(0)), day=day, zone="Australia/Lord_Howe", step=60)
        assert clock(question, known(every_day((0, 300)), 1)) == ["00:00", "01:00", "03:00", "04:00"]

    def test_a_date_that_the_zone_left_out_has_no_hours(self) -> None:
        left_out = date(2011, 12, 30)
        business = every_day((540, 720), one_off={left_out + timedelta(days=1): ()})
        around = {"day": left_out - timedelta(days=1), "last": left_out + timedelta(days=2)}
        question = ask(item(180, need(0)), zone="Pacific/Apia", **around)
        found = [start.at.astimezone(question.zone) for start in find_starts(question, known(business, 1))]
        assert [f"{moment:%d %H:%M}" for moment in found] == ["29 09:00", "01 09:00"]


class TestClaims:
    def test_half_open_on_both_sides(self) -> None:
        claims = (taken(0, at(TOKYO, MONDAY, 10), 60),)
        assert clock(ask(item(60, need(0))), known(NINE_TO_TWELVE, 1, taken=claims)) == ["09:00", "11:00"]

    def test_a_minute_claimed_in_part_is_claimed(self) -> None:
        begun = taken(0, at(TOKYO, MONDAY, 10) - timedelta(seconds=1), 30)
        question = ask(item(60, need(0)), step=60)
        assert clock(question, known(NINE_TO_TWELVE, 1, taken=(begun,))) == ["11:00"]
        ended = taken(0, at(TOKYO, MONDAY, 9, 30) + timedelta(microseconds=1), 30)
        assert clock(question, known(NINE_TO_TWELVE, 1, taken=(ended,))) == ["11:00"]

    def test_buffers_keep_their_distance_from_claims(self) -> None:
        claims = (taken(0, at(TOKYO, MONDAY, 10), 30),)
        question = ask(item(30, need(0), before=10, after=20), step=10)
        facts = known(NINE_TO_TWELVE, 1, taken=claims)
        assert clock(question, facts) == ["09:00", "09:10", "10:40", "10:50", "11:00", "11:10", "11:20", "11:30"]

    def test_a_claim_far_outside_the_days_blocks_the_buffer_only_where_it_reaches(self) -> None:
        business = every_day((0, 1440))
        night = (taken(0, at(TOKYO, MONDAY - timedelta(days=4), 0), 4 * 1440 + 30),)
        question = ask(item(60, need(0), before=15), step=15)
        assert clock(question, known(business, 1, taken=night))[0] == "00:45"

    def test_claims_of_units_and_resources_that_are_gone_are_passed_over(self) -> None:
        claims = (taken(0, at(TOKYO, MONDAY, 9), 180, unit=1), taken(7, at(TOKYO, MONDAY, 9), 180))
        question = ask(item(60, need(0, 7)))
        assert len(find_starts(question, known(NINE_TO_TWELVE, 1, taken=claims))) == 5

    def test_overlapping_claims_of_one_unit_are_their_union(self) -> None:
        claims = (taken(0, at(TOKYO, MONDAY, 9), 90), taken(0, at(TOKYO, MONDAY, 10), 60))
        assert clock(ask(item(60, need(0))), known(NINE_TO_TWELVE, 1, taken=claims)) == ["11:00"]


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


class TestWindow:
    def test_earliest_and_latest_are_both_bookable(self) -> None:
        window = {"earliest": at(TOKYO, MONDAY, 9, 30), "latest": at(TOKYO, MONDAY, 10, 30)}
        question = ask(item(60, need(0)), **window)
        assert clock(question, known(NINE_TO_TWELVE, 1)) == ["09:30", "10:00", "10:30"]

    def test_a_second_past_a_start_is_too_late_for_it(self) -> None:
        second = timedelta(seconds=1)
        window = {"earliest": at(TOKYO, MONDAY, 9, 30) + second, "latest": at(TOKYO, MONDAY, 10, 30) - second}
        assert clock(ask(item(60, need(0)), **window), known(NINE_TO_TWELVE, 1)) == ["10:00"]

    def test_a_window_that_misses_the_days_gives_nothing(self) -> None:
        facts = known(NINE_TO_TWELVE, 1)
        past = ask(item(60, need(0)), latest=at(TOKYO, MONDAY - timedelta(days=1), 23, 59))
        ahead = ask(item(60, need(0)), earliest=at(TOKYO, MONDAY + timedelta(days=2), 0))
        assert find_starts(past, facts) == find_starts(ahead, facts) == []

    def test_days_at_the_end_of_the_calendar_are_only_far_away(self) -> None:
        now = datetime(2026, 6, 1, tzinfo=UTC)
        window = dict(zip(("earliest", "latest"), bounds(now, timedelta(), timedelta(days=90)), strict=True))
        for day in (date.min, date.max):
            assert find_starts(ask(item(60, need(0)), day=day, **window), known(NINE_TO_TWELVE, 1)) == []

    def test_bounds_count_elapsed_time_over_a_clock_change(self) -> None:
        now = datetime(2026, 3, 28, 12, tzinfo=ZoneInfo(LONDON))
        assert bounds(now, timedelta(hours=24), timedelta(days=2)) == (
            datetime(2026, 3, 29, 12, tzinfo=UTC),
            datetime(2026, 3, 30, 12, tzinfo=UTC),
        )

    def test_check_window_refuses_a_moment_outside(self) -> None:
        early, late = at(TOKYO, MONDAY, 9), at(TOKYO, MONDAY, 10)
        question = ask(item(60, need(0)), earliest=early, latest=late)
        check_window(question, early)
        check_window(question, late)
        for moment in (early - timedelta(microseconds=1), late + timedelta(microseconds=1)):
            with pytest.raises(OutsideBookingWindow) as refused:
                check_window(question, moment)
            assert refused.value.details == {
                "reason": "too_soon" if moment < early else "too_far",
                "earliest": "2026-06-01T09:00:00+09:00",
                "latest": "2026-06-01T10:00:00+09:00",
            }

    @pytest.mark.parametrize(
        ("hour", "minute", "reason"),
        [
            (9, 0, Refusal.FULL),
            (11, 0, Refusal.NOBODY_WORKS),
            (11, 30, Refusal.NO_START),
            (9, 7, Refusal.NO_START),
            (8, 45, Refusal.CLOSED),
            (13, 0, Refusal.CLOSED),
        ],
    )
    def test_why_not_names_the_true_reason(self, hour: int, minute: int, reason: Refusal) -> None:
        facts = known(NINE_TO_TWELVE, 1, own=every_day((540, 660)))
        busy = replace(
            facts, taken=[Taken(one, 0, at(TOKYO, MONDAY, 8), at(TOKYO, MONDAY, 13)) for one in facts.resources]
        )
        question = ask(item(60, need(0)))
        assert find_starts(question, busy) == []
        assert why_not(question, busy, at(TOKYO, MONDAY, hour, minute)) is reason

    def test_why_not_is_full_for_a_class_whose_places_are_sold(self) -> None:
        start = at(TOKYO, MONDAY, 9)
        one = replace(item(60, need(0, per_person=True)), places=4)
        facts = replace(known(NINE_TO_TWELVE, 6), sold={(SERVICE, start): 4})
        assert why_not(ask(one), facts, start) is Refusal.FULL

    @pytest.mark.parametrize("days", [0, 3, 30, 60, 200, -50])
    def test_nearest_of_all_reaches_over_the_whole_window(self, days: int) -> None:
        """Open on one day alone, however far from the day that was asked for."""
        open_on = MONDAY + timedelta(days=days)
        business = every_day(one_off={open_on: hours((600, 780))})
        first, last = MONDAY - timedelta(days=60), MONDAY + timedelta(days=240)
        question = ask(item(60, need(0)), step=60)
        found = nearest_of_all(question, known(business, 1), at(TOKYO, MONDAY, 9), first, last)
        assert [start.at for start in found] == sorted(
            [at(TOKYO, open_on, hour) for hour in (10, 11, 12)], key=lambda one: abs(one - at(TOKYO, MONDAY, 9))
        )
        around = [find_starts(replace(question, first=day, last=day), known(business, 1)) for day in (first, last)]
        assert around == [[], []]

    def test_nearest_of_all_ends_where_nothing_is_open(self) -> None:
        first, last = MONDAY - timedelta(days=60), MONDAY + timedelta(days=730)
        question = ask(item(60, need(0)))
        assert nearest_of_all(question, known(every_day(), 1), at(TOKYO, MONDAY, 9), first, last) == []


class TestPlan:
    NINE = at(TOKYO, MONDAY, 9)

    def test_claims_include_the_buffers(self) -> None:
        question = ask(item(60, need(0, group=4), before=10, after=20))
        (claim,) = next(plan(question, known(NINE_TO_TWELVE, 1), self.NINE))
        assert (claim.item_index, claim.group, claim.resource_id, claim.unit) == (0, 4, resource_id(0), 0)
        assert (claim.starts_at, claim.ends_at) == (at(TOKYO, MONDAY, 8, 50), at(TOKYO, MONDAY, 10, 20))

    def test_the_least_booked_of_the_day_comes_first(self) -> None:
        claims = (
            taken(0, at(TOKYO, MONDAY, 10), 60),
            taken(1, at(TOKYO, MONDAY, 10), 30),
            taken(2, at(TOKYO, MONDAY - timedelta(days=1), 9), 600),
            taken(3, at(TOKYO, MONDAY, 10), 90),
            taken(3, at(TOKYO, MONDAY, 10), 60, unit=1),
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
