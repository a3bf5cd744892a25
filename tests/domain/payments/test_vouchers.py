"""Until when a voucher of a convenience store can be paid, and what an event does to it."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.booking_status import BookingStatus
from domain.errors import RuleBroken
from domain.money import Money
from domain.payments.intents import VoucherStep, voucher_step
from domain.payments.lapse import Card
from domain.payments.limits import ProviderLimits
from domain.payments.payment import Payment
from domain.payments.provider_events import IntentEvent
from domain.payments.settlement import OPEN
from domain.payments.status import PaymentMode, PaymentStatus
from domain.payments.vouchers import (
    JAPAN,
    LEAST_LIFE,
    StoreCode,
    UnprovenVouchers,
    Voucher,
    VoucherFacts,
    held_until,
    is_offered,
    last_second,
    offer,
    waits_for_voucher,
    warn_at,
)
from providers.payments.limits import PAYJP_V1, PAYJP_V2, STRIPE
from tests.support.cases import for_each

P, B = PaymentStatus, BookingStatus
#: Saturday, 12:00 in Tokyo.
NOW = datetime(2026, 11, 21, 3, tzinfo=UTC)
FAR = NOW + timedelta(days=30)
FACTS = VoucherFacts(Money(5000), PaymentMode.PREPAY, FAR, 3, "ai@example.com")
VOUCHER = Voucher(NOW + timedelta(days=1), (StoreCode("lawson", "123456", "12345678901"),))
PAYMENT = Payment(
    *(UUID(int=1), UUID(int=2), UUID(int=3), "stripe", "pi_1", P.REQUIRES_PAYMENT, False, 5000, 0, 0, 0, "JPY"),
    *(None, None, NOW),
)
EVENT = IntentEvent("pi_1", P.REQUIRES_PAYMENT, 5000, "JPY", 0, voucher=VOUCHER)


@pytest.mark.parametrize(
    ("now", "days", "start_at", "end"),
    [
        (NOW, 3, FAR, "2026-11-24T23:59:59+09:00"),
        (NOW, 1, FAR, "2026-11-22T23:59:59+09:00"),
        (NOW, 3, datetime(2026, 11, 23, 5, tzinfo=UTC), "2026-11-22T23:59:59+09:00"),  # Monday, 14:00
        (NOW, 3, datetime(2026, 11, 21, 15, tzinfo=UTC), "2026-11-21T23:59:59+09:00"),  # midnight
        (NOW, 3, datetime(2026, 11, 21, 14, 59, tzinfo=UTC), None),  # the same evening
        (datetime(2026, 11, 21, 14, 30, tzinfo=UTC), 3, datetime(2026, 11, 22, 5, tzinfo=UTC), None),  # 23:30
        (datetime(2026, 11, 21, 15, 0, tzinfo=UTC), 0, FAR, "2026-11-22T23:59:59+09:00"),  # a new day in Japan
    ],
)
def test_last_second_is_the_end_of_a_day_in_japan(
    now: datetime, days: int, start_at: datetime, end: str | None
) -> None:
    assert last_second(now, days, start_at) == (None if end is None else datetime.fromisoformat(end))


@given(
    now=st.timedeltas(timedelta(0), timedelta(days=730)).map(lambda by: NOW + by),
    days=st.integers(1, 30),
    ahead=st.timedeltas(timedelta(0), timedelta(days=90)),
)
def test_last_second_is_before_the_visit_and_never_too_soon(now: datetime, days: int, ahead: timedelta) -> None:
    end = last_second(now, days, now + ahead)
    if end is None:
        assert ahead < timedelta(days=1) + LEAST_LIFE + timedelta(seconds=1), "a whole day ahead there is always one"
        return
    local = end.astimezone(JAPAN)
    assert (local.hour, local.minute, local.second, local.microsecond) == (23, 59, 59, 0)
    assert held_until(end) <= now + ahead
    assert LEAST_LIFE <= end - now < timedelta(days=days + 1)
    warning = warn_at(now, end)
    assert warning is None or now < warning < end


@pytest.mark.parametrize("limits", [PAYJP_V1, PAYJP_V2])
def test_offer_is_refused_by_a_provider_without_vouchers(limits: ProviderLimits) -> None:
    assert not is_offered(FACTS, limits, NOW)


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        ({"days": 0}, "konbini_not_offered"),
        ({"mode": PaymentMode.CARD_HOLD}, "konbini_not_offered"),
        ({"unproven": UnprovenVouchers(10, 20)}, "konbini_not_offered"),
        ({"unproven": UnprovenVouchers(1, 1)}, "konbini_not_offered"),
        ({"due": Money(119)}, "konbini_amount"),
        ({"due": Money(300_001)}, "konbini_amount"),
        ({"due": Money(5000, "USD")}, "konbini_amount"),
        ({"start_at": NOW + timedelta(hours=3)}, "konbini_too_late"),
    ],
)
def test_offer_names_the_rule_that_forbids_it(change: dict[str, object], rule: str) -> None:
    assert offer(FACTS, STRIPE, NOW) == datetime(2026, 11, 24, 14, 59, 59, tzinfo=UTC)
    with pytest.raises(RuleBroken) as refused:
        offer(replace(FACTS, **change), STRIPE, NOW)  # type: ignore[arg-type]
    assert refused.value.details["rule"] == rule


@pytest.mark.parametrize(("others", "limit"), [(0, 1), (0, 2), (1, 3), (9, 20), (10, 21)])
def test_offer_to_unproven_callers_while_fewer_than_half_are_vouchers(others: int, limit: int) -> None:
    assert is_offered(replace(FACTS, unproven=UnprovenVouchers(others, limit)), STRIPE, NOW)


@pytest.mark.parametrize("amount", [120, 300_000])
def test_offer_takes_the_limits_themselves(amount: int) -> None:
    assert is_offered(replace(FACTS, due=Money(amount)), STRIPE, NOW)


def test_warn_at_is_noon_of_the_last_day_and_not_right_after_the_voucher() -> None:
    end = datetime(2026, 11, 24, 14, 59, 59, tzinfo=UTC)
    noon = datetime(2026, 11, 24, 3, tzinfo=UTC)
    assert warn_at(NOW, end) == noon
    assert warn_at(noon - timedelta(hours=3), end) == noon
    assert warn_at(noon - timedelta(hours=2, minutes=59), end) is None


@for_each("status", list(P))
@for_each("booking", list(B))
def test_voucher_step_opens_while_the_booking_waits_for_money(booking: B, status: P) -> None:
    step = voucher_step(replace(PAYMENT, status=status), booking, EVENT, stale=False)
    wanted = booking is B.PENDING and status in OPEN
    assert step is (VoucherStep.OPEN if wanted else VoucherStep.NOTHING)


def test_voucher_step_opens_each_voucher_once() -> None:
    opened = replace(PAYMENT, voucher=replace(VOUCHER, made_at=NOW))
    assert voucher_step(opened, B.PENDING, EVENT, stale=False) is VoucherStep.NOTHING
    other = replace(EVENT, voucher=replace(VOUCHER, codes=(StoreCode("lawson", "999999"),)))
    assert voucher_step(opened, B.PENDING, other, stale=False) is VoucherStep.OPEN
    assert voucher_step(opened, B.PENDING, other, stale=True) is VoucherStep.NOTHING


@pytest.mark.parametrize("status", list(P))
def test_voucher_step_closes_what_cannot_be_paid_any_more(status: P) -> None:
    opened = replace(PAYMENT, voucher=VOUCHER)
    event = replace(EVENT, status=status, voucher=None)
    expected = VoucherStep.NOTHING if status is P.PROCESSING else VoucherStep.CLOSE
    assert voucher_step(opened, B.PENDING, event, stale=False) is expected
    assert voucher_step(opened, B.PENDING, event, stale=True) is VoucherStep.NOTHING
    assert voucher_step(PAYMENT, B.PENDING, event, stale=False) is VoucherStep.NOTHING


def test_voucher_step_forgets_a_voucher_whose_payment_was_made_with_a_card() -> None:
    """Its refund goes to the card. The event that says so may be late."""
    paid = replace(PAYMENT, voucher=VOUCHER, status=P.CAPTURED, captured=5000)
    event = replace(EVENT, status=P.CAPTURED, captured=5000, voucher=None, card=Card("visa"))
    assert voucher_step(paid, B.PENDING, event, stale=True) is VoucherStep.CLOSE
    assert voucher_step(paid, B.PENDING, replace(event, card=None), stale=True) is VoucherStep.NOTHING


def test_waits_for_voucher_through_its_last_second() -> None:
    view = replace(PAYMENT, voucher=VOUCHER).view()
    end = held_until(VOUCHER.expires_at)
    assert waits_for_voucher(view, end, VOUCHER.expires_at)
    assert not waits_for_voucher(view, end, end)
    assert not waits_for_voucher(view, NOW, NOW), "the visit was moved before the end of the voucher"
    assert not waits_for_voucher(replace(view, status=P.PROCESSING), end, NOW)
    assert not waits_for_voucher(PAYMENT.view(), end, NOW)
    assert not waits_for_voucher(None, end, NOW)
