"""Payouts: the bank amount is the sum of the parts, each part is a payment of ours, and fees are what they are."""

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.payments.payouts import (
    PAID_OUT_WITHIN,
    EntryKind,
    PaidPayment,
    Payout,
    PayoutDifference,
    PayoutEntry,
    PayoutFinding,
    PayoutStatus,
    compare_payout,
    fees,
    never_paid_out,
    rate_fee,
    sum_differs,
)
from domain.payments.reconciliation import ProposedAction

NOW = datetime(2026, 11, 27, tzinfo=UTC)
OURS = PaidPayment(UUID(int=1), UUID(int=2), UUID(int=3), "pi_1", 6600, "JPY")
KNOWN = {"pi_1": OURS}
PAID = PayoutEntry("txn_1", EntryKind.PAYMENT, 6600, 237, "JPY", NOW, "pi_1")
BACK = PayoutEntry("txn_2", EntryKind.REFUND, -1000, 0, "JPY", NOW, "pi_1")
TRANSFER = PayoutEntry("txn_3", EntryKind.FEE, 0, 250, "JPY", NOW)
PAYOUT = Payout("po_1", PayoutStatus.PAID, 6600 - 237 - 1000 - 250, "JPY", NOW)


def test_payout_that_agrees_has_no_difference() -> None:
    assert compare_payout(PAYOUT, (PAID, BACK, TRANSFER), KNOWN, all_are_ours=True) == ()
    assert fees((PAID, BACK, TRANSFER)) == 487
    assert (PAID.net, BACK.net, TRANSFER.net) == (6363, -1000, -250)


@pytest.mark.parametrize("missing", [1, -1, 5000])
def test_payout_of_another_amount_than_its_parts_is_to_be_read_again(missing: int) -> None:
    short = replace(PAYOUT, amount=PAYOUT.amount - missing)
    [found] = compare_payout(short, (PAID, BACK, TRANSFER), KNOWN, all_are_ours=True)
    assert found == PayoutFinding(
        PayoutDifference.SUM, ProposedAction.READ_AGAIN, PAYOUT.amount, PAYOUT.amount - missing
    )


@pytest.mark.parametrize(
    ("captured", "action"),
    [(6599, ProposedAction.RECORD_STATE), (0, ProposedAction.RECORD_STATE), (6601, ProposedAction.CHECK)],
)
def test_payment_of_another_amount_than_ours_is_a_difference(captured: int, action: ProposedAction) -> None:
    """More was taken there: its webhook was lost. Less: we counted money that nobody has."""
    known = {"pi_1": replace(OURS, captured=captured)}
    [found] = compare_payout(PAYOUT, (PAID, BACK, TRANSFER), known, all_are_ours=False)
    assert found == PayoutFinding(PayoutDifference.PAYMENT_AMOUNT, action, captured, 6600, "pi_1")


def test_payment_that_we_do_not_know_is_a_difference_at_the_platforms_account_alone() -> None:
    [found] = compare_payout(PAYOUT, (PAID, BACK, TRANSFER), {}, all_are_ours=True)
    assert found == PayoutFinding(PayoutDifference.UNKNOWN_PAYMENT, ProposedAction.CHECK, 0, 6600, "pi_1")
    assert compare_payout(PAYOUT, (PAID, BACK, TRANSFER), {}, all_are_ours=False) == ()


def test_payment_that_was_converted_for_the_payout_is_no_difference() -> None:
    """Paid with 66.00 dollars, paid out in yen: the two amounts say nothing about each other."""
    known = {"pi_1": replace(OURS, captured=4400, currency="USD")}
    assert compare_payout(PAYOUT, (PAID, BACK, TRANSFER), known, all_are_ours=True) == ()


def test_never_paid_out_is_for_a_person() -> None:
    assert timedelta(days=70) == PAID_OUT_WITHIN
    assert not PAID.is_computed
    assert never_paid_out(OURS) == PayoutFinding(PayoutDifference.NEVER_PAID_OUT, ProposedAction.CHECK, 6600, 0, "pi_1")


@given(st.lists(st.tuples(st.integers(-9999, 9999), st.integers(-500, 500)), max_size=20), st.integers(-3, 3))
def test_sum_differs_exactly_if_money_is_missing(parts: list[tuple[int, int]], missing: int) -> None:
    entries = [
        PayoutEntry(f"t{number}", EntryKind.OTHER, amount, fee, "JPY", NOW)
        for number, (amount, fee) in enumerate(parts)
    ]
    amount = sum(amount - fee for amount, fee in parts)
    assert sum_differs(replace(PAYOUT, amount=amount - missing), entries) is (missing != 0)


@pytest.mark.parametrize(
    ("amount", "percent", "fee"),
    [(6600, "3.00", 198), (6600, "3.6", 237), (99, "3.00", 2), (100, "3", 3), (1, "3.25", 0), (5000, "0", 0)],
)
def test_rate_fee_is_rounded_down(amount: int, percent: str, fee: int) -> None:
    assert rate_fee(amount, percent) == fee


@pytest.mark.parametrize("text", ["", "three", "3,00", "-3.00", "３.00"])
def test_rate_fee_refuses_what_is_no_rate(text: str) -> None:
    with pytest.raises(ValueError, match=re.escape(text) or r"^$"):
        rate_fee(6600, text)
