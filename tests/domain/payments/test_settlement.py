"""What happens to a payment when its booking ends."""

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.payments.settlement import OPEN, Settlement, secured_amount, settle
from domain.payments.status import Movement, PaymentStatus
from domain.payments.tasks import PaymentView

P = PaymentStatus
AMOUNTS = st.integers(min_value=0, max_value=100_000)


def view(status: PaymentStatus, authorized: int = 0, captured: int = 0, refunded: int = 0) -> PaymentView:
    """A payment over 6600."""
    return PaymentView(UUID(int=1), status, 6600, authorized, captured, refunded, manual_capture=authorized > 0)


@pytest.mark.parametrize("status", sorted(OPEN))
def test_open_intent_is_closed_and_nothing_kept(status: PaymentStatus) -> None:
    assert settle(view(status), 6600) == Settlement(movement=Movement.VOID)


def test_settlement_of_no_payment_is_none() -> None:
    assert settle(None, 6600) == Settlement()


@pytest.mark.parametrize(
    ("keep", "expected"),
    [
        (0, Settlement(released=6600, movement=Movement.VOID, amount=6600)),
        (1, Settlement(retained=1, released=6599, movement=Movement.CAPTURE, amount=1)),
        (6600, Settlement(retained=6600, movement=Movement.CAPTURE, amount=6600)),
        (9000, Settlement(retained=6600, movement=Movement.CAPTURE, amount=6600)),
    ],
)
def test_authorization_becomes_a_void_or_a_capture(keep: int, expected: Settlement) -> None:
    assert settle(view(P.AUTHORIZED, authorized=6600), keep) == expected


@pytest.mark.parametrize(
    ("keep", "refunded", "on_the_way", "expected"),
    [
        (0, 0, 0, Settlement(refund=6600)),
        (3300, 0, 0, Settlement(retained=3300, refund=3300)),
        (6600, 0, 0, Settlement(retained=6600)),
        (3300, 1000, 600, Settlement(retained=3300, refund=1700)),
        (3300, 6000, 0, Settlement(retained=600)),
        (0, 0, 6600, Settlement()),
        (-5, 0, 0, Settlement(refund=6600)),
    ],
)
def test_captured_money_goes_back_less_what_is_kept(
    keep: int, refunded: int, on_the_way: int, expected: Settlement
) -> None:
    status = P.PARTIALLY_REFUNDED if refunded else P.CAPTURED
    assert settle(view(status, captured=6600, refunded=refunded), keep, on_the_way) == expected


@pytest.mark.parametrize("status", [P.VOIDED, P.REFUNDED])
def test_settlement_stays_settled(status: PaymentStatus) -> None:
    assert settle(view(status, captured=6600, refunded=6600), 0) == Settlement()


@pytest.mark.parametrize(("keep", "for_a_person"), [(0, True), (6599, True), (6600, False)])
def test_disputed_money_that_is_owed_is_for_a_person(keep: int, for_a_person: bool) -> None:
    assert settle(view(P.DISPUTED, captured=6600), keep) == Settlement(for_a_person=for_a_person)


@given(status=st.sampled_from(PaymentStatus), totals=st.tuples(AMOUNTS, AMOUNTS, AMOUNTS), keep=AMOUNTS, moving=AMOUNTS)
def test_settlement_refunds_and_captures_only_what_is_there(
    status: PaymentStatus, totals: tuple[int, int, int], keep: int, moving: int
) -> None:
    refunded, captured, authorized = sorted(totals)
    payment = view(status, authorized, captured, refunded)
    done = settle(payment, keep, moving)
    taken = done.amount if done.movement is Movement.CAPTURE else 0
    assert done.refund >= 0
    assert 0 <= done.retained <= keep
    assert taken <= authorized
    assert done.refund + done.retained <= max(secured_amount(payment, moving), 0)
    assert done.refund == 0 or done.refund + refunded + moving <= captured


@pytest.mark.parametrize("status", [P.REFUNDED, P.DISPUTED, P.VOIDED, P.FAILED, P.REQUIRES_PAYMENT])
def test_secured_amount_is_nothing_where_no_money_can_be_kept(status: PaymentStatus) -> None:
    assert secured_amount(view(status, authorized=6600, captured=6600)) == 0


@pytest.mark.parametrize(("keep", "for_a_person"), [(3299, True), (3300, False), (4000, False)])
def test_disputed_money_is_for_a_person_where_less_than_the_rest_is_kept(keep: int, for_a_person: bool) -> None:
    settled = settle(view(P.DISPUTED, captured=6600, refunded=3300), keep)
    assert settled.for_a_person is for_a_person
    assert (settled.movement, settled.refund) == (None, 0)
    assert settle(None, keep).for_a_person is False
