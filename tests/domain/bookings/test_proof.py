"""Which new bookings wait for the proof of the typed address, and how long they are held."""

from datetime import UTC, datetime, timedelta
from itertools import product

import pytest

from domain.booking_status import BookingStatus
from domain.bookings.errors import HoldLimit
from domain.bookings.hold import terms
from domain.bookings.limits import MAX_OPEN_HOLDS, check_proven_bookings
from domain.bookings.proof import time_to_prove
from domain.money import Money
from domain.payments.dues import ServiceCharge, dues
from domain.payments.status import PaymentMode
from domain.scheduling.errors import NotBookable

NOW = datetime(2026, 11, 24, 3, tzinfo=UTC)
UNPAID = dues([ServiceCharge(Money(5000), PaymentMode.AT_VENUE)])
WITHIN, HOLD, APPROVE = timedelta(minutes=30), timedelta(minutes=10), timedelta(hours=24)


@pytest.mark.parametrize(
    ("is_due", "by_staff", "is_proven", "within"), list(product(*[(False, True)] * 3, (WITHIN, 0 * WITHIN)))
)
def test_time_to_prove_is_asked_only_of_unproven_callers_who_pay_nothing(
    is_due: bool, by_staff: bool, is_proven: bool, within: timedelta
) -> None:
    asked = not (is_due or by_staff or is_proven) and bool(within)
    found = time_to_prove(within, is_due=is_due, by_staff=by_staff, is_proven=is_proven, has_address=True)
    assert found == (WITHIN if asked else timedelta())
    if asked:
        with pytest.raises(NotBookable):
            time_to_prove(within, is_due=is_due, by_staff=by_staff, is_proven=is_proven, has_address=False)


@pytest.mark.parametrize("approval", [False, True])
def test_terms_hold_until_the_proof_is_due(approval: bool) -> None:
    agreed = terms(UNPAID, approval, NOW, NOW + timedelta(hours=48), HOLD, APPROVE, WITHIN)
    assert agreed.status is BookingStatus.PENDING
    assert agreed.hold_expires_at == agreed.proof_deadline == NOW + WITHIN
    assert agreed.approval_deadline == (NOW + APPROVE if approval else None)


def test_terms_ask_for_the_proof_before_the_visit_starts() -> None:
    start = NOW + timedelta(minutes=5)
    assert terms(UNPAID, False, NOW, start, HOLD, APPROVE, WITHIN).hold_expires_at == start


def test_check_proven_bookings_limits_one_address() -> None:
    check_proven_bookings(MAX_OPEN_HOLDS - 1)
    with pytest.raises(HoldLimit):
        check_proven_bookings(MAX_OPEN_HOLDS)
