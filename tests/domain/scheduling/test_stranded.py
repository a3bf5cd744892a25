"""Which bookings a change of calendars would strand."""

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.scheduling.hours import Calendar, MinuteRange, WeeklyHours
from domain.scheduling.stranded import Calendars, Visit, Workplace, fitting, stranded

TOKYO, NEW_YORK = ZoneInfo("Asia/Tokyo"), ZoneInfo("America/New_York")
MONDAY = date(2026, 11, 23)
CUT, COLOUR = UUID(int=1), UUID(int=2)
HANAKO, JIRO = UUID(int=11), UUID(int=12)


def every_day(*ranges: tuple[int, int]) -> Calendar:
    return Calendar(WeeklyHours((tuple(MinuteRange(*one) for one in ranges),) * 7))


def at(hour: int, minute: int = 0, day: date = MONDAY, zone: ZoneInfo = TOKYO) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=zone) + timedelta(hours=hour, minutes=minute)


def calendars(
    business: Calendar,
    zone: ZoneInfo = TOKYO,
    own: Calendar | None = None,
    capacity: int = 1,
    services: Iterable[UUID] = (CUT,),
) -> Calendars:
    """Hanako works, Jiro does not."""
    return Calendars(zone, business, {HANAKO: Workplace(capacity, own or business, frozenset(services))})


def visit(start: datetime, end: datetime, number: int = 1, **more: object) -> Visit:
    values = {"service_id": CUT, "resource_id": HANAKO, "unit": 0, **more}
    return Visit(UUID(int=number), f"CODE{number}", start, end, **values)  # type: ignore[arg-type]


def is_open(business: Calendar, zone: ZoneInfo, start: datetime, end: datetime) -> bool:
    return bool(fitting([visit(start, end)], calendars(business, zone)))


@pytest.mark.parametrize(
    ("ranges", "start", "end", "inside"),
    [
        ([(540, 1080)], at(9), at(10), True),
        ([(540, 1080)], at(17), at(18), True),
        ([(540, 1080)], at(17), at(18, 1), False),
        ([(540, 1080)], at(8, 59), at(10), False),
        ([(540, 720), (720, 1080)], at(11, 30), at(12, 30), True),
        ([(540, 720), (721, 1080)], at(11, 30), at(12, 30), False),
        ([(1200, 1560)], at(25), at(26), True),  # two in the night, of the day before
        ([(1200, 1560)], at(25), at(26, 1), False),
        ([(0, 1440)], at(23), at(25), True),  # over midnight, round the clock
        ([(600, 2880)], at(47), at(48), True),
        ([], at(9), at(10), False),
    ],
)
def test_inside_the_hours(ranges: list[tuple[int, int]], start: datetime, end: datetime, inside: bool) -> None:
    assert is_open(every_day(*ranges), TOKYO, start, end) is inside


def test_one_off_days_and_public_holidays_count() -> None:
    open_days = every_day((540, 1080)).weekly
    closed = Calendar(open_days, {MONDAY: ()})
    assert not is_open(closed, TOKYO, at(10), at(11))
    holiday = Calendar(WeeklyHours(open_days.days, ()), {}, frozenset({MONDAY}))
    assert not is_open(holiday, TOKYO, at(10), at(11))
    assert is_open(holiday, TOKYO, at(10) + timedelta(days=1), at(11) + timedelta(days=1))


def test_day_of_25_hours() -> None:
    """On 2026-11-01 New York's clocks go back at two: 22:00-26:00 of the day before ends at two, second time."""
    sunday = date(2026, 11, 1)
    calendar = every_day((1320, 1560))
    start = datetime(2026, 11, 1, 3, 30, tzinfo=UTC)  # 23:30 on Saturday
    assert is_open(calendar, NEW_YORK, start, datetime(2026, 11, 1, 5, 30, tzinfo=UTC))
    assert not is_open(calendar, NEW_YORK, at(3, day=sunday, zone=NEW_YORK), at(4, day=sunday, zone=NEW_YORK))


@given(
    st.lists(st.tuples(st.integers(0, 1439), st.integers(1, 1440)), max_size=3),
    st.integers(0, 2000),
    st.integers(1, 300),
)
def test_minute_by_minute(written: list[tuple[int, int]], start: int, length: int) -> None:
    ranges = [(opens, min(opens + long, 2880)) for opens, long in written]
    first, moment = date(2026, 11, 20), at(0) + timedelta(minutes=start)
    zero = datetime(first.year, first.month, first.day, tzinfo=TOKYO)
    opened = {day * 1440 + minute for day in range(8) for opens, closes in ranges for minute in range(opens, closes)}
    asked = range(int((moment - zero).total_seconds()) // 60, int((moment - zero).total_seconds()) // 60 + length)
    inside = is_open(every_day(*ranges), TOKYO, moment, moment + timedelta(minutes=length))
    assert inside == all(minute in opened for minute in asked)


def test_stranded_bookings_are_those_that_fitted_before() -> None:
    visits = [visit(at(hour), at(hour + 1), number) for number, hour in ((1, 9), (2, 15), (3, 20))]
    before, after = every_day((540, 1080)), every_day((540, 720))
    assert stranded(visits, calendars(before), calendars(after)) == [visits[1]]
    assert stranded(visits, calendars(before), calendars(before)) == []
    assert stranded(visits, calendars(before), calendars(before, ZoneInfo("Asia/Seoul"))) == []
    assert stranded(visits, calendars(before), calendars(before, ZoneInfo("UTC"))) == visits[:2]


def test_hours_of_the_resource_count_beside_the_business_s() -> None:
    whole_day, mornings = every_day((540, 1080)), every_day((540, 720))
    wanted = [visit(at(15), at(16))]
    assert stranded(wanted, calendars(whole_day), calendars(whole_day, own=mornings)) == wanted
    assert stranded(wanted, calendars(whole_day, own=whole_day), calendars(mornings, own=whole_day)) == wanted


@pytest.mark.parametrize(
    ("more", "after"),
    [
        ({"resource_id": JIRO}, {}),  # not active
        ({"unit": 1}, {}),  # fewer units
        ({"service_id": COLOUR}, {}),  # no longer performed
    ],
)
def test_resource_that_is_gone_fits_nothing(more: dict[str, object], after: dict[str, object]) -> None:
    day = every_day((540, 1080))
    asked = [visit(at(15), at(16), **more)]
    assert fitting(asked, calendars(day)) == frozenset()
    assert fitting([visit(at(15), at(16))], calendars(day)) == {UUID(int=1)}


def test_booking_fits_when_all_of_it_does() -> None:
    day = calendars(every_day((540, 1080)))
    both = [visit(at(15), at(16)), visit(at(17, 30), at(18, 30))]
    assert fitting(both, day) == frozenset()
    wider = calendars(every_day((540, 1200)))
    assert stranded(both, wider, day) == [both[0]]
    assert fitting([], day) == frozenset()
