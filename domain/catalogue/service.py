"""How a service is booked, and the rules about several of its fields. The schema checks each field alone."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from domain.catalogue.errors import LegalNoticeRequired
from domain.errors import CurrencyMismatch, InvalidInput
from domain.money import Money
from domain.payments.status import ONLINE, PaymentMode
from domain.scheduling.classes import check_places, is_class


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


@dataclass(frozen=True, slots=True)
class ActiveService:
    """What an active service needs. ``groups``: for each requirement group, the units of its active resources.
    ``lacks_notice``: the business is published and has no 特定商取引法 notice."""

    groups: Sequence[Sequence[int]]
    capacity: int
    party_min: int
    party_max: int
    payment_mode: PaymentMode
    lacks_notice: bool = False


def check_active(service: ActiveService, service_id: str) -> None:
    """Raise InvalidInput if a requirement group has no active resource, or its resources have too few units for its
    places; and LegalNoticeRequired, with the id of the service, if it would be sold online without the notice."""
    if not service.groups:
        raise InvalidInput.at("requirements", "needed_to_be_active")
    if not all(service.groups):
        raise InvalidInput.at("requirements", "no_active_resource")
    check_places(service.capacity, service.party_min, service.party_max, service.groups)
    if service.payment_mode in ONLINE:
        check_legal_notice(not service.lacks_notice, [service_id])


def check_legal_notice(has_notice: bool, sold_online: Sequence[str]) -> None:
    """Raise LegalNoticeRequired, with the ids of the services, if services are sold online without the 特定商取引法
    notice."""
    if sold_online and not has_notice:
        raise LegalNoticeRequired({"field": "legal_notice", "services": list(sold_online)})
