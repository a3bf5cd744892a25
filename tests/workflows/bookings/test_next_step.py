"""What falls due during a visit: pure, by the clock that is passed in."""

from dataclasses import replace
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from domain.booking_status import BookingStatus as S
from tests.workflows.stub_state import snapshot
from workflows.bookings.booking.next_step import NextStep, StepKind, next_step
from workflows.support import options

DAY = timedelta(days=1)
HOUR = timedelta(hours=1)
BOOKING = snapshot(status=S.CONFIRMED, reminder_offsets=(HOUR, DAY))
DAY_AHEAD = NextStep(StepKind.REMIND, BOOKING.start_at - DAY, BOOKING.start_at, DAY)
HOUR_AHEAD = NextStep(StepKind.REMIND, BOOKING.start_at - HOUR, BOOKING.start_at, HOUR)
END = NextStep(StepKind.COMPLETE, BOOKING.end_at + BOOKING.no_show_grace)


def test_next_step_is_the_earliest_whatever_the_order_of_the_settings() -> None:
    armed_at = BOOKING.start_at - 3 * DAY
    assert next_step(BOOKING, armed_at, frozenset()) == DAY_AHEAD
    assert next_step(BOOKING, armed_at, {DAY_AHEAD}) == HOUR_AHEAD
    assert next_step(BOOKING, armed_at, {DAY_AHEAD, HOUR_AHEAD}) == END


def test_next_step_leaves_out_what_was_over_at_the_confirmation() -> None:
    assert next_step(BOOKING, BOOKING.start_at - 23 * HOUR, frozenset()) == HOUR_AHEAD
    assert next_step(BOOKING, BOOKING.start_at - DAY, frozenset()) == HOUR_AHEAD


def test_next_step_keeps_what_fell_due_later() -> None:
    # Nobody was there for a day: its time is past, and it is still the next thing to do.
    assert next_step(BOOKING, BOOKING.start_at - 3 * DAY, frozenset()).at == BOOKING.start_at - DAY


def test_next_step_has_reminders_of_the_new_start() -> None:
    moved = replace(BOOKING, start_at=BOOKING.start_at + DAY, end_at=BOOKING.end_at + DAY)
    step = next_step(moved, BOOKING.start_at - 2 * DAY, {DAY_AHEAD, HOUR_AHEAD})
    assert (step.kind, step.start_at, step.offset) == (StepKind.REMIND, moved.start_at, DAY)


def test_next_step_has_no_reminder_after_the_check_in() -> None:
    here = replace(BOOKING, status=S.CHECKED_IN)
    assert next_step(here, BOOKING.start_at - 3 * DAY, frozenset()) == END


def test_next_step_does_not_renew_what_lasts_until_the_visit() -> None:
    paid_at = END.at + options.CAPTURE_WITHIN
    armed_at = BOOKING.start_at - 3 * DAY
    done = {DAY_AHEAD, HOUR_AHEAD}
    assert next_step(BOOKING, armed_at, done, None) == END
    assert next_step(BOOKING, armed_at, done, paid_at) == END
    lapses_at = paid_at - timedelta(seconds=1)
    renewal = NextStep(StepKind.RENEW, lapses_at - options.RENEW_AHEAD)
    assert next_step(BOOKING, armed_at, done, lapses_at) == renewal
    assert next_step(BOOKING, armed_at, {*done, renewal}, lapses_at) == END, "it is tried once"
    assert next_step(replace(BOOKING, status=S.CHECKED_IN), armed_at, done, lapses_at) == renewal


def test_next_step_without_auto_complete_ends_a_month_later() -> None:
    waits = replace(BOOKING, auto_complete=False, reminder_offsets=())
    step = next_step(waits, BOOKING.start_at, frozenset())
    assert step == NextStep(StepKind.CLOSE_UNATTENDED, END.at + options.UNATTENDED)


@given(
    st.lists(st.integers(1, 60 * 24 * 10).map(lambda minutes: timedelta(minutes=minutes)), max_size=5, unique=True),
    st.integers(-60 * 24 * 12, 0).map(lambda minutes: timedelta(minutes=minutes)),
    st.integers(0, 60 * 24 * 12).map(lambda minutes: timedelta(minutes=minutes)),
)
def test_next_step_reminds_once_for_each_offset_that_is_ahead(
    offsets: list[timedelta], armed: timedelta, later: timedelta
) -> None:
    """Step by step to the end of the visit, and again after it was moved: each offset that is ahead when the booking is
    confirmed or moved has one reminder, in the order of time; the others have none."""
    booking = replace(BOOKING, reminder_offsets=tuple(offsets))
    moved = replace(booking, start_at=booking.start_at + later, end_at=booking.end_at + later)
    done: set[NextStep] = set()
    for now, armed_at in ((booking, booking.start_at + armed), (moved, booking.start_at)):
        expected = sorted(at for offset in offsets if (at := now.start_at - offset) > armed_at)
        found = []
        while (step := next_step(now, armed_at, done)).kind is StepKind.REMIND:
            assert step.start_at == now.start_at
            found.append(step.at)
            done.add(step)
        assert found == expected
