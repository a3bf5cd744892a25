"""How long authorizations are valid, and that a booking far ahead never loses its own."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.booking_status import BookingStatus
from domain.bookings.snapshot import BookingSnapshot
from domain.payments.lapse import BY_BRAND, Card, assumed, brand_of, window
from domain.payments.providers import ProviderName
from domain.payments.status import PaymentMode
from domain.payments.vouchers import JAPAN
from tests.support.cases import for_each
from workflows.bookings.booking.next_step import NextStep, StepKind, next_step

DAY = timedelta(days=1)
NOW = datetime(2026, 12, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("provider", "card", "with_customer", "without"),
    [
        ("stripe", Card("visa"), 7 * DAY, timedelta(days=4, hours=18)),
        ("stripe", Card("mastercard"), 7 * DAY, 7 * DAY),
        ("stripe", Card("american_express"), 7 * DAY, 7 * DAY),
        ("stripe", Card("jcb"), 7 * DAY, timedelta(days=4, hours=18)),
        ("stripe", None, 7 * DAY, timedelta(days=4, hours=18)),
        ("payjp_v1", Card("Visa", is_domestic=True), 59 * DAY, 59 * DAY),
        ("payjp_v1", Card("Visa", is_domestic=False), 6 * DAY, 6 * DAY),
        ("payjp_v1", Card("American Express"), 6 * DAY, 6 * DAY),
        ("payjp_v2", Card("Visa", is_domestic=True), 7 * DAY, 7 * DAY),
        ("a_new_one", Card("visa"), 7 * DAY, timedelta(days=4, hours=18)),
    ],
)
def test_window_by_provider_and_brand(
    provider: str, card: Card | None, with_customer: timedelta, without: timedelta
) -> None:
    found = window(provider, card)
    assert (found.with_customer, found.without) == (with_customer, without)
    assert assumed(provider, card, with_customer=True) < with_customer
    assert assumed(provider, card, with_customer=False) < without


@for_each(("is_domestic", "days"), [(True, 60), (False, 7)])
@for_each("hour", range(24))
def test_assumed_is_before_the_end_of_the_last_day_at_payjp(is_domestic: bool, days: int, hour: int) -> None:
    """The day of the payment counts as the first, and the last one ends at 23:59 in Japan."""
    made = datetime(2026, 12, 1, hour, 30, tzinfo=JAPAN)
    ends = datetime(2026, 12, 1, 23, 59, tzinfo=JAPAN) + timedelta(days=days - 1)
    for with_customer in (True, False):
        card = Card("visa", is_domestic)
        assert made + assumed("payjp_v1", card, with_customer=with_customer) < ends


def test_window_knows_every_provider() -> None:
    assert set(BY_BRAND) == {name.value for name in ProviderName}
    assert all("" in brands for brands in BY_BRAND.values())


@pytest.mark.parametrize("name", ["American Express", "american_express", "amex", "AMEX"])
def test_brand_of_has_one_name_for_a_brand(name: str) -> None:
    assert brand_of(name) == "amex"
    assert brand_of(None) == ""


def booked(start_at: datetime) -> BookingSnapshot:
    return BookingSnapshot(
        *(UUID(int=1), UUID(int=2), "A7C9DFHK", BookingStatus.CONFIRMED, start_at, start_at + timedelta(hours=1)),
        *(8000, 8000, "JPY", PaymentMode.CARD_HOLD, False, None, None),
    )


@given(
    provider=st.sampled_from(sorted(BY_BRAND)),
    brand=st.sampled_from(["visa", "mastercard", "amex", "jcb", "diners", "discover", ""]),
    is_domestic=st.sampled_from([True, False, None]),
    ahead=st.integers(0, 730),
    hour=st.integers(0, 23),
)
@settings(max_examples=150)
def test_authorization_of_a_booking_far_ahead_is_renewed_before_it_lapses(
    provider: str, brand: str, is_domestic: bool | None, ahead: int, hour: int
) -> None:
    """Two years of renewals, with the table's own validity: at every moment until the money is taken there is one that
    is valid, and there are no more of them than the validity explains."""
    card, booking = Card(brand, is_domestic), booked(NOW + timedelta(days=ahead, hours=hour))
    until, at, renewals = NOW + assumed(provider, card, with_customer=True), NOW, 0
    done: set[NextStep] = set()
    while (step := next_step(booking, NOW, done, until)).kind is StepKind.RENEW:
        assert at <= step.at < until, "it is renewed ahead of its end"
        done.add(step)
        at, renewals = step.at, renewals + 1
        until = at + assumed(provider, card, with_customer=False)
    assert step.kind is StepKind.COMPLETE
    assert step.at < until, "the money can be taken at the end of the visit"
    assert renewals <= (ahead + 2) / (assumed(provider, card, with_customer=False) / DAY - 1) + 1


def test_authorization_that_lasts_until_the_visit_is_not_renewed() -> None:
    booking = replace(booked(NOW + 2 * DAY), reminder_offsets=())
    until = NOW + assumed("stripe", Card("visa"), with_customer=True)
    assert next_step(booking, NOW, set(), until).kind is StepKind.COMPLETE
