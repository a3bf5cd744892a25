"""Receipts, qualified invoices (適格請求書) and credit notes: what they say. Pure rules.

What a document must state: 消費税法 57条の4 1項 (qualified invoice), 2項 (simplified: without the recipient), 3項
(credit note, 適格返還請求書); 国税庁 No.6625. The simplified form is for businesses that serve the public, such as
retail, restaurants and others that serve anybody who comes (消費税法施行令 70条の11; 国税庁 Q&A on the qualified
invoice, 問16, as takemoto-tax.com/category22/category25/entry157.html repeats it). A document with the
name of its recipient meets the full form.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum

from domain.booking_status import BookingStatus
from domain.errors import RuleBroken, WrongState
from domain.payments.status import RefundStatus
from domain.payments.tax import RATES, TaxCategory, TaxRate, category_of, rate_on, tax_in


class ReceiptKind(StrEnum):
    """The kind of a document."""

    QUALIFIED_INVOICE = "qualified_invoice"
    SIMPLIFIED_INVOICE = "simplified_invoice"
    #: Of a business without a registration number, or over money that bears no tax.
    RECEIPT = "receipt"
    #: 適格返還請求書, for a refund.
    CREDIT_NOTE = "credit_note"
    #: For a refund, of a business without a registration number.
    REFUND_NOTE = "refund_note"


class ReceiptRemark(StrEnum):
    """What the money is, where it is not the price of the services."""

    DEPOSIT = "deposit"
    CANCELLATION_FEE = "cancellation_fee"


@dataclass(frozen=True, slots=True)
class SoldItem:
    """A service of the booking as agreed; ``price`` with tax in minor units."""

    name: Mapping[str, str]
    price: int
    tax_percent: int


@dataclass(frozen=True, slots=True)
class Line:
    """One line; ``amount`` with tax in minor units. ``name`` is empty for a cancellation fee."""

    name: Mapping[str, str]
    amount: int
    category: TaxCategory
    percent: int


@dataclass(frozen=True, slots=True)
class RateTotal:
    """The sum of one rate with tax, and the tax that it contains, in minor units."""

    category: TaxCategory
    percent: int
    total: int
    tax: int


@dataclass(frozen=True, slots=True)
class ReceiptFacts:
    """A payment and its booking. ``captured``, ``refunded`` and ``on_the_way`` (refunds in progress) in minor units;
    days at the venue."""

    booking_status: BookingStatus
    items: Sequence[SoldItem]
    captured: int
    refunded: int
    agreed_on: date
    visit_day: date
    registration_number: str | None
    recipient: str | None
    on_the_way: int = 0


@dataclass(frozen=True, slots=True)
class Content:
    """What a document says about the money."""

    kind: ReceiptKind
    lines: tuple[Line, ...]
    totals: tuple[RateTotal, ...]
    total: int
    remark: ReceiptRemark | None


#: The visit did not take place; what the business keeps is a cancellation fee.
_NOT_VISITED = frozenset(
    {BookingStatus.CANCELLED, BookingStatus.NO_SHOW, BookingStatus.DECLINED, BookingStatus.EXPIRED}
)


def receipt_content(facts: ReceiptFacts, rates: tuple[TaxRate, ...] = RATES) -> Content:
    """The document of a payment. Raises WrongState where nothing was paid, or nothing was kept after a cancellation, or
    a refund after it is in progress."""
    if facts.booking_status in _NOT_VISITED:
        return _fee(facts)
    if facts.captured <= 0:
        raise WrongState({"status": "unpaid", "wanted": "captured"})
    lines = _lines(facts, facts.captured, rates)
    price = sum(item.price for item in facts.items)
    remark = ReceiptRemark.DEPOSIT if facts.captured < price else None
    return Content(_kind(facts), lines, _totals(lines), facts.captured, remark)


def credit_note_content(
    facts: ReceiptFacts,
    refund: int,
    status: RefundStatus,
    is_service_invoiced: bool,
    rates: tuple[TaxRate, ...] = RATES,
) -> Content:
    """The document of a refund of ``refund`` minor units, with the rates of the original supply.

    A visit that did not take place is no supply. ``is_service_invoiced``: the receipt of the payment was issued for the
    services. Only then is there a tax to correct (消費税法 57条の4 3項); otherwise the refund bears none. Raises
    WrongState for a refund that has not succeeded.
    """
    if status is not RefundStatus.SUCCEEDED:
        raise WrongState({"status": status.value, "wanted": RefundStatus.SUCCEEDED.value})
    lines = _lines(facts, refund, rates)
    if facts.booking_status in _NOT_VISITED and not is_service_invoiced:
        lines = tuple(replace(line, category=TaxCategory.OUT_OF_SCOPE, percent=0) for line in lines)
        return Content(ReceiptKind.REFUND_NOTE, lines, _totals(lines), refund, None)
    kind = ReceiptKind.CREDIT_NOTE if facts.registration_number else ReceiptKind.REFUND_NOTE
    return Content(kind, lines, _totals(lines), refund, None)


def venue_content(facts: ReceiptFacts, rates: tuple[TaxRate, ...] = RATES) -> Content:
    """The document of money that was taken at the venue: the services' parts of it, at the rates of the day of the
    visit; ``captured`` is that money. What was paid online has a document of its own, and both together are the price.
    After a cancellation what was kept is a fee, as in `receipt_content`."""
    if facts.booking_status in _NOT_VISITED:
        return _fee(facts)
    lines = _lines(facts, facts.captured, rates)
    return Content(_kind(facts), lines, _totals(lines), facts.captured, None)


def venue_note_content(
    facts: ReceiptFacts, money: int, is_service_invoiced: bool, rates: tuple[TaxRate, ...] = RATES
) -> Content:
    """The document of ``money`` minor units that went back at the venue, or of an entry that was reverted because it
    was wrong: as `credit_note_content`."""
    return credit_note_content(facts, money, RefundStatus.SUCCEEDED, is_service_invoiced, rates)


def check_correction(is_same: bool, has_credit_note: bool) -> None:
    """Raises RuleBroken where a correction would say the same as the present document (``is_same``), or where a credit
    note refers to that: the two would correct the same money twice, so a person has to decide.

    A wrong invoice is corrected by a new one with all contents, or by one that names the first and what is corrected
    (国税庁, Q&A on the qualified invoice system, 問32 to 34). The new document here does both.
    """
    if has_credit_note:
        raise RuleBroken({"rule": "credit_note_issued"})
    if is_same:
        raise RuleBroken({"rule": "nothing_to_correct"})


def _fee(facts: ReceiptFacts) -> Content:
    if facts.on_the_way:
        # The document never changes, and the refund may still fail.
        raise WrongState({"status": RefundStatus.PROCESSING.value, "wanted": RefundStatus.SUCCEEDED.value})
    kept = facts.captured - facts.refunded
    if kept <= 0:
        raise WrongState({"status": facts.booking_status.value, "wanted": "captured"})
    line = Line({}, kept, TaxCategory.OUT_OF_SCOPE, 0)
    return Content(ReceiptKind.RECEIPT, (line,), _totals((line,)), kept, ReceiptRemark.CANCELLATION_FEE)


def _kind(facts: ReceiptFacts) -> ReceiptKind:
    if facts.registration_number is None:
        return ReceiptKind.RECEIPT
    return ReceiptKind.QUALIFIED_INVOICE if facts.recipient else ReceiptKind.SIMPLIFIED_INVOICE


def _lines(facts: ReceiptFacts, money: int, rates: tuple[TaxRate, ...]) -> tuple[Line, ...]:
    """The items with their parts of ``money``, at the rates of the day of the visit."""
    lines = []
    for item, amount in zip(facts.items, shares(money, [item.price for item in facts.items]), strict=True):
        category = category_of(item.tax_percent, facts.agreed_on, rates)
        lines.append(Line(item.name, amount, category, rate_on(category, facts.visit_day, rates)))
    return tuple(line for line in lines if line.amount)


def shares(money: int, weights: Sequence[int]) -> list[int]:
    """``money`` minor units divided by ``weights``. The parts add up to ``money``: what rounding down leaves goes to
    the largest remainders, the first of equals. If all weights are 0, they count as equal."""
    weights = weights if any(weights) else [1] * len(weights)
    whole = sum(weights)
    parts = [money * weight // whole for weight in weights]
    largest = sorted(range(len(weights)), key=lambda place: (-(money * weights[place] % whole), place))
    for place in largest[: money - sum(parts)]:
        parts[place] += 1
    return parts


def _totals(lines: Sequence[Line]) -> tuple[RateTotal, ...]:
    """One for each category and rate, the highest rate first."""
    sums: dict[tuple[int, TaxCategory], int] = {}
    for line in lines:
        key = (line.percent, line.category)
        sums[key] = sums.get(key, 0) + line.amount
    return tuple(
        RateTotal(category, percent, total, tax_in(total, percent))
        for (percent, category), total in sorted(sums.items(), key=lambda one: (-one[0][0], one[0][1].value))
    )


def receipt_number(year: int, sequence: int, is_refund: bool) -> str:
    """``2026-000001``, for a refund ``R2026-000001``: both kinds are one sequence of the business and the year."""
    return f"{'R' if is_refund else ''}{year}-{sequence:06d}"
