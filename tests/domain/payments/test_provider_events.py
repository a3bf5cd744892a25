"""Events in any order: totals only grow, and the end does not depend on who came first."""

from itertools import permutations
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.payments.movements import by_command, by_provider, of_dispute, of_refund, refund_in
from domain.payments.provider_events import (
    IntentEvent,
    PaymentTotals,
    ProviderEvent,
    RefundEvent,
    after_disputes,
    after_intent,
    after_refunds,
    authorized_by,
    refund_after,
)
from domain.payments.status import Movement, PaymentStatus, RefundStatus

P, R = PaymentStatus, RefundStatus
NEW = PaymentTotals(P.REQUIRES_PAYMENT, 0, 0, 0)
TOTALS = st.builds(
    lambda status, totals: PaymentTotals(status, max(totals), sorted(totals)[1], min(totals)),
    st.sampled_from(PaymentStatus),
    st.tuples(*[st.integers(0, 6600)] * 3),
)


def test_events_end_alike_in_every_order() -> None:
    words = [(P.PROCESSING, 0, 0), (P.FAILED, 0, 0), (P.AUTHORIZED, 6600, 0), (P.CAPTURED, 6600, 6600)]
    for order in permutations(words):
        known = NEW
        for status, authorized, captured in order:
            known = after_intent(known, status, authorized, captured)
            known = after_intent(known, status, authorized, captured)
        assert known == PaymentTotals(P.CAPTURED, 6600, 6600, 0), order


def test_void_outlives_every_late_word() -> None:
    for status in (P.REQUIRES_PAYMENT, P.PROCESSING, P.FAILED, P.AUTHORIZED):
        assert after_intent(PaymentTotals(P.VOIDED, 0, 0, 0), status, 0, 0).status is P.VOIDED
        assert after_intent(after_intent(NEW, status, 0, 0), P.VOIDED, 0, 0).status is P.VOIDED


def test_stale_word_about_the_card_counts_only_by_its_totals() -> None:
    assert after_intent(PaymentTotals(P.FAILED, 0, 0, 0), P.PROCESSING, 0, 0, stale=True).status is P.FAILED
    assert after_intent(NEW, P.CAPTURED, 0, 6600, stale=True) == PaymentTotals(P.CAPTURED, 0, 6600, 0)


def test_authorization_and_void_are_seen_whatever_the_clock() -> None:
    failed = PaymentTotals(P.FAILED, 0, 0, 0)
    assert after_intent(failed, P.AUTHORIZED, 6600, 0, stale=True) == PaymentTotals(P.AUTHORIZED, 6600, 0, 0)
    assert after_intent(failed, P.VOIDED, 0, 0, stale=True).status is P.VOIDED


def test_status_that_speaks_of_money_without_any_is_not_believed() -> None:
    for status in (P.CAPTURED, P.REFUNDED, P.PARTIALLY_REFUNDED, P.DISPUTED):
        assert after_intent(NEW, status, 0, 0) == NEW


@given(
    known=TOTALS,
    status=st.sampled_from(PaymentStatus),
    authorized=st.integers(0, 6600),
    captured=st.integers(0, 6600),
)
def test_totals_never_go_backwards(known: PaymentTotals, status: PaymentStatus, authorized: int, captured: int) -> None:
    after = after_intent(known, status, authorized, captured)
    assert after.captured == max(known.captured, captured)
    assert after.authorized == max(known.authorized, authorized)
    assert after.refunded == known.refunded
    assert after_intent(after, status, authorized, captured) == after


@pytest.mark.parametrize(
    ("confirmed", "status", "refunded"),
    [(0, P.CAPTURED, 0), (1, P.PARTIALLY_REFUNDED, 1), (6600, P.REFUNDED, 6600), (7000, P.REFUNDED, 6600)],
)
def test_refunds_decide_between_captured_and_refunded(confirmed: int, status: PaymentStatus, refunded: int) -> None:
    assert after_refunds(PaymentTotals(P.CAPTURED, 0, 6600, 0), confirmed) == PaymentTotals(status, 0, 6600, refunded)


