"""The online payment of a service, and whether the business's payment provider accepts the amount."""

from domain.catalogue.cancellation import Policy
from domain.catalogue.service import ServiceTerms
from domain.errors import InvalidInput
from domain.money import Money
from domain.payments.dues import amount_due
from domain.payments.limits import ProviderLimits
from domain.payments.status import ONLINE, PaymentMode
from domain.scheduling.classes import is_class


def check_amounts(terms: ServiceTerms, limits: ProviderLimits) -> None:
    """Raise ``InvalidInput`` if the provider would refuse the payment of a booking, for the smallest or the largest
    party. A class costs its price for each person. ``details`` have ``amount``, ``least``, ``most`` and
    ``currency``."""
    if terms.payment_mode not in ONLINE:
        return
    deposit = terms.deposit_amount.amount if terms.deposit_amount else None
    for party in (terms.party_min, terms.party_max):
        price = Money(terms.price.amount * (party if is_class(terms.capacity) else 1), terms.currency)
        due = amount_due(terms.payment_mode, price, terms.deposit_percent, deposit)
        if limits.takes(due):
            continue
        least, most = limits.amounts.get(terms.currency, (1, 0))
        wrong = {"field": _field(terms), "rule": "less_than_the_provider_takes"}
        if due.amount > most:
            wrong |= {"rule": "more_than_the_provider_takes"}
        raise InvalidInput(
            {"fields": [wrong], "amount": due.amount, "least": least, "most": most, "currency": terms.currency}
        )


def check_fees(terms: ServiceTerms, policy: Policy, limits: ProviderLimits) -> None:
    """Raise ``InvalidInput`` where a fee that the policy asks of a card hold is less than the provider takes: the hold
    is captured for the fee alone. A fee of nothing is taken from nobody. ``details`` as for `check_amounts`."""
    if terms.payment_mode is not PaymentMode.CARD_HOLD:
        return
    price = Money(terms.price.amount * (terms.party_min if is_class(terms.capacity) else 1), terms.currency)
    least, most = limits.amounts.get(terms.currency, (1, 0))
    for field, percent in (
        *(("tiers", tier.penalty_percent) for tier in policy.tiers),
        ("no_show_percent", policy.no_show_percent),
    ):
        fee = price.percent(percent)
        if percent and fee.amount < least:
            wrong = {"field": field, "rule": "fee_less_than_the_provider_takes"}
            raise InvalidInput(
                {"fields": [wrong], "amount": fee.amount, "least": least, "most": most, "currency": terms.currency}
            )


def _field(terms: ServiceTerms) -> str:
    if terms.payment_mode is not PaymentMode.DEPOSIT:
        return "price"
    return "deposit_amount" if terms.deposit_amount else "deposit_percent"
