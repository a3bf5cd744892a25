"""What each provider declares of amounts decides whether a service is saved, in every currency that a business has."""

from dataclasses import replace

import pytest

from domain.catalogue.amounts import check_amounts
from domain.catalogue.service import ServiceTerms
from domain.errors import InvalidInput
from domain.money import SUPPORTED, Money
from domain.payments.status import PaymentMode
from providers.payments.registry import LIMITS


def is_saved(provider: str, terms: ServiceTerms) -> bool:
    try:
        check_amounts(terms, LIMITS[provider])
    except InvalidInput:
        return False
    return True


@pytest.mark.parametrize("provider", LIMITS)
@pytest.mark.parametrize("currency", sorted(SUPPORTED))
def test_limits_of_a_provider_decide_which_services_are_saved(provider: str, currency: str) -> None:
    prepay = ServiceTerms(currency, Money(10_000, currency), PaymentMode.PREPAY, None, None, 1, 1)
    if currency not in LIMITS[provider].amounts:
        assert not is_saved(provider, prepay)
        assert is_saved(provider, replace(prepay, payment_mode=PaymentMode.AT_VENUE))
        return

    def priced(amount: int, terms: ServiceTerms) -> bool:
        return is_saved(provider, replace(terms, price=Money(amount, currency)))

    least, most = LIMITS[provider].amounts[currency]
    for mode in (PaymentMode.PREPAY, PaymentMode.CARD_HOLD):
        asked = [priced(amount, replace(prepay, payment_mode=mode)) for amount in (least - 1, least, most, most + 1)]
        assert asked == [False, True, True, False], mode
    places = replace(prepay, capacity=4, party_max=4)
    assert [priced(amount, places) for amount in (most // 4, most // 4 + 1)] == [True, False]
    deposit = replace(prepay, payment_mode=PaymentMode.DEPOSIT, deposit_percent=5)
    assert [priced(amount, deposit) for amount in (20 * least - 1, 20 * least)] == [False, True]


def test_limits_of_a_currency_are_known_of_one_provider_at_least() -> None:
    """A business of this currency can be paid online."""
    assert set().union(*(limits.amounts for limits in LIMITS.values())) == SUPPORTED
