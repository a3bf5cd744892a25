"""Consumption tax (消費税): dated rates per category, and the tax that a price contains. Pure rules.

Which rate applies. The rate of the day on which the service is provided, not that of the booking, the payment or the
document: the tax arises with the supply, which is the sale of goods or of a service (消費税法 4条1項, 28条1項, 29条;
国税庁 消費税法基本通達 9-1-5: a service is supplied on the day on which all of it is completed). A law that raises the
rate may exempt contracts that were made before a day that it names; such a law needs rows and a rule of its own here.

The price that the customer agreed to contains the tax and stays as it is. When the rate changes between booking and
visit, only the part of the price that is tax changes.
"""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum


class TaxCategory(StrEnum):
    """What kind of supply it is."""

    STANDARD = "standard"
    #: 軽減税率: food and drink that is taken away, newspapers.
    REDUCED = "reduced"
    #: 非課税: what the law exempts, such as treatment that the health insurance pays (消費税法 別表第二).
    EXEMPT = "exempt"
    #: 不課税: no supply at all, such as a cancellation fee that makes up for lost profit (国税庁 No.6253).
    OUT_OF_SCOPE = "out_of_scope"


@dataclass(frozen=True, slots=True)
class TaxRate:
    """The percent of a category from the day ``since``, until its next row."""

    category: TaxCategory
    since: date
    percent: int


#: Consumption tax and local consumption tax together (国税庁 No.6303). A change of the law is a new row.
RATES: tuple[TaxRate, ...] = (
    TaxRate(TaxCategory.STANDARD, date(1989, 4, 1), 3),
    TaxRate(TaxCategory.STANDARD, date(1997, 4, 1), 5),
    TaxRate(TaxCategory.STANDARD, date(2014, 4, 1), 8),
    TaxRate(TaxCategory.STANDARD, date(2019, 10, 1), 10),
    TaxRate(TaxCategory.REDUCED, date(2019, 10, 1), 8),
    TaxRate(TaxCategory.EXEMPT, date(1989, 4, 1), 0),
    TaxRate(TaxCategory.OUT_OF_SCOPE, date(1989, 4, 1), 0),
)


def rate_on(category: TaxCategory, day: date, rates: tuple[TaxRate, ...] = RATES) -> int:
    """The percent of a category on a day. Raises LookupError for a day before its first row."""
    known = [rate for rate in rates if rate.category is category and rate.since <= day]
    if not known:
        raise LookupError(category.value)
    return max(known, key=lambda rate: rate.since).percent


def category_of(percent: int, agreed_on: date, rates: tuple[TaxRate, ...] = RATES) -> TaxCategory:
    """The category that had this percent on the day on which it was agreed: services state a percent.

    Raises LookupError for a percent that no category had.
    """
    for category in (TaxCategory.STANDARD, TaxCategory.REDUCED, TaxCategory.EXEMPT):
        began = min(rate.since for rate in rates if rate.category is category)
        if began <= agreed_on and rate_on(category, agreed_on, rates) == percent:
            return category
    raise LookupError(str(percent))


def tax_in(total: int, percent: int) -> int:
    """The tax that ``total`` minor units contain, rounded down to the minor unit.

    Called once for each rate of a document, with the sum of that rate: 消費税法施行令 70条の10 allows one rounding for
    each rate and document, in a way that the issuer chooses, and none for single lines (国税庁 No.6625).
    """
    return total * percent // (100 + percent)
