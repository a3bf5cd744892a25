"""What receipts and credit notes say about the money."""

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.booking_status import BookingStatus
from domain.errors import WrongState
from domain.payments.receipts import (
    Line,
    RateTotal,
    ReceiptFacts,
    ReceiptKind,
    ReceiptRemark,
    SoldItem,
    credit_note_content,
    receipt_content,
    receipt_number,
    shares,
)
from domain.payments.status import RefundStatus
from domain.payments.tax import RATES, TaxCategory, TaxRate

CUT = SoldItem({"ja": "カット"}, 6600, 10)
LUNCH = SoldItem({"ja": "弁当"}, 1080, 8)
CURE = SoldItem({"ja": "診療"}, 500, 0)
DAY = date(2026, 11, 21)
NUMBER = "T7000012050002"
PAID = ReceiptFacts(BookingStatus.CONFIRMED, (CUT, LUNCH, CURE), 8180, 0, DAY, DAY, NUMBER, None)


def test_receipt_has_a_sum_for_each_rate() -> None:
    content = receipt_content(PAID)
    assert content.kind is ReceiptKind.SIMPLIFIED_INVOICE
    assert content.lines == (
        Line(CUT.name, 6600, TaxCategory.STANDARD, 10),
        Line(LUNCH.name, 1080, TaxCategory.REDUCED, 8),
        Line(CURE.name, 500, TaxCategory.EXEMPT, 0),
    )
    assert content.totals == (
        RateTotal(TaxCategory.STANDARD, 10, 6600, 600),
        RateTotal(TaxCategory.REDUCED, 8, 1080, 80),
        RateTotal(TaxCategory.EXEMPT, 0, 500, 0),
    )
    assert (content.total, content.remark) == (8180, None)


def test_tax_is_rounded_once_for_each_rate_and_document() -> None:
    """Three lines of 109 yen contain 9.9 yen of tax each: 29 yen together, not three times 9."""
    items = tuple(SoldItem({"ja": name}, 109, 10) for name in "abc")
    (total,) = receipt_content(replace(PAID, items=items, captured=327)).totals
    assert (total.total, total.tax) == (327, 29)


@pytest.mark.parametrize(
    ("number", "recipient", "kind"),
    [
        (NUMBER, None, ReceiptKind.SIMPLIFIED_INVOICE),
        (NUMBER, "株式会社さくら", ReceiptKind.QUALIFIED_INVOICE),
        (None, "株式会社さくら", ReceiptKind.RECEIPT),
        (None, None, ReceiptKind.RECEIPT),
    ],
)
def test_kind_follows_registration_and_recipient(number: str | None, recipient: str | None, kind: ReceiptKind) -> None:
    assert receipt_content(replace(PAID, registration_number=number, recipient=recipient)).kind is kind


def test_rate_is_that_of_the_day_of_the_visit() -> None:
    """Booked and paid before the rate rises, visited after it: the price stays, its tax is that of the visit."""
    rates = (*RATES, TaxRate(TaxCategory.STANDARD, date(2027, 4, 1), 12))
    facts = replace(PAID, items=(CUT,), captured=6600, agreed_on=date(2027, 3, 1), visit_day=date(2027, 4, 1))
    assert receipt_content(facts, rates).totals == (RateTotal(TaxCategory.STANDARD, 12, 6600, 707),)
    before = replace(facts, visit_day=date(2027, 3, 31))
    assert receipt_content(before, rates).totals == (RateTotal(TaxCategory.STANDARD, 10, 6600, 600),)
    assert credit_note_content(facts, 6600, RefundStatus.SUCCEEDED, True, rates).totals[0].percent == 12


def test_deposit_is_divided_by_price_and_remarked() -> None:
    content = receipt_content(replace(PAID, captured=2000))
    assert [line.amount for line in content.lines] == [1614, 264, 122]
    assert (content.total, content.remark) == (2000, ReceiptRemark.DEPOSIT)


@pytest.mark.parametrize(
    "status", [BookingStatus.CANCELLED, BookingStatus.NO_SHOW, BookingStatus.DECLINED, BookingStatus.EXPIRED]
)
def test_fee_of_a_visit_that_did_not_take_place_bears_no_tax(status: BookingStatus) -> None:
    content = receipt_content(replace(PAID, booking_status=status, refunded=5180))
    assert content.kind is ReceiptKind.RECEIPT
    assert content.lines == (Line({}, 3000, TaxCategory.OUT_OF_SCOPE, 0),)
    assert content.totals == (RateTotal(TaxCategory.OUT_OF_SCOPE, 0, 3000, 0),)
    assert (content.total, content.remark) == (3000, ReceiptRemark.CANCELLATION_FEE)


