"""The terms of a service, as a whole."""

from dataclasses import replace

import pytest

from domain.catalogue.errors import LegalNoticeRequired
from domain.catalogue.service import ActiveService, ServiceTerms, check_active, check_legal_notice, check_terms
from domain.errors import CurrencyMismatch, InvalidInput
from domain.money import Money
from domain.payments.status import ONLINE, PaymentMode

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


# -- an active service -----------------------------------------------------------------------------------------------

ACTIVE = ActiveService(groups=((1, 1), (1,)), capacity=1, party_min=1, party_max=1, payment_mode=PaymentMode.AT_VENUE)


@pytest.mark.parametrize(
    ("service", "field"),
    [
        (replace(ACTIVE, groups=()), "requirements"),
        (replace(ACTIVE, groups=((1,), ())), "requirements"),
        (replace(ACTIVE, groups=((4,), (1,)), capacity=5), "capacity"),
        (replace(ACTIVE, groups=((4, 4), (1,)), capacity=8, party_min=5), "party_min"),
        (replace(ACTIVE, groups=((4, 4), (1,)), capacity=8, party_max=5), "party_max"),
    ],
)
def test_check_active_refuses_a_service_that_nobody_can_do(service: ActiveService, field: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        check_active(service, "s-1")
    assert field in str(refused.value.details)


@pytest.mark.parametrize("mode", PaymentMode)
@pytest.mark.parametrize("lacks_notice", [True, False])
def test_check_active_wants_the_legal_notice_for_a_sale_online(mode: PaymentMode, lacks_notice: bool) -> None:
    service = replace(ACTIVE, payment_mode=mode, lacks_notice=lacks_notice)
    if not (lacks_notice and mode in ONLINE):
        check_active(service, "s-1")
        return
    with pytest.raises(LegalNoticeRequired) as refused:
        check_active(service, "s-1")
    assert refused.value.details == {"field": "legal_notice", "services": ["s-1"]}


def test_check_legal_notice_names_the_services_that_are_sold_online() -> None:
    check_legal_notice(True, ["s-1"])
    check_legal_notice(False, [])
    with pytest.raises(LegalNoticeRequired) as refused:
        check_legal_notice(False, ["s-1", "s-2"])
    assert refused.value.details == {"field": "legal_notice", "services": ["s-1", "s-2"]}
