"""Rates by day, categories by percent, and one rounding."""

from datetime import date, timedelta

import pytest

from domain.payments.tax import RATES, TaxCategory, TaxRate, category_of, rate_on, tax_in

#: As if the standard rate rose.
RISE = (*RATES, TaxRate(TaxCategory.STANDARD, date(2027, 4, 1), 12))


@pytest.mark.parametrize(
    ("category", "day", "percent"),
    [
        (TaxCategory.STANDARD, date(1989, 4, 1), 3),
        (TaxCategory.STANDARD, date(1997, 3, 31), 3),
        (TaxCategory.STANDARD, date(1997, 4, 1), 5),
        (TaxCategory.STANDARD, date(2014, 3, 31), 5),
        (TaxCategory.STANDARD, date(2014, 4, 1), 8),
        (TaxCategory.STANDARD, date(2019, 9, 30), 8),
        (TaxCategory.STANDARD, date(2019, 10, 1), 10),
        (TaxCategory.REDUCED, date(2019, 10, 1), 8),
        (TaxCategory.EXEMPT, date(2026, 11, 21), 0),
        (TaxCategory.OUT_OF_SCOPE, date(2026, 11, 21), 0),
    ],
)
def test_rate_on_a_day(category: TaxCategory, day: date, percent: int) -> None:
    assert rate_on(category, day) == percent


@pytest.mark.parametrize(
    ("category", "first"),
    [
        (TaxCategory.STANDARD, date(1989, 4, 1)),
        (TaxCategory.REDUCED, date(2019, 10, 1)),
        (TaxCategory.EXEMPT, date(1989, 4, 1)),
        (TaxCategory.OUT_OF_SCOPE, date(1989, 4, 1)),
    ],
)
def test_rate_before_the_first_row_is_unknown(category: TaxCategory, first: date) -> None:
    assert rate_on(category, first) in {0, 3, 8}
    with pytest.raises(LookupError, match=category.value):
        rate_on(category, first - timedelta(days=1))


def test_rate_of_rows_in_any_order() -> None:
    assert rate_on(TaxCategory.STANDARD, date(2026, 1, 1), tuple(reversed(RATES))) == 10


@pytest.mark.parametrize(
    ("percent", "category"),
    [(10, TaxCategory.STANDARD), (8, TaxCategory.REDUCED), (0, TaxCategory.EXEMPT)],
)
def test_category_of_todays_percents(percent: int, category: TaxCategory) -> None:
    assert category_of(percent, date(2026, 11, 21)) is category


def test_category_of_a_percent_depends_on_the_day_of_the_agreement() -> None:
    assert category_of(8, date(2018, 1, 1)) is TaxCategory.STANDARD
    assert category_of(8, date(2019, 10, 1)) is TaxCategory.REDUCED
    assert category_of(10, date(2027, 3, 31), RISE) is TaxCategory.STANDARD
    assert category_of(12, date(2027, 4, 1), RISE) is TaxCategory.STANDARD
    for percent, day in ((9, date(2026, 1, 1)), (10, date(2027, 4, 1)), (8, date(1990, 1, 1))):
        with pytest.raises(LookupError, match=str(percent)):
            category_of(percent, day, RISE)


@pytest.mark.parametrize(
    ("total", "percent", "tax"),
    [(1100, 10, 100), (1080, 8, 80), (109, 10, 9), (110, 10, 10), (1, 10, 0), (500, 0, 0), (9_999_999, 10, 909_090)],
)
def test_tax_in_a_price_is_rounded_down(total: int, percent: int, tax: int) -> None:
    assert tax_in(total, percent) == tax
