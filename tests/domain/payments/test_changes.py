"""What follows from new totals of a payment, and from the answer to a movement."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.booking_status import VISITING, BookingStatus
from domain.messages.kinds import NoticeKind
from domain.payments.changes import (
    WANT_A_CARD,
    Moved,
    alerts_of,
    apply_intent,
    card_request,
    change_totals,
    dispute_alert,
    double_capture,
    notices_of,
    record_movement,
    renew,
    secure_new_card,
    surplus_captured,
)
from domain.payments.lapse import assumed
from domain.payments.movements import of_other_card
from domain.payments.payment import Payment
from domain.payments.provider_events import DisputeEvent, IntentEvent, PaymentTotals
from domain.payments.status import ALLOWED, DisputeStatus, Movement, PaymentStatus, Phase
from domain.payments.tasks import MoneyResult, MoneyTask
from tests.support.cases import for_each

P, B, M = PaymentStatus, BookingStatus, Movement
NOW = datetime(2027, 3, 1, 9, tzinfo=UTC)


def payment(status: PaymentStatus = P.REQUIRES_PAYMENT, **values: Any) -> Payment:
    """Of 6600 yen, on a card that is captured by a command."""
    plain = Payment(
        *(uuid4(), uuid4(), uuid4(), "stripe", "pi_1", status, True, 6600, 0, 0, 0, "JPY", None, None),
        created_at=NOW,
    )
    return replace(plain, **values)


def held(**values: Any) -> Payment:
    """Authorized for six more days."""
    return payment(P.AUTHORIZED, **{"authorized": 6600, "authorized_until": NOW + timedelta(days=6), **values})


def task(of: Payment, movement: Movement = M.CAPTURE, amount: int = 6600, movement_id: str = "m-1") -> MoneyTask:
    return of.task(movement, movement_id, amount)


# -- totals ----------------------------------------------------------------------------------------------------------


def test_change_totals_is_nothing_for_the_same_totals() -> None:
    assert change_totals(held(), held().totals) is None
    assert change_totals(payment(P.FAILED, decline_code="expired"), PaymentTotals(P.FAILED, 0, 0, 0), "lost")


def test_change_totals_has_one_movement_for_each_total_that_grew() -> None:
    change = change_totals(payment(), PaymentTotals(P.CAPTURED, 6600, 5000, 0))
    assert change is not None
    assert change.movements == (Moved(M.AUTHORIZE, 6600, 6600), Moved(M.CAPTURE, 5000, 5000))
    more = change_totals(change.after, PaymentTotals(P.CAPTURED, 6600, 6600, 0))
    assert more is not None
    assert more.movements == (Moved(M.CAPTURE, 1600, 6600),)
    voided = change_totals(held(), PaymentTotals(P.VOIDED, 6600, 0, 0))
    assert voided is not None
    assert (voided.movements, voided.is_closed) == ((Moved(M.VOID, 6600, 6600),), True)


TOTALS = st.builds(
    lambda status, sums: PaymentTotals(status, max(sums), sorted(sums)[1], min(sums)),
    st.sampled_from(P),
    st.tuples(*[st.integers(0, 6600)] * 3),
)


@given(TOTALS, TOTALS)
def test_change_totals_moves_what_lies_between_the_totals(known: PaymentTotals, totals: PaymentTotals) -> None:
    before = payment(known.status, authorized=known.authorized, captured=known.captured, refunded=known.refunded)
    change = change_totals(before, totals)
    if change is None:
        assert totals == known
        return
    captured = sum(one.amount for one in change.movements if one.movement is M.CAPTURE)
    assert captured == max(0, totals.captured - known.captured)
    assert change.after.totals == totals
    assert all(one.total >= one.amount for one in change.movements)


def test_end_of_an_authorization_is_the_providers_or_the_shortest() -> None:
    authorized = PaymentTotals(P.AUTHORIZED, 6600, 0, 0)
    said = NOW + timedelta(days=3)
    for before, reported, expected in [
        (payment(), said, said),
        (payment(), None, NOW + assumed("stripe", None, with_customer=True)),
        (payment(P.PROCESSING, authorized_until=said), None, said),
        (payment(P.PROCESSING, authorized_until=said), NOW, NOW),
    ]:
        change = change_totals(before, authorized, authorized_until=reported)
        assert change is not None
        assert change.after.authorized_until == expected
    captured = change_totals(held(), PaymentTotals(P.CAPTURED, 6600, 6600, 0))
    assert captured is not None
    assert (captured.after.authorized_until, captured.after.view().authorized_until) == (
        held().authorized_until,
        None,
    )


def test_apply_intent_keeps_the_reason_of_a_decline_only_while_it_failed() -> None:
    declined = IntentEvent("pi_1", P.FAILED, 6600, "JPY", 0, decline_code="insufficient_funds")
    failed = apply_intent(payment(), declined)
    assert failed is not None
    assert (failed.after.status, failed.after.decline_code) == (P.FAILED, "insufficient_funds")
    assert apply_intent(held(), declined) is None
    paid = apply_intent(failed.after, replace(declined, status=P.AUTHORIZED))
    assert paid is not None
    assert (paid.after.status, paid.after.decline_code, paid.after.authorized) == (P.AUTHORIZED, None, 6600)


def test_apply_intent_of_an_older_event_makes_no_failure() -> None:
    assert apply_intent(payment(P.PROCESSING), IntentEvent("pi_1", P.FAILED, 6600, "JPY", 0), stale=True) is None


# -- notices and alerts ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("booking", BookingStatus)
@pytest.mark.parametrize("requested", [(), (M.CAPTURE,)])
def test_receipt_is_for_a_requested_capture_before_the_end_of_the_visit(
    booking: BookingStatus, requested: tuple[Movement, ...]
) -> None:
    change = change_totals(held(captured=1000), PaymentTotals(P.CAPTURED, 6600, 6600, 0))
    assert change is not None
    notices = notices_of(change, booking, requested)
    if not requested or booking is B.COMPLETED:
        assert notices == ()
        return
    [receipt] = notices
    assert (receipt.kind, receipt.details) == (NoticeKind.PAYMENT_RECEIVED, {"amount": 5600, "currency": "JPY"})
    assert receipt.dedupe_key == f"payment_received:{change.after.id}"


@pytest.mark.parametrize("booking", BookingStatus)
def test_declined_card_is_reported_once_and_while_the_time_is_held(booking: BookingStatus) -> None:
    failed = change_totals(payment(), PaymentTotals(P.FAILED, 0, 0, 0), "expired_card")
    assert failed is not None
    kinds = [one.kind for one in notices_of(failed, booking, ())]
    assert kinds == ([NoticeKind.PAYMENT_FAILED] if booking is B.PENDING else [])
    again = change_totals(failed.after, failed.after.totals, "insufficient_funds")
    assert again is not None
    assert notices_of(again, booking, ()) == ()


def test_alert_says_that_a_voided_payment_was_captured() -> None:
    late = change_totals(payment(P.VOIDED, authorized=6600), PaymentTotals(P.VOIDED, 6600, 6600, 0))
    assert late is not None
    [alert] = alerts_of(late)
    assert (alert.dedupe_key, alert.details["captured"]) == (f"money_after_void:{late.after.id}", 6600)
    voided = change_totals(held(), PaymentTotals(P.VOIDED, 6600, 0, 0))
    assert voided is not None
    assert alerts_of(voided) == ()


# -- answers to movements --------------------------------------------------------------------------------------------


def test_record_of_a_capture_has_what_this_call_added() -> None:
    before = held(captured=1000)
    done = MoneyResult("m-1", Phase.SUCCEEDED, P.CAPTURED, "pi_1", 6600, 6600)
    record = record_movement(before, task(before), done)
    assert (record.amount, record.alerts, record.resolved) == (5600, (), ("capture_failed",))
    assert record.change is not None
    assert record.change.after.status is P.CAPTURED
    repeated = record_movement(record.change.after, task(before), done)
    assert (repeated.change, repeated.amount) == (None, 0)


def test_record_of_a_void_that_finds_money_makes_the_payment_captured() -> None:
    before = held()
    paid = MoneyResult("m-1", Phase.FAILED, P.CAPTURED, "pi_1", 0, 6600, reason="already_paid")
    record = record_movement(before, task(before, M.VOID), paid)
    assert record.change is not None
    assert (record.change.after.status, record.amount, record.alerts) == (P.CAPTURED, 6600, ())


def test_record_of_a_failed_capture_is_an_alert() -> None:
    before = held()
    refused = MoneyResult("m-1", Phase.FAILED, P.AUTHORIZED, "pi_1", 6600, reason="expired_card")
    record = record_movement(before, task(before), refused)
    [alert] = record.alerts
    assert (record.change, alert.dedupe_key, alert.details["reason"]) == (None, "capture_failed:m-1", "expired_card")
    assert record.resolved == ()


def test_record_of_more_than_was_due_changes_nothing_and_is_an_alert() -> None:
    before = held()
    record = record_movement(before, task(before), MoneyResult("m-1", Phase.SUCCEEDED, P.CAPTURED, "pi_1", 0, 6601))
    [alert] = record.alerts
    assert (record.change, record.amount, alert.kind, alert.details["got"]) == (None, None, "amount_mismatch", 6601)


def test_record_of_an_other_card_that_was_captured_is_an_alert() -> None:
    before = held()
    other = task(before, M.VOID, movement_id=of_other_card(before.id, uuid4()))
    record = record_movement(before, other, MoneyResult(other.movement_id, Phase.FAILED, P.CAPTURED, "pi_1", 0, 6600))
    assert [one.kind for one in record.alerts] == ["replaced_intent_captured"]
    unpaid = MoneyResult(other.movement_id, Phase.SUCCEEDED, P.VOIDED, "pi_1")
    assert record_movement(before, other, unpaid).alerts == ()


# -- new cards and disputes ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("booking", BookingStatus)
def test_secure_new_card_gives_the_other_card_free(booking: BookingStatus) -> None:
    """The former one while the visit is to take place, else the new one."""
    former, new = held(), held()
    decided = secure_new_card(new, former, booking)
    surplus = former if booking in VISITING else new
    assert decided.surplus is surplus
    assert decided.void == surplus.task(M.VOID, of_other_card(surplus.id, new.id), 6600)
    assert decided.alert is None
    assert decided.resolved == (WANT_A_CARD if booking in VISITING else ())


@pytest.mark.parametrize("status", [P.VOIDED, P.REQUIRES_PAYMENT, P.CAPTURED, P.DISPUTED])
def test_secure_new_card_is_an_alert_if_the_former_card_was_charged(status: PaymentStatus) -> None:
    charged = status in {P.CAPTURED, P.DISPUTED}
    former = payment(status, authorized=6600, captured=6600 if charged else 0)
    decided = secure_new_card(held(), former, B.CONFIRMED)
    assert decided.void is None
    assert (decided.alert == double_capture(former)) if charged else (decided.alert is None)


@for_each("status", PaymentStatus)
@for_each("dispute", DisputeStatus)
def test_dispute_alert_is_for_disputed_money_that_is_not_won_back(
    status: PaymentStatus, dispute: DisputeStatus
) -> None:
    disputed = payment(status)
    alert = dispute_alert(disputed, DisputeEvent("dp_1", dispute, 6600, "fraudulent"))
    assert (alert is not None) is (status is P.DISPUTED and dispute is not DisputeStatus.WON)
    if alert is not None:
        assert alert.dedupe_key == f"dispute:{disputed.id}:dp_1"
        assert alert.details == {
            "dispute_id": "dp_1",
            "status": dispute.value,
            "amount": 6600,
            "currency": "JPY",
            "reason": "fraudulent",
        }


# -- renewals --------------------------------------------------------------------------------------------------------

RENEWED = MoneyResult("m-1", Phase.SUCCEEDED, P.AUTHORIZED, "pi_2", 6600)


@pytest.mark.parametrize("status", PaymentStatus)
def test_renew_voids_the_new_intent_unless_the_old_one_is_still_authorized(status: PaymentStatus) -> None:
    before = payment(status)
    renewal = renew(before, task(before, M.AUTHORIZE), RENEWED)
    assert renewal is not None
    current = status is P.AUTHORIZED
    assert (renewal.surplus, renewal.replaces) == (("pi_1", True) if current else ("pi_2", False))


def test_renew_of_an_intent_that_was_replaced_already_changes_no_payment() -> None:
    before = held(provider_intent_id="pi_2")
    asked = replace(task(before, M.AUTHORIZE), intent_id="pi_1")
    renewal = renew(before, asked, RENEWED)
    assert renewal is not None
    assert (renewal.surplus, renewal.replaces) == ("pi_1", False)


@for_each("phase", Phase)
@for_each("booking", BookingStatus)
@for_each("captured", [0, 6600])
def test_card_request_follows_a_refusal_before_the_visit(phase: Phase, booking: BookingStatus, captured: int) -> None:
    before = held()
    result = MoneyResult("m-1", phase, P.AUTHORIZED, None, 6600, captured, reason="expired_card")
    assert renew(before, task(before, M.AUTHORIZE), result) is None
    request = card_request(before, booking, task(before, M.AUTHORIZE), result)
    assert (request is not None) is (phase is Phase.FAILED and not captured and booking in VISITING)
    if request is not None:
        notice, alert = request
        assert (notice.kind, notice.details["reason"]) == (NoticeKind.PAYMENT_RENEW, "expired_card")
        assert alert.dedupe_key == "authorize_failed:m-1"


def test_surplus_captured_is_an_alert_of_its_own_intent() -> None:
    before = held(provider_intent_id="pi_2")
    void = replace(task(before, M.VOID), intent_id="pi_1")
    alert = surplus_captured(before, void, MoneyResult("m-1", Phase.FAILED, P.CAPTURED, "pi_1", captured=6600))
    assert alert is not None
    assert alert.dedupe_key == f"replaced_intent_captured:{before.id}:pi_1"
    assert surplus_captured(before, void, MoneyResult("m-1", Phase.SUCCEEDED, P.VOIDED, "pi_1")) is None


def test_voided_is_final() -> None:
    """What ``is_closed`` rests on."""
    assert ALLOWED[P.VOIDED] == frozenset()
