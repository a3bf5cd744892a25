"""How a service is booked, and the rules about several of its fields. The schema checks each field alone."""

from dataclasses import dataclass
from enum import StrEnum

from domain.errors import CurrencyMismatch, InvalidInput
from domain.money import Money
from domain.payments.status import ONLINE, PaymentMode
from domain.scheduling.classes import is_class


class ApprovalMode(StrEnum):
    """Whether a booking is confirmed automatically or by the business."""

    INSTANT = "instant"
    MANUAL = "manual"


@dataclass(frozen=True, slots=True)
class ServiceDefaults:
    """What a new service takes from the settings of its business where it has no value of its own."""

    payment_mode: PaymentMode
    approval_mode: ApprovalMode


@dataclass(frozen=True, slots=True)
class ServiceTerms:
    """Price and party of a service of a business with ``currency``."""

    currency: str
    price: Money
    payment_mode: PaymentMode
    deposit_percent: int | None
    deposit_amount: Money | None
    party_min: int
    party_max: int
    capacity: int = 1


def check_terms(terms: ServiceTerms) -> None:
    """Raise ``CurrencyMismatch`` for money in another currency than the business's, and ``InvalidInput`` for:

    a largest party below the smallest, or above the places of a class; an online payment without a price; a deposit
    with neither percent nor amount, or with both; a deposit in another payment mode; a deposit of zero, or above the
    price.
    """
    for money in (terms.price, terms.deposit_amount):
        if money is not None and money.currency != terms.currency:
            raise CurrencyMismatch({"expected": terms.currency, "got": money.currency})
    if terms.party_max < terms.party_min:
        raise InvalidInput.at("party_max", "not_below_party_min")
    if is_class(terms.capacity) and terms.party_max > terms.capacity:
        raise InvalidInput.at("party_max", "at_most_capacity")
    if terms.payment_mode in ONLINE and not terms.price:
        raise InvalidInput.at("price", "positive_for_online_payment")
    said = (terms.deposit_percent is not None) + (terms.deposit_amount is not None)
    if terms.payment_mode is PaymentMode.DEPOSIT and said != 1:
        raise InvalidInput.at("deposit_percent", "percent_or_amount")
    if terms.payment_mode is not PaymentMode.DEPOSIT and said:
        raise InvalidInput.at("payment_mode", "deposit_for_a_deposit")
    if terms.deposit_amount is not None and not terms.deposit_amount:
        raise InvalidInput.at("deposit_amount", "positive")
    if terms.deposit_amount is not None and terms.price < terms.deposit_amount:
        raise InvalidInput.at("deposit_amount", "at_most_price")
