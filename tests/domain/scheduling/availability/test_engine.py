"""The engine's hours, grid, claims and booking window, with answers worked out by hand."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from domain.scheduling.availability.engine import (
    Refusal,
    check_window,
    find_starts,
    nearest_of_all,
    why_not,
)
from domain.scheduling.availability.model import StartGrid, Taken, bounds
from domain.scheduling.errors import OutsideBookingWindow
from domain.scheduling.hours import Calendar, WeeklyHours
from tests.domain.scheduling.availability.scenarios import (
    LONDON,
    MONDAY,
    NINE_TO_TWELVE,
    SERVICE,
    TOKYO,
    ask,
    at,
    clock,
    every_day,
    hours,
    item,
    known,
    need,
    taken,
)


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