def test_refund_before_its_capture_waits() -> None:
    assert after_refunds(NEW, 6600) == NEW


def test_dispute_begins_and_ends_by_its_own_event() -> None:
    captured = PaymentTotals(P.CAPTURED, 0, 6600, 100)
    disputed = after_disputes(captured, True)
    assert disputed.status is P.DISPUTED
    assert after_intent(disputed, P.CAPTURED, 0, 6600).status is P.DISPUTED
    assert after_refunds(disputed, 6600).status is P.DISPUTED
    assert after_disputes(disputed, False).status is P.PARTIALLY_REFUNDED
    assert after_disputes(captured, False) == captured


@pytest.mark.parametrize(
    ("known", "reported", "after"),
    [
        (R.REQUESTED, R.PROCESSING, R.PROCESSING),
        (R.PROCESSING, R.REQUESTED, R.PROCESSING),
        (R.PROCESSING, R.FAILED, R.FAILED),
        (R.FAILED, R.PROCESSING, R.FAILED),
        (R.FAILED, R.SUCCEEDED, R.SUCCEEDED),
        (R.SUCCEEDED, R.FAILED, R.SUCCEEDED),
        (R.SUCCEEDED, R.PROCESSING, R.SUCCEEDED),
    ],
)
def test_refund_after_a_report(known: RefundStatus, reported: RefundStatus, after: RefundStatus) -> None:
    assert refund_after(known, reported) is after


def test_event_is_about_money_or_not() -> None:
    def intent(status: PaymentStatus, captured: int = 0) -> ProviderEvent:
        return ProviderEvent(intent=IntentEvent("pi", status, 6600, "JPY", captured))

    assert not ProviderEvent().about_money
    assert not intent(P.PROCESSING).about_money
    assert intent(P.AUTHORIZED).about_money
    assert intent(P.CAPTURED, 6600).about_money
    assert ProviderEvent(refund=RefundEvent("re", R.PROCESSING, 1)).about_money


def test_names_of_movements_are_stable_and_apart() -> None:
    payment, refund = UUID(int=1), UUID(int=2)
    names = {
        by_command(payment, Movement.CAPTURE, "c"),
        by_command(payment, Movement.VOID, "c"),
        by_provider(payment, Movement.CAPTURE, 100),
        by_provider(payment, Movement.CAPTURE, 200),
        of_refund(payment, refund),
        of_dispute(payment, "dp"),
    }
    assert len(names) == 6
    assert refund_in(of_refund(payment, refund)) == refund


def test_event_about_one_yen_is_about_money() -> None:
    """The smallest amount counts: an event about it that matches nothing is for a person."""
    assert ProviderEvent(intent=IntentEvent("pi", P.CAPTURED, 1, "JPY", captured=1)).about_money
    assert not ProviderEvent(intent=IntentEvent("pi", P.REQUIRES_PAYMENT, 1, "JPY", captured=0)).about_money


@pytest.mark.parametrize(("captured", "manual", "authorized"), [(0, True, 0), (1, True, 6600), (1, False, 0)])
def test_authorized_by_is_all_of_a_manual_capture_from_its_first_yen(
    captured: int, manual: bool, authorized: int
) -> None:
    assert authorized_by(P.CAPTURED, 6600, captured, manual_capture=manual) == authorized
    assert authorized_by(P.AUTHORIZED, 6600, 0, manual_capture=manual) == 6600


def test_event_of_an_intent_is_believed_unless_a_later_one_was_applied() -> None:
    known = PaymentTotals(P.PROCESSING, 0, 0, 0)
    assert after_intent(known, P.FAILED, 0, 0).status is P.FAILED
    assert after_intent(known, P.FAILED, 0, 0, stale=True).status is P.PROCESSING
