"""Opening hours: their bounds, their overlaps, which row holds on a date, and zones."""

from datetime import date
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import InvalidInput
from domain.scheduling.errors import OverlappingHours
from domain.scheduling.hours import Calendar, MinuteRange, WeeklyHours, check_day, check_week, check_zone

MONDAY = date(2026, 6, 1)


def hours(*spans: tuple[int, int]) -> tuple[MinuteRange, ...]:
    return tuple(MinuteRange(start, end) for start, end in spans)


def week(holiday: tuple[MinuteRange, ...] | None = None, **days: tuple[MinuteRange, ...]) -> WeeklyHours:
    names = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
    return WeeklyHours(tuple(days.get(name, ()) for name in names), holiday)


@pytest.mark.parametrize(("start", "end"), [(0, 1), (0, 2880), (1439, 1440), (1320, 1530), (0, 1440)])
def test_ranges_inside_the_bounds(start: int, end: int) -> None:
    assert MinuteRange(start, end).end == end


@pytest.mark.parametrize(
    ("start", "end", "field"),
    [(600, 540, "end"), (600, 600, "end"), (-1, 60, "start"), (2880, 2881, "start"), (0, 2881, "end")],
)
def test_ranges_out_of_bounds_are_refused_with_the_field(start: int, end: int, field: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        MinuteRange(start, end)
    assert [wrong["field"] for wrong in refused.value.details["fields"]] == [field]


def test_overlapping_hours_are_named_as_people_write_them() -> None:
    with pytest.raises(OverlappingHours) as refused:
        check_week(week(fri=hours((1320, 1530)), sat=hours((60, 600))))
    assert refused.value.details == {
        "day": "friday",
        "first": {"opens": "22:00", "closes": "25:30"},
        "second": {"opens": "01:00", "closes": "10:00"},
    }
    with pytest.raises(OverlappingHours) as refused:
        check_week(week(mon=hours((540, 720), (600, 1080))))
    assert refused.value.details["day"] == "monday"


def test_hours_that_begin_after_midnight_are_the_next_days() -> None:
    with pytest.raises(InvalidInput):
        check_day(hours((1440, 1500)))
    with pytest.raises(InvalidInput):
        check_week(week(mon=hours((540, 600), (1470, 1560))))


SPANS = st.tuples(st.integers(0, 1439), st.integers(1, 600)).map(lambda p: MinuteRange(p[0], p[0] + p[1]))


@given(st.lists(SPANS, max_size=5))
def test_day_is_refused_exactly_when_two_ranges_share_a_minute(ranges: list[MinuteRange]) -> None:
    minutes = [minute for span in ranges for minute in range(span.start, span.end)]
    if len(minutes) != len(set(minutes)):
        with pytest.raises(OverlappingHours):
            check_day(ranges)
    else:
        assert check_day(ranges) == tuple(sorted(ranges))


def test_ranges_that_touch_do_not_overlap() -> None:
    assert check_day(hours((600, 720), (540, 600))) == hours((540, 600), (600, 720))


def test_past_midnight_up_to_the_next_days_first_range_is_allowed() -> None:
    allowed = week(fri=hours((1320, 1530)), sat=hours((90, 600)))
    assert check_week(allowed) == allowed


@pytest.mark.parametrize(
    "refused",
    [
        week(fri=hours((1320, 1531)), sat=hours((90, 600))),
        week(sun=hours((1320, 1531)), mon=hours((90, 600))),
        week(fri=hours((1320, 1531)), holiday=hours((90, 600))),
        week(holiday=hours((1320, 1531)), wed=hours((90, 600))),
        week(holiday=hours((90, 600), (1320, 1531))),
        week(tue=hours((540, 700), (600, 800))),
        week(holiday=hours((540, 700), (600, 800))),
    ],
    ids=["friday", "sunday", "before_holiday", "after_holiday", "two_holidays", "one_day", "one_holiday"],
)
def test_overlaps_anywhere_in_the_week_are_refused(refused: WeeklyHours) -> None:
    with pytest.raises(OverlappingHours):
        check_week(refused)


def test_checked_week_is_in_order() -> None:
    checked = check_week(week(mon=hours((600, 700), (100, 200)), holiday=hours((50, 60), (10, 20))))
    assert checked == week(mon=hours((100, 200), (600, 700)), holiday=hours((10, 20), (50, 60)))


@pytest.mark.parametrize("count", [0, 6, 8])
def test_week_has_seven_days(count: int) -> None:
    with pytest.raises(InvalidInput):
        WeeklyHours(((),) * count)


class TestPrecedence:
    WEEKDAY, HOLIDAY, SPECIAL = hours((540, 1080)), hours((600, 720)), hours((660, 690))

    def on(self, *, holiday_row: bool, is_holiday: bool, one_off: bool) -> tuple[MinuteRange, ...]:
        calendar = Calendar(
            week(mon=self.WEEKDAY, holiday=self.HOLIDAY if holiday_row else None),
            {MONDAY: self.SPECIAL} if one_off else {},
            frozenset({MONDAY}) if is_holiday else frozenset(),
        )
        return calendar.ranges_on(MONDAY)

    @pytest.mark.parametrize("holiday_row", [True, False])
    @pytest.mark.parametrize("is_holiday", [True, False])
    def test_a_one_off_day_is_above_all(self, holiday_row: bool, is_holiday: bool) -> None:
        assert self.on(holiday_row=holiday_row, is_holiday=is_holiday, one_off=True) == self.SPECIAL

    def test_then_the_public_holiday_row(self) -> None:
        assert self.on(holiday_row=True, is_holiday=True, one_off=False) == self.HOLIDAY

    @pytest.mark.parametrize(("holiday_row", "is_holiday"), [(True, False), (False, True), (False, False)])
    def test_else_the_weekday(self, holiday_row: bool, is_holiday: bool) -> None:
        assert self.on(holiday_row=holiday_row, is_holiday=is_holiday, one_off=False) == self.WEEKDAY

    def test_empty_is_closed_not_missing(self) -> None:
        calendar = Calendar(week(mon=self.WEEKDAY, holiday=()), public_holidays=frozenset({MONDAY}))
        assert calendar.ranges_on(MONDAY) == ()
        assert Calendar(week(mon=self.WEEKDAY), {MONDAY: ()}).ranges_on(MONDAY) == ()

    def test_days_count_from_monday(self) -> None:
        assert Calendar(week(sun=self.WEEKDAY)).ranges_on(date(2026, 6, 7)) == self.WEEKDAY


@pytest.mark.parametrize("name", ["Asia/Tokyo", "UTC", "America/Argentina/Ushuaia", "Asia/Kathmandu"])
def test_known_zones(name: str) -> None:
    assert check_zone(name) == ZoneInfo(name)


@pytest.mark.parametrize(
    "name",
    ["", "Tokyo", "Asia", "asia/tokyo", "+09:00", "../etc/passwd", "/etc/localtime", "localtime", "right/UTC", "a\0b"],
)
def test_unknown_zones_are_refused(name: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        check_zone(name)
    assert refused.value.details["fields"] == [{"field": "time_zone", "rule": "iana_zone"}]
