"""Every step a booking may and may not take, against a table written out here by hand."""

import pytest

from domain.booking_status import ALLOWED, FINAL, LIVE, BookingStatus, check_transition
from domain.errors import WrongState
from tests.support.cases import for_each

#: From each status the statuses that may follow. ``expired -> confirmed`` is money that came late for a free slot;
#: ``confirmed -> pending`` is a customer's move that the business has to approve again.
EXPECTED = {
    "pending": {"confirmed", "expired", "cancelled", "declined"},
    "confirmed": {"pending", "checked_in", "no_show", "cancelled"},
    "checked_in": {"completed", "no_show", "cancelled"},
    "completed": set(),
    "no_show": set(),
    "cancelled": set(),
    "declined": set(),
    "expired": {"confirmed"},
}


def test_transition_table_has_every_status() -> None:
    assert set(EXPECTED) == {status.value for status in BookingStatus} == {status.value for status in ALLOWED}


@for_each("wanted", list(BookingStatus))
@for_each("current", list(BookingStatus))
def test_transition(current: BookingStatus, wanted: BookingStatus) -> None:
    if wanted.value in EXPECTED[current.value]:
        check_transition(current, wanted)
    else:
        with pytest.raises(WrongState) as refused:
            check_transition(current, wanted)
        assert refused.value.details == {"status": current.value, "wanted": wanted.value}


def test_live_and_final_share_nothing_and_leave_nothing_out() -> None:
    assert {status.value for status in LIVE} == {"pending", "confirmed", "checked_in"}
    assert set(BookingStatus) == LIVE | FINAL
    assert not LIVE & FINAL


def test_final_status_is_left_by_late_money_alone() -> None:
    leaving = {(status.value, wanted.value) for status in FINAL for wanted in ALLOWED[status]}
    assert leaving == {("expired", "confirmed")}
