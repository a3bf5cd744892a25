"""Which differences between us and a provider are found, and what is proposed."""

from dataclasses import replace
from itertools import product

import pytest

from domain.errors import RuleBroken, WrongState
from domain.payments.reconciliation import (
    KIND,
    PAYOUT_KIND,
    Difference,
    Finding,
    ProposedAction,
    Side,
    action_to_run,
    compare,
)
from domain.payments.status import PaymentStatus as P
from tests.support.cases import for_each

PAID = Side(P.CAPTURED, 6600, "JPY", 6600, 0)
HELD = Side(P.AUTHORIZED, 6600, "JPY", 0, 0)
OPEN = Side(P.REQUIRES_PAYMENT, 6600, "JPY", 0, 0)
CHECK, RECORD = ProposedAction.CHECK, ProposedAction.RECORD_STATE


@for_each(
    ("ours", "theirs", "expected"),
    [
        (PAID, PAID, None),
        (HELD, HELD, None),
        (None, None, None),
        (None, OPEN, None),
        (OPEN, None, None),
        (None, PAID, Finding(Difference.MISSING_HERE, CHECK)),
        (None, HELD, Finding(Difference.MISSING_HERE, CHECK)),
        (PAID, None, Finding(Difference.MISSING_THERE, CHECK)),
        (HELD, None, Finding(Difference.MISSING_THERE, CHECK)),
        (OPEN, PAID, Finding(Difference.AMOUNT, RECORD)),
        (HELD, replace(PAID, captured=3000), Finding(Difference.AMOUNT, RECORD)),
        (PAID, OPEN, Finding(Difference.AMOUNT, CHECK)),
        (PAID, replace(PAID, captured=6599), Finding(Difference.AMOUNT, CHECK)),
        (PAID, replace(PAID, refunded=1), Finding(Difference.AMOUNT, CHECK)),
        (replace(PAID, refunded=1), PAID, Finding(Difference.AMOUNT, CHECK)),
        (PAID, replace(PAID, amount=6601), Finding(Difference.AMOUNT, CHECK)),
        (PAID, replace(PAID, currency="USD"), Finding(Difference.AMOUNT, CHECK)),
        (OPEN, replace(OPEN, amount=1), None),
        (OPEN, HELD, Finding(Difference.STATUS, RECORD)),
        (HELD, OPEN, Finding(Difference.STATUS, RECORD)),
        (HELD, replace(OPEN, status=P.VOIDED), Finding(Difference.STATUS, RECORD)),
        (replace(PAID, status=P.DISPUTED), PAID, None),
        (PAID, replace(PAID, status=P.DISPUTED), None),
    ],
)
def test_compare(ours: Side | None, theirs: Side | None, expected: Finding | None) -> None:
    assert compare(ours, theirs) == expected


def test_compare_does_not_care_how_a_payment_without_money_is_called() -> None:
    names = (P.REQUIRES_PAYMENT, P.PROCESSING, P.FAILED, P.VOIDED)
    for ours, theirs in product(names, names):
        assert compare(replace(OPEN, status=ours), replace(OPEN, status=theirs)) is None


@pytest.mark.parametrize("kind", [KIND, PAYOUT_KIND])
@pytest.mark.parametrize("action", [ProposedAction.RECORD_STATE, ProposedAction.READ_AGAIN])
def test_action_to_run_is_one_that_a_command_can_do(kind: str, action: ProposedAction) -> None:
    assert action_to_run(kind, action.value, is_resolved=False) is action
    with pytest.raises(WrongState):
        action_to_run(kind, action.value, is_resolved=True)


@pytest.mark.parametrize(
    ("kind", "action"),
    [(KIND, ProposedAction.CHECK.value), (KIND, None), ("dispute", ProposedAction.RECORD_STATE.value)],
)
def test_action_to_run_refuses_what_needs_a_person(kind: str, action: str | None) -> None:
    with pytest.raises(RuleBroken, match="no_action_to_run"):
        action_to_run(kind, action, is_resolved=False)


def test_side_with_one_yen_has_money() -> None:
    assert Side(P.CAPTURED, 6600, "JPY", 1, 0).has_money
    assert not OPEN.has_money
