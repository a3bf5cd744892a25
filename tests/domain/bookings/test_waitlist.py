"""Which freed time fits an entry of the waitlist, who is asked first, and when an entry ends."""

from datetime import UTC, date, datetime, timedelta
from itertools import product
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.bookings import waitlist
from domain.bookings.errors import WaitlistLimit
from domain.bookings.waitlist import Entry, EntryStatus, Offered, OfferStatus, OfferTerms, Wanted
from domain.errors import InvalidInput, WrongState
from domain.scheduling.errors import OverlappingHours
from domain.scheduling.hours import MinuteRange
from tests.support.cases import for_each

TOKYO, BERLIN = ZoneInfo("Asia/Tokyo"), ZoneInfo("Europe/Berlin")
DAY = date(2026, 11, 24)
NOW = datetime(2026, 11, 23, 3, tzinfo=UTC)
HOUR = timedelta(hours=1)
TERMS = OfferTerms(offer_for=timedelta(minutes=15), lead=HOUR, duration=HOUR, zone=TOKYO)
AFTERNOON = (MinuteRange(13 * 60, 17 * 60),)


def tokyo(hour: int, minute: int = 0, day: date = DAY) -> datetime:
    return datetime.combine(day, datetime.min.time(), TOKYO) + timedelta(hours=hour, minutes=minute)


def entry(number: int = 1, joined: int = 0, offered: tuple[Offered, ...] = (), **more: object) -> Entry:
    wanted = Wanted(**{"first_day": DAY, "last_day": DAY, **more})
    return Entry(UUID(int=number), UUID(int=99), NOW + timedelta(seconds=joined), wanted, offered)


@pytest.mark.parametrize(
    ("start", "minutes", "fits"),
    [
        (tokyo(13), 60, True),
        (tokyo(16), 60, True),
        (tokyo(16, 1), 60, False),  # it would end after the time that the entry names
        (tokyo(12, 59), 60, False),
        (tokyo(13), 240, True),
        (tokyo(13), 241, False),
    ],
)
def test_lies_in_times_wants_the_whole_visit_inside(start: datetime, minutes: int, fits: bool) -> None:
    wanted = Wanted(DAY, DAY, AFTERNOON)
    assert waitlist.lies_in_times(wanted, start, start + timedelta(minutes=minutes), TOKYO) is fits


def test_lies_in_times_does_not_join_two_times_that_have_a_gap() -> None:
    wanted = Wanted(DAY, DAY, (MinuteRange(540, 600), MinuteRange(660, 720)))
    assert waitlist.lies_in_times(wanted, tokyo(9), tokyo(10), TOKYO)
    assert not waitlist.lies_in_times(wanted, tokyo(9, 30), tokyo(11, 30), TOKYO)


def test_lies_in_times_counts_past_midnight_on_the_day_before_alone() -> None:
    late = Wanted(DAY, DAY, (MinuteRange(23 * 60, 26 * 60),))
    assert waitlist.lies_in_times(late, tokyo(24, 30), tokyo(25, 30), TOKYO)
    assert waitlist.lies_in_times(late, tokyo(23, 30), tokyo(24, 30), TOKYO)
    assert not waitlist.lies_in_times(late, tokyo(0, 30), tokyo(1, 30), TOKYO)  # the night before its first day
    assert not waitlist.lies_in_times(late, tokyo(25, 30), tokyo(26, 30), TOKYO)


def test_lies_in_times_reads_the_wall_clock_over_a_change_of_the_clock() -> None:
    # In Berlin the clock goes from 03:00 back to 02:00: one hour of service takes the wall clock from 02:30 to 02:30.
    day = date(2026, 10, 25)
    start = datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    assert waitlist.lies_in_times(Wanted(day, day, (MinuteRange(150, 180),)), start, start + HOUR, BERLIN)
    # On the day after the same wall-clock time is another hour of UTC.
    assert waitlist.lies_in_times(
        Wanted(DAY, DAY, (MinuteRange(600, 660),)),
        *(datetime(2026, 11, 24, hour, tzinfo=UTC) for hour in (9, 10)),
        BERLIN,
    )


@given(
    st.integers(0, 2879),
    st.integers(1, 600),
    st.lists(st.tuples(st.integers(0, 2000), st.integers(1, 800)), max_size=3),
)
def test_lies_in_times_never_reaches_past_a_named_time(start: int, length: int, spans: list[tuple[int, int]]) -> None:
    try:
        wanted = Wanted(DAY, DAY, tuple(MinuteRange(a, a + b) for a, b in spans))
    except (InvalidInput, OverlappingHours):
        return
    begins = tokyo(0) + timedelta(minutes=start)
    inside = any(span.start <= start and start + length <= span.end for span in wanted.times) or not spans
    assert waitlist.lies_in_times(wanted, begins, begins + timedelta(minutes=length), TOKYO) is inside


def test_in_turn_asks_who_joined_first() -> None:
    listed = [entry(3, 5), entry(2, 0), entry(1, 0), entry(4, -1)]
    assert [one.id.int for one in waitlist.in_turn(listed)] == [4, 1, 2, 3]


