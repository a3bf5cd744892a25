"""Which payment a customer can make, over every status of booking and payment."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from domain.booking_status import BookingStatus
from domain.errors import Gone, RuleBroken, WrongState
from domain.payments.opening import Opening, OpeningFacts, opening
from domain.payments.status import PaymentMode, PaymentStatus

NOW = datetime(2026, 12, 1, 1, tzinfo=UTC)
P, B = PaymentStatus, BookingStatus
HELD = OpeningFacts(B.PENDING, PaymentMode.PREPAY, 6000, NOW + timedelta(minutes=10), "Asia/Tokyo")
CARD = OpeningFacts(B.CONFIRMED, PaymentMode.CARD_HOLD, 6000, None, "Asia/Tokyo", P.AUTHORIZED)


@pytest.mark.parametrize("current", [None, *P])
def test_opening_of_a_held_booking_takes_the_payment_that_is_not_voided(current: PaymentStatus | None) -> None:
    expected = Opening.FIRST if current in {None, P.VOIDED} else Opening.CURRENT
    assert opening(replace(HELD, current=current), NOW) is expected


def test_opening_ends_with_the_hold() -> None:
    assert HELD.hold_expires_at is not None
    with pytest.raises(Gone) as gone:
        opening(HELD, HELD.hold_expires_at)
    assert gone.value.details == {"hold_expires_at": "2026-12-01T10:10:00+09:00"}
    with pytest.raises(Gone):
        opening(replace(HELD, booking_status=B.EXPIRED), NOW)


def test_opening_needs_something_to_pay() -> None:
    with pytest.raises(RuleBroken) as broken:
        opening(replace(HELD, amount_due=0), NOW)
    assert broken.value.details == {"rule": "nothing_due"}


@pytest.mark.parametrize("status", sorted(set(B) - {B.PENDING, B.EXPIRED}))
def test_opening_is_refused_after_the_hold(status: BookingStatus) -> None:
    with pytest.raises(WrongState):
        opening(replace(HELD, booking_status=status), NOW)


@pytest.mark.parametrize("status", [B.CONFIRMED, B.CHECKED_IN])
def test_opening_takes_a_new_card_where_the_authorization_is_lost(status: BookingStatus) -> None:
    lost = replace(CARD, booking_status=status, current=P.VOIDED)
    assert opening(lost, NOW) is Opening.REPLACEMENT
    assert opening(replace(lost, current=P.AUTHORIZED, renewal_failed=True), NOW) is Opening.REPLACEMENT
    assert opening(replace(lost, current=P.REQUIRES_PAYMENT, replaces=True), NOW) is Opening.CURRENT


@pytest.mark.parametrize(
    "facts", [CARD, replace(CARD, current=None), replace(CARD, current=P.CAPTURED), replace(CARD, current=P.FAILED)]
)
def test_opening_takes_no_new_card_where_the_present_one_is_good(facts: OpeningFacts) -> None:
    with pytest.raises(WrongState):
        opening(facts, NOW)


@pytest.mark.parametrize("status", [B.CANCELLED, B.COMPLETED, B.NO_SHOW, B.DECLINED])
def test_opening_takes_no_new_card_after_the_visit(status: BookingStatus) -> None:
    with pytest.raises(WrongState):
        opening(replace(CARD, booking_status=status, current=P.VOIDED), NOW)
