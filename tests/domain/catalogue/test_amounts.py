"""What a service asks for online, against what each payment provider takes."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.catalogue.amounts import check_amounts, check_fees
from domain.catalogue.cancellation import Policy, Tier
from domain.catalogue.service import ServiceTerms
from domain.errors import InvalidInput
from domain.money import Money
from domain.payments.dues import amount_due
from domain.payments.limits import ProviderLimits
from domain.payments.status import PaymentMode

DAY = timedelta(days=1)
LIMITS = ProviderLimits({"JPY": (50, 9_999_999), "USD": (50, 99_999_999)}, 7 * DAY, 7 * DAY)
PREPAY = ServiceTerms("JPY", Money(5500), PaymentMode.PREPAY, None, None, 1, 1)
DEPOSIT = replace(PREPAY, payment_mode=PaymentMode.DEPOSIT, deposit_percent=20)
CLASS = replace(PREPAY, capacity=10, party_max=10)


@pytest.mark.parametrize(
    "terms",
    [
        PREPAY,
        replace(PREPAY, price=Money(50)),
        replace(PREPAY, price=Money(9_999_999)),
        replace(PREPAY, price=Money(1), payment_mode=PaymentMode.AT_VENUE),
        replace(DEPOSIT, price=Money(250)),
        replace(DEPOSIT, price=Money(99_999_999), deposit_percent=None, deposit_amount=Money(100)),
        replace(CLASS, price=Money(999_999)),
    ],
)
def test_amounts_that_the_provider_takes(terms: ServiceTerms) -> None:
    check_amounts(terms, LIMITS)


@pytest.mark.parametrize(
    ("terms", "field", "rule"),
    [
        (replace(PREPAY, price=Money(49)), "price", "less_than_the_provider_takes"),
        (replace(PREPAY, price=Money(100_000_000)), "price", "more_than_the_provider_takes"),
        (replace(PREPAY, currency="USD", price=Money(40, "USD")), "price", "less_than_the_provider_takes"),
        (replace(DEPOSIT, price=Money(500), deposit_percent=5), "deposit_percent", "less_than_the_provider_takes"),
        (
            replace(DEPOSIT, deposit_percent=None, deposit_amount=Money(49)),
            "deposit_amount",
            "less_than_the_provider_takes",
        ),
        (replace(PREPAY, price=Money(49), payment_mode=PaymentMode.CARD_HOLD), "price", "less_than_the_provider_takes"),
        (replace(CLASS, price=Money(1_000_000)), "price", "more_than_the_provider_takes"),
        (replace(PREPAY, currency="EUR", price=Money(5500, "EUR")), "price", "more_than_the_provider_takes"),
    ],
)
def test_amounts_that_the_provider_refuses(terms: ServiceTerms, field: str, rule: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        check_amounts(terms, LIMITS)
    assert refused.value.details["fields"] == [{"field": field, "rule": rule}]
    assert refused.value.details["currency"] == terms.currency


@given(
    st.sampled_from(PaymentMode),
    st.integers(1, 2 * 10**7),
    st.integers(1, 100),
    st.integers(1, 20),
    st.integers(0, 20),
)
def test_amounts_that_are_accepted_can_be_paid_for_any_party_size(
    mode: PaymentMode, price: int, percent: int, least: int, more: int
) -> None:
    most = least + more
    deposit = percent if mode is PaymentMode.DEPOSIT else None
    terms = ServiceTerms("JPY", Money(price), mode, deposit, None, least, most, capacity=most + 1)
    dues = [amount_due(mode, Money(price * party), deposit, None) for party in range(least, most + 1)]
    online = mode not in {PaymentMode.NONE, PaymentMode.AT_VENUE}
    possible = not online or all(LIMITS.takes(due) for due in dues)
    try:
        check_amounts(terms, LIMITS)
    except InvalidInput:
        assert not possible
    else:
        assert possible


CARD_HOLD = replace(PREPAY, price=Money(1000), payment_mode=PaymentMode.CARD_HOLD)


def policy(*percents: int, no_show: int = 0) -> Policy:
    """Tiers a day apart, the first one the earliest."""
    hours = range(24 * len(percents), 0, -24)
    return Policy(tuple(Tier(h, percent) for h, percent in zip(hours, percents, strict=True)), no_show)


@pytest.mark.parametrize(
    ("terms", "rules", "field"),
    [
        (CARD_HOLD, policy(0, 5, 100), None),
        (CARD_HOLD, policy(0, 4, 100), "tiers"),
        (CARD_HOLD, policy(0, no_show=4), "no_show_percent"),
        (CARD_HOLD, policy(0, no_show=100), None),
        (replace(CARD_HOLD, price=Money(200), capacity=10, party_min=5, party_max=10), policy(5), None),
        (replace(CARD_HOLD, price=Money(200), capacity=10, party_max=10), policy(5), "tiers"),
        (replace(CARD_HOLD, payment_mode=PaymentMode.PREPAY), policy(1, no_show=1), None),
        (replace(CARD_HOLD, payment_mode=PaymentMode.AT_VENUE), policy(1, no_show=1), None),
    ],
)
def test_fees_of_card_holds(terms: ServiceTerms, rules: Policy, field: str | None) -> None:
    if field is None:
        check_fees(terms, rules, LIMITS)
        return
    with pytest.raises(InvalidInput) as refused:
        check_fees(terms, rules, LIMITS)
    assert refused.value.details["fields"] == [{"field": field, "rule": "fee_less_than_the_provider_takes"}]
    assert refused.value.details["least"] == 50