@pytest.mark.parametrize("status", OfferStatus)
def test_was_offered_counts_every_minute_of_an_earlier_offer(status: OfferStatus) -> None:
    earlier = [Offered(tokyo(15), tokyo(16), status)]
    counts = status is not OfferStatus.WITHDRAWN
    assert waitlist.was_offered(earlier, tokyo(15), tokyo(16)) is counts
    assert waitlist.was_offered(earlier, tokyo(15, 50), tokyo(16, 50)) is counts
    assert not waitlist.was_offered(earlier, tokyo(16), tokyo(17))
    assert not waitlist.was_offered(earlier, tokyo(14), tokyo(15))


def test_offerable_is_nothing_while_another_offer_is_open() -> None:
    waits = entry(offered=(Offered(tokyo(10), tokyo(11), OfferStatus.OPEN),))
    assert list(waitlist.offerable(waits, [tokyo(15)], TERMS, NOW)) == []


def test_offerable_keeps_the_order_and_what_the_entry_takes() -> None:
    waits = entry(times=AFTERNOON, offered=(Offered(tokyo(14), tokyo(15), OfferStatus.DECLINED),))
    free = [tokyo(12), tokyo(13), tokyo(13, 30), tokyo(15), tokyo(16, 30)]
    assert list(waitlist.offerable(waits, free, TERMS, NOW)) == [tokyo(13), tokyo(15)]


@pytest.mark.parametrize(
    ("before", "until"),
    [
        (timedelta(hours=5), timedelta(minutes=15)),
        (timedelta(hours=1, minutes=10), timedelta(minutes=10)),  # the lead time ends it earlier
        (timedelta(hours=1, minutes=5), timedelta(minutes=5)),
        (timedelta(hours=1, minutes=4), None),
        (timedelta(minutes=30), None),
    ],
)
def test_answer_by_is_never_later_than_the_booking_could_be_made(before: timedelta, until: timedelta | None) -> None:
    assert waitlist.answer_by(NOW, TERMS, NOW + before) == (None if until is None else NOW + until)


def test_answer_by_takes_the_owners_word_for_a_shorter_offer() -> None:
    short = OfferTerms(timedelta(minutes=2), timedelta(), HOUR, TOKYO)
    assert waitlist.answer_by(NOW, short, NOW + timedelta(minutes=2)) == NOW + timedelta(minutes=2)
    assert waitlist.answer_by(NOW, short, NOW + timedelta(minutes=1)) is None


@pytest.mark.parametrize(
    ("times", "closes", "hour"),
    [((), 1200, 24), ((), 1530, 25.5), (AFTERNOON, 1530, 17), ((MinuteRange(1380, 1560),), 0, 26)],
)
def test_ends_at_is_the_last_moment_at_which_its_last_time_can_be_booked(
    times: tuple[MinuteRange, ...], closes: int, hour: float
) -> None:
    wanted = Wanted(DAY - timedelta(days=2), DAY, times)
    assert waitlist.ends_at(wanted, closes, TERMS) == tokyo(0) + timedelta(hours=hour) - 2 * HOUR


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"last_day": DAY - timedelta(days=1)}, "last_day"),
        ({"last_day": DAY + timedelta(days=31)}, "last_day"),
        ({"party_size": 0}, "party_size"),
        ({"times": tuple(MinuteRange(n, n + 1) for n in range(7))}, "times"),
    ],
)
def test_wanted_refuses_what_no_calendar_is_asked(values: dict[str, object], field: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        entry(**values)
    assert refused.value.details["fields"][0]["field"] == field


def test_wanted_refuses_times_that_share_a_minute() -> None:
    with pytest.raises(OverlappingHours):
        entry(times=(MinuteRange(0, 60), MinuteRange(59, 90)))


def test_after_no_answer_ends_an_entry_that_never_answers() -> None:
    ends = [waitlist.after_no_answer(number) for number in (1, 2, 3, 4)]
    assert ends == [EntryStatus.WAITING, EntryStatus.WAITING, EntryStatus.ENDED, EntryStatus.ENDED]


@for_each(("current", "wanted"), list(product(EntryStatus, EntryStatus)))
def test_check_transition_is_the_table(current: EntryStatus, wanted: EntryStatus) -> None:
    if wanted in waitlist.ALLOWED[current]:
        waitlist.check_transition(current, wanted)
        return
    with pytest.raises(WrongState):
        waitlist.check_transition(current, wanted)


def test_ends_of_an_entry_are_no_longer_on_the_list() -> None:
    assert {one for one in EntryStatus if not waitlist.ALLOWED[one]} == set(EntryStatus) - waitlist.ACTIVE


@pytest.mark.parametrize(
    ("counts", "proven", "refused"),
    [
        ((4, 9, 499), True, False),
        ((5, 0, 0), True, True),
        ((0, 4, 0), False, False),
        ((0, 5, 0), False, True),
        ((0, 0, 500), True, True),
    ],
)
def test_check_limits(counts: tuple[int, int, int], proven: bool, refused: bool) -> None:
    if not refused:
        waitlist.check_limits(*counts, is_proven=proven)
        return
    with pytest.raises(WaitlistLimit):
        waitlist.check_limits(*counts, is_proven=proven)
