"""What the end of a booking comes to, over every payment status and every moment."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.booking_status import ALLOWED, LIVE, BookingStatus
from domain.bookings import decisions
from domain.bookings.decisions import BookingFacts
from domain.catalogue.cancellation import Policy, Tier
from domain.errors import RuleBroken, WrongState
from domain.payments.status import Movement, PaymentStatus
from domain.payments.tasks import PaymentView
from domain.platform.actor import ActorKind

START = datetime(2026, 12, 1, 1, tzinfo=UTC)
POLICY = Policy((Tier(48, 0), Tier(24, 50), Tier(0, 100)), 80)
S, P = BookingStatus, PaymentStatus


def payment(status: PaymentStatus, amount: int = 6000, captured: int = 0, refunded: int = 0) -> PaymentView:
    authorized = amount if status is P.AUTHORIZED else 0
    return PaymentView(UUID(int=1), status, amount, authorized, captured, refunded, status is P.AUTHORIZED)


def facts(status: BookingStatus = S.CONFIRMED, paid: PaymentView | None = None, **more: object) -> BookingFacts:
    plain: dict[str, object] = {"price": 6000, "currency": "JPY", "policy": POLICY, "payment": paid}
    return BookingFacts(status, START, **(plain | more))  # type: ignore[arg-type]  # a test's shorthand


def hours(count: float) -> timedelta:
    return timedelta(hours=count)


@pytest.mark.parametrize(("left", "kept"), [(72, 0), (30, 3000), (1, 6000)])
def test_cancel_keeps_the_penalty_and_refunds_the_rest(left: int, kept: int) -> None:
    ending = decisions.cancel(facts(paid=payment(P.CAPTURED, captured=6000)), False, START - hours(left))
    assert (ending.settlement.retained, ending.settlement.refund, ending.settlement.released) == (kept, 6000 - kept, 0)


def test_cancel_captures_the_penalty_of_an_authorization_and_releases_the_rest() -> None:
    ending = decisions.cancel(facts(paid=payment(P.AUTHORIZED)), False, START - hours(30))
    assert (ending.settlement.movement, ending.settlement.amount) == (Movement.CAPTURE, 3000)
    assert (ending.settlement.refund, ending.settlement.released) == (0, 3000)


def test_cancel_by_the_business_or_of_a_stranded_booking_keeps_nothing() -> None:
    paid = payment(P.CAPTURED, captured=6000)
    for ending in (
        decisions.cancel(facts(paid=paid), True, START + hours(1)),
        decisions.cancel(facts(paid=paid, is_stranded=True), False, START + hours(1)),
    ):
        assert (ending.settlement.retained, ending.settlement.refund, ending.by_business) == (0, 6000, True)


def test_cancel_of_a_booking_that_waits_costs_nothing() -> None:
    ending = decisions.cancel(facts(S.PENDING, payment(P.AUTHORIZED)), False, START - hours(1))
    assert (ending.settlement.movement, ending.settlement.retained) == (Movement.VOID, 0)


def test_cancel_refuses_a_customer_from_the_start_on() -> None:
    decisions.cancel(facts(), False, START - timedelta(microseconds=1))
    with pytest.raises(RuleBroken):
        decisions.cancel(facts(), False, START)


def test_no_show_keeps_what_the_policy_says_unless_it_is_waived() -> None:
    paid = payment(P.CAPTURED, captured=6000)
    assert decisions.no_show(facts(paid=paid), False, START).settlement.retained == 4800
    assert decisions.no_show(facts(paid=paid), True, START).settlement.refund == 6000
    with pytest.raises(RuleBroken):
        decisions.no_show(facts(paid=paid), False, START - timedelta(seconds=1))


def test_complete_captures_what_is_due_not_the_price() -> None:
    ending = decisions.complete(facts(S.CHECKED_IN, payment(P.AUTHORIZED, amount=2000)))
    assert (ending.settlement.movement, ending.settlement.amount) == (Movement.CAPTURE, 2000)


def test_check_in_is_refused_more_than_two_hours_early() -> None:
    decisions.check_in(facts(), START - decisions.CHECK_IN_EARLY)
    with pytest.raises(RuleBroken):
        decisions.check_in(facts(), START - decisions.CHECK_IN_EARLY - timedelta(seconds=1))


@pytest.mark.parametrize("status", list(BookingStatus))
def test_decisions_follow_the_transition_table(status: BookingStatus) -> None:
    asked = {
        S.CANCELLED: lambda: decisions.cancel(facts(status), True, START),
        S.DECLINED: lambda: decisions.decline(facts(status)),
        S.NO_SHOW: lambda: decisions.no_show(facts(status), False, START),
        S.COMPLETED: lambda: decisions.complete(facts(status)),
        S.CHECKED_IN: lambda: decisions.check_in(facts(status), START),
    }
    for wanted, ask in asked.items():
        if wanted in ALLOWED[status]:
            ask()
        else:
            with pytest.raises(WrongState):
                ask()


@given(
    captured=st.integers(0, 10_000),
    refunded=st.integers(0, 10_000),
    on_the_way=st.integers(0, 10_000),
    price=st.integers(0, 20_000),
    left=st.floats(0.001, 1000),
    by_business=st.booleans(),
)
def test_cancel_never_moves_more_than_there_is(
    captured: int, refunded: int, on_the_way: int, price: int, left: float, by_business: bool
) -> None:
    refunded = min(refunded, captured)
    paid = payment(P.PARTIALLY_REFUNDED if refunded else P.CAPTURED, captured, captured, refunded)
    there = max(0, captured - refunded - on_the_way)
    ending = decisions.cancel(
        facts(paid=paid, price=price, refunds_in_progress=on_the_way), by_business, START - hours(left)
    )
    assert ending.settlement.retained + ending.settlement.refund == there
    assert ending.settlement.released == 0
    assert ending.settlement.retained <= price
    if by_business:
        assert ending.settlement.retained == 0


@pytest.mark.parametrize("left", [72, 30, 1])
@pytest.mark.parametrize("status", [P.AUTHORIZED, P.CAPTURED])
def test_penalty_refund_and_release_add_up_to_what_was_paid(status: PaymentStatus, left: int) -> None:
    booking = facts(paid=payment(status, captured=6000 if status is P.CAPTURED else 0))
    settlement = decisions.cancel(booking, False, START - hours(left)).settlement
    assert settlement.retained + settlement.refund + settlement.released == booking.paid.amount == 6000
    assert not (settlement.refund and settlement.released)


def test_times_of_a_refusal_have_the_offset_of_the_venue() -> None:
    booking = facts(time_zone="Asia/Tokyo")
    with pytest.raises(RuleBroken) as refused:
        decisions.cancel(booking, False, START)
    assert refused.value.details["start_at"] == "2026-12-01T10:00:00+09:00"


CUSTOMERS = (ActorKind.CUSTOMER, ActorKind.GUEST)


@pytest.mark.parametrize("kind", ActorKind)
def test_is_business_side_is_everybody_but_the_customer(kind: ActorKind) -> None:
    assert decisions.is_business_side(kind) is (kind not in CUSTOMERS)


def test_answers_offer_counts_while_the_booking_is_stranded() -> None:
    assert all(decisions.answers_offer(facts(is_stranded=True), kind) for kind in ActorKind)


def test_answers_offer_ignores_the_deadline_and_refuses_a_person_once_there_is_another_time() -> None:
    assert decisions.answers_offer(facts(), ActorKind.SYSTEM) is False
    with pytest.raises(WrongState) as refused:
        decisions.answers_offer(facts(), ActorKind.CUSTOMER)
    assert refused.value.details == {"status": "confirmed", "wanted": "reaccommodation"}


@pytest.mark.parametrize(
    ("stranded", "kind", "cause"),
    [
        (False, ActorKind.CUSTOMER, "customer"),
        (False, ActorKind.GUEST, "customer"),
        (False, ActorKind.STAFF, "business"),
        (False, ActorKind.SYSTEM, "business"),
        (True, ActorKind.CUSTOMER, "offer_declined"),
        (True, ActorKind.STAFF, "business"),
        (True, ActorKind.SYSTEM, "no_answer"),
    ],
)
def test_cause_of_cancellation(stranded: bool, kind: ActorKind, cause: str) -> None:
    assert decisions.cause_of_cancellation(facts(is_stranded=stranded), kind) == cause


@pytest.mark.parametrize("kind", ActorKind)
def test_notifies_business_of_cancellation_unless_it_knows(kind: ActorKind) -> None:
    assert decisions.notifies_business_of_cancellation(facts(), kind) is (kind in CUSTOMERS)
    assert decisions.notifies_business_of_cancellation(facts(is_stranded=True), kind) is False


def test_is_checked_in_by_completion_only_where_the_platform_closes_a_confirmed_visit() -> None:
    assert decisions.is_checked_in_by_completion(facts(), ActorKind.SYSTEM)
    assert not decisions.is_checked_in_by_completion(facts(), ActorKind.STAFF)
    assert not decisions.is_checked_in_by_completion(facts(S.CHECKED_IN), ActorKind.SYSTEM)


def test_may_remind_of_the_present_time_of_a_confirmed_booking() -> None:
    assert decisions.may_remind(facts(), START)
    assert not decisions.may_remind(facts(), START + hours(1))
    assert not decisions.may_remind(facts(S.PENDING), START)


@pytest.mark.parametrize("status", S)
def test_check_reassign_refuses_a_booking_that_is_over(status: BookingStatus) -> None:
    if status in LIVE:
        decisions.check_reassign(facts(status))
    else:
        with pytest.raises(WrongState):
            decisions.check_reassign(facts(status))
