"""The end of a hold, the confirmation, and money that comes late: over every status of booking and payment."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from domain.booking_status import BookingStatus
from domain.bookings import confirmation, decisions, late_payment
from domain.bookings.decisions import BookingFacts
from domain.bookings.expiry import HoldEnd, end_hold, ends_unproven, may_sweep, still_needs_claims
from domain.bookings.hold import first_notices
from domain.catalogue.cancellation import Policy
from domain.errors import WrongState
from domain.messages.kinds import NoticeKind
from domain.payments.settlement import OPEN
from domain.payments.status import SECURED, Movement, PaymentStatus
from domain.payments.tasks import PaymentView
from tests.support.cases import for_each

START = datetime(2026, 12, 1, 1, tzinfo=UTC)
NOW = START - timedelta(days=2)
S, P = BookingStatus, PaymentStatus


def payment(status: PaymentStatus, refunded: int = 0) -> PaymentView:
    taken = 6000 if status in {P.CAPTURED, P.PARTIALLY_REFUNDED, P.DISPUTED} else 0
    promised = 6000 if status is P.AUTHORIZED else 0
    return PaymentView(UUID(int=1), status, 6000, promised, taken, refunded, status is P.AUTHORIZED)


def facts(status: BookingStatus, paid: PaymentStatus | None = None, **more: object) -> BookingFacts:
    plain = BookingFacts(status, START, 6000, "JPY", Policy((), 0), payment(paid) if paid else None)
    return replace(plain, amount_due=6000 if paid else 0, **more)


@for_each("paid", list(P))
@for_each("status", list(S))
def test_end_of_a_hold_closes_an_open_intent_and_never_takes_paid_time(status: S, paid: P) -> None:
    end = end_hold(facts(status, paid), NOW)
    if status in {S.PENDING, S.EXPIRED} and paid in OPEN:
        assert end is HoldEnd.CLOSE_INTENT
    elif status is S.PENDING and paid not in SECURED:
        assert end is HoldEnd.EXPIRE
    else:
        assert end is HoldEnd.NOTHING


def test_end_of_a_hold_without_money_expires() -> None:
    assert end_hold(facts(S.PENDING), NOW) is HoldEnd.EXPIRE
    assert end_hold(facts(S.EXPIRED), NOW) is HoldEnd.NOTHING


def test_end_of_a_hold_waits_for_the_last_second_of_a_voucher() -> None:
    last = NOW + timedelta(days=1)
    voucher = replace(payment(P.REQUIRES_PAYMENT), voucher_until=last)
    held = replace(facts(S.PENDING, P.REQUIRES_PAYMENT), payment=voucher, hold_expires_at=last + timedelta(seconds=1))
    assert end_hold(held, last) is HoldEnd.WAIT
    assert end_hold(held, last + timedelta(seconds=1)) is HoldEnd.CLOSE_INTENT
    assert end_hold(replace(held, hold_expires_at=NOW), NOW) is HoldEnd.CLOSE_INTENT, "moved to an earlier start"
    assert end_hold(replace(held, status=S.EXPIRED), NOW) is HoldEnd.CLOSE_INTENT
    at_till = replace(held, payment=replace(voucher, status=P.PROCESSING))
    assert end_hold(at_till, NOW) is HoldEnd.CLOSE_INTENT
    assert end_hold(replace(held, payment=replace(voucher, status=P.CAPTURED)), NOW) is HoldEnd.NOTHING


@pytest.mark.parametrize("paid", [None, *P])
def test_sweep_takes_a_hold_whose_time_is_over_and_that_is_not_paid(paid: P | None) -> None:
    lapsed = facts(S.PENDING, paid, hold_expires_at=NOW)
    assert may_sweep(lapsed, NOW) is (paid not in SECURED)
    assert not may_sweep(lapsed, NOW - timedelta(microseconds=1))
    assert not may_sweep(replace(lapsed, status=S.CONFIRMED), NOW)


def test_booking_that_stands_holds_its_time() -> None:
    assert {status for status in S if still_needs_claims(facts(status))} == {S.CONFIRMED, S.CHECKED_IN}


@pytest.mark.parametrize("paid", list(P))
def test_confirmation_needs_the_money(paid: P) -> None:
    waiting = facts(S.PENDING, paid)
    asked = replace(waiting, needs_approval=True, approval_deadline=NOW)
    if paid in SECURED:
        assert confirmation.confirm(waiting)
        confirmation.approve(asked)
        assert confirmation.await_approval(asked) == NOW
        assert confirmation.await_approval(replace(asked, approval_deadline=None)) == START
        return
    for refused in (
        lambda: confirmation.confirm(waiting),
        lambda: confirmation.approve(asked),
        lambda: confirmation.await_approval(asked),
    ):
        with pytest.raises(WrongState) as error:
            refused()
        assert error.value.details["missing"] == "payment"


def test_confirmation_by_the_process_needs_the_approval() -> None:
    with pytest.raises(WrongState) as refused:
        confirmation.confirm(facts(S.PENDING, needs_approval=True))
    assert refused.value.details["missing"] == "approval"
    with pytest.raises(WrongState):
        confirmation.approve(facts(S.PENDING))


@pytest.mark.parametrize("status", sorted(set(S) - {S.PENDING}))
def test_confirmation_of_a_booking_that_no_longer_waits(status: S) -> None:
    assert not confirmation.confirm(facts(status))
    assert confirmation.await_approval(facts(status)) is None
    with pytest.raises(WrongState):
        confirmation.approve(facts(status, needs_approval=True))


@for_each("paid", list(P))
@for_each("status", list(S))
def test_late_payment_reinstates_an_expired_booking_alone(status: S, paid: P) -> None:
    late = facts(status, paid)
    assert late_payment.is_late(late) is (status in late_payment.WITHOUT_VISIT and paid in SECURED)
    whole = paid in {P.AUTHORIZED, P.CAPTURED, P.PARTIALLY_REFUNDED}
    assert late_payment.may_reinstate(late, 0, NOW) is (status is S.EXPIRED and whole)


def test_late_payment_does_not_reinstate_after_the_start_or_in_part_or_without_approval() -> None:
    late = facts(S.EXPIRED, P.CAPTURED)
    assert late_payment.may_reinstate(late, 0, START - timedelta(microseconds=1))
    assert not late_payment.may_reinstate(late, 0, START)
    assert not late_payment.may_reinstate(late, 1, NOW)
    assert not late_payment.may_reinstate(replace(late, refunds_in_progress=1), 0, NOW)
    assert not late_payment.may_reinstate(replace(late, needs_approval=True), 0, NOW)


def test_late_payment_goes_back_less_the_penalty_and_what_a_person_has() -> None:
    late = facts(S.CANCELLED, P.CAPTURED)
    for penalty, failed, back in ((0, 0, 6000), (2000, 0, 4000), (0, 2500, 3500), (2000, 1000, 3000)):
        settlement = late_payment.settle_late_payment(replace(late, penalty_charged=penalty), failed)
        assert settlement is not None
        assert settlement.refund == back
    assert late_payment.settle_late_payment(late, 6000) is None
    assert late_payment.settle_late_payment(replace(late, refunds_in_progress=6000), 0) is None
    assert late_payment.settle_late_payment(facts(S.CONFIRMED, P.CAPTURED), 0) is None


def test_late_authorization_is_voided_unless_a_penalty_is_being_captured() -> None:
    late = facts(S.EXPIRED, P.AUTHORIZED)
    settlement = late_payment.settle_late_payment(late, 0)
    assert settlement is not None
    assert settlement.movement is Movement.VOID
    assert late_payment.settle_late_payment(replace(late, penalty_charged=3000), 0) is None


@for_each("paid", [None, *P])
@for_each("status", list(S))
def test_renewal_is_for_an_authorization_before_the_end_of_the_visit(status: S, paid: P | None) -> None:
    wanted = 6000 if paid is P.AUTHORIZED and status in {S.CONFIRMED, S.CHECKED_IN} else None
    assert decisions.renewal_amount(facts(status, paid)) == wanted


UNPROVEN = facts(S.PENDING, proof_deadline=NOW, hold_expires_at=NOW)


def test_prove_contact_confirms_or_waits_for_the_business() -> None:
    assert confirmation.prove_contact(UNPROVEN) == confirmation.Proven(S.CONFIRMED, None)
    asked = replace(UNPROVEN, needs_approval=True, approval_deadline=START)
    assert confirmation.prove_contact(asked) == confirmation.Proven(S.PENDING, START)


@pytest.mark.parametrize("known", [facts(S.PENDING), facts(S.CONFIRMED), facts(S.CHECKED_IN, proof_deadline=NOW)])
def test_prove_contact_changes_nothing_where_nobody_waits_for_it(known: BookingFacts) -> None:
    assert confirmation.prove_contact(known) is None


@pytest.mark.parametrize("status", [S.EXPIRED, S.CANCELLED, S.DECLINED, S.COMPLETED, S.NO_SHOW])
def test_prove_contact_refuses_a_booking_that_is_over(status: BookingStatus) -> None:
    with pytest.raises(WrongState):
        confirmation.prove_contact(replace(UNPROVEN, status=status))


def test_ends_unproven_only_while_the_proof_is_awaited() -> None:
    assert ends_unproven(UNPROVEN)
    assert not ends_unproven(facts(S.PENDING))
    assert not ends_unproven(replace(UNPROVEN, status=S.CONFIRMED))


@for_each("status", list(S))
@for_each("is_due", [True, False])
@for_each("proof_deadline", [None, NOW])
def test_first_notices_are_for_those_who_have_to_act(
    status: BookingStatus, is_due: bool, proof_deadline: datetime | None
) -> None:
    notices = first_notices(status, is_due, proof_deadline)
    if status is not S.PENDING or is_due:
        assert notices == ()
    elif proof_deadline is not None:
        assert notices == ((NoticeKind.BOOKING_PROOF, "customer", "proof"),), "the business gets none before the proof"
    else:
        assert [(kind, audience) for kind, audience, _ in notices] == [
            (NoticeKind.BOOKING_REQUESTED, "business"),
            (NoticeKind.BOOKING_REQUESTED, "customer"),
        ]
    assert len({key for _, _, key in notices}) == len(notices), "each is queued under a key of its own"


def test_first_notice_of_a_reserved_time_asks_the_customer_alone() -> None:
    assert first_notices(S.PENDING, False, NOW, is_provisional=True) == ((NoticeKind.BOOKING_HELD, "customer", "held"),)
    assert first_notices(S.CONFIRMED, False, None, is_provisional=True) == ()
