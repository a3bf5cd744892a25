"""The terms of a service, as a whole."""

from dataclasses import replace

import pytest

from domain.catalogue.service import ServiceTerms, check_terms
from domain.errors import CurrencyMismatch, InvalidInput
from domain.money import Money
from domain.payments.status import PaymentMode

GOOD = ServiceTerms("JPY", Money(5500), PaymentMode.AT_VENUE, None, None, 1, 4)
DEPOSIT = replace(GOOD, payment_mode=PaymentMode.DEPOSIT, deposit_percent=20)


@pytest.mark.parametrize(
    "terms",
    [
        GOOD,
        replace(GOOD, price=Money(0)),
        replace(GOOD, payment_mode=PaymentMode.NONE),
        replace(GOOD, payment_mode=PaymentMode.PREPAY),
        replace(GOOD, payment_mode=PaymentMode.CARD_HOLD),
        DEPOSIT,
        replace(DEPOSIT, deposit_percent=None, deposit_amount=Money(5500)),
    ],
)
def test_sound_terms(terms: ServiceTerms) -> None:
    check_terms(terms)


@pytest.mark.parametrize(
    ("terms", "field"),
    [
        (replace(GOOD, party_min=5), "party_max"),
        (replace(GOOD, payment_mode=PaymentMode.PREPAY, price=Money(0)), "price"),
        (replace(GOOD, payment_mode=PaymentMode.CARD_HOLD, price=Money(0)), "price"),
        (replace(DEPOSIT, deposit_percent=None), "deposit_percent"),
        (replace(DEPOSIT, deposit_amount=Money(100)), "deposit_percent"),
        (replace(GOOD, deposit_percent=20), "payment_mode"),
        (replace(GOOD, deposit_amount=Money(20)), "payment_mode"),
        (replace(DEPOSIT, deposit_percent=None, deposit_amount=Money(5501)), "deposit_amount"),
    ],
)
def test_unsound_terms(terms: ServiceTerms, field: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        check_terms(terms)
    assert [one["field"] for one in refused.value.details["fields"]] == [field]


@pytest.mark.parametrize(
    "terms",
    [
        replace(GOOD, price=Money(5500, "USD")),
        replace(GOOD, currency="USD"),
        replace(DEPOSIT, deposit_percent=None, deposit_amount=Money(100, "EUR")),
    ],
)
def test_money_of_another_currency(terms: ServiceTerms) -> None:
    with pytest.raises(CurrencyMismatch):
        check_terms(terms)