def test_receipt_of_a_fee_waits_for_the_refunds_in_progress() -> None:
    cancelled = replace(PAID, booking_status=BookingStatus.CANCELLED, refunded=180, on_the_way=5000)
    with pytest.raises(WrongState) as refused:
        receipt_content(cancelled)
    assert refused.value.details == {"status": "processing", "wanted": "succeeded"}
    assert receipt_content(replace(cancelled, refunded=5180, on_the_way=0)).total == 3000
    assert receipt_content(replace(PAID, on_the_way=5000)).total == 8180


@pytest.mark.parametrize(
    "facts",
    [
        replace(PAID, captured=0),
        replace(PAID, booking_status=BookingStatus.CANCELLED, refunded=8180),
        replace(PAID, booking_status=BookingStatus.CANCELLED, captured=0),
    ],
)
def test_receipt_without_money_is_refused(facts: ReceiptFacts) -> None:
    with pytest.raises(WrongState) as refused:
        receipt_content(facts)
    assert refused.value.details["wanted"] == "captured"


def test_receipt_of_one_yen() -> None:
    content = receipt_content(replace(PAID, captured=1))
    assert [(line.amount, line.percent) for line in content.lines] == [(1, 10)]
    kept = replace(PAID, booking_status=BookingStatus.CANCELLED, captured=8180, refunded=8179)
    assert receipt_content(kept).total == 1


@pytest.mark.parametrize(("number", "kind"), [(NUMBER, ReceiptKind.CREDIT_NOTE), (None, ReceiptKind.REFUND_NOTE)])
def test_credit_note_has_the_rates_of_the_service(number: str | None, kind: ReceiptKind) -> None:
    content = credit_note_content(replace(PAID, registration_number=number), 818, RefundStatus.SUCCEEDED, False)
    assert (content.kind, content.total, content.remark) == (kind, 818, None)
    assert [(one.percent, one.total, one.tax) for one in content.totals] == [(10, 660, 60), (8, 108, 8), (0, 50, 0)]


@pytest.mark.parametrize(
    "status", [BookingStatus.CANCELLED, BookingStatus.NO_SHOW, BookingStatus.DECLINED, BookingStatus.EXPIRED]
)
def test_credit_note_needs_an_invoiced_service(status: BookingStatus) -> None:
    """Nothing was supplied and nothing was invoiced: there is no tax to give back."""
    facts = replace(PAID, booking_status=status)
    content = credit_note_content(facts, 818, RefundStatus.SUCCEEDED, False)
    assert content.kind is ReceiptKind.REFUND_NOTE
    assert content.totals == (RateTotal(TaxCategory.OUT_OF_SCOPE, 0, 818, 0),)
    assert [(line.name, line.amount, line.percent) for line in content.lines] == [
        (CUT.name, 660, 0),
        (LUNCH.name, 108, 0),
        (CURE.name, 50, 0),
    ]
    assert credit_note_content(facts, 818, RefundStatus.SUCCEEDED, True).kind is ReceiptKind.CREDIT_NOTE


@pytest.mark.parametrize("status", [each for each in RefundStatus if each is not RefundStatus.SUCCEEDED])
def test_credit_note_waits_for_the_refund(status: RefundStatus) -> None:
    with pytest.raises(WrongState) as refused:
        credit_note_content(PAID, 818, status, True)
    assert refused.value.details == {"status": status.value, "wanted": "succeeded"}


@given(st.integers(0, 10**8), st.lists(st.integers(0, 10**7), min_size=1, max_size=5))
def test_shares_add_up_and_are_within_one_unit_of_exact(money: int, weights: list[int]) -> None:
    parts = shares(money, weights)
    assert sum(parts) == money
    used = weights if any(weights) else [1] * len(weights)
    for part, weight in zip(parts, used, strict=True):
        assert abs(part * sum(used) - money * weight) < sum(used)


def test_shares_give_the_rest_to_the_largest_remainders() -> None:
    assert shares(100, [1, 1, 1]) == [34, 33, 33]
    assert shares(10, [1, 2, 4]) == [1, 3, 6]
    assert shares(7, [0, 0]) == [4, 3]


def test_numbers_of_refunds_are_marked() -> None:
    assert receipt_number(2026, 12, is_refund=False) == "2026-000012"
    assert receipt_number(2026, 13, is_refund=True) == "R2026-000013"
