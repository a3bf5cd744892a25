"""A change of a business: how a city's name is read, what a payment provider takes, and when it is reviewed again."""

from collections.abc import Collection, Mapping
from typing import Any
from uuid import UUID, uuid4

from db.businesses.profile import BusinessRow
from db.businesses.settings import SettingsRow
from db.catalogue.services import ServiceFilter, ServiceRow
from db.engine.session import UnitOfWork
from domain.business_status import BusinessStatus
from domain.businesses.profile import IDENTITY
from domain.catalogue.amounts import check_amounts
from domain.catalogue.service import ServiceTerms
from domain.errors import CurrencyMismatch, InvalidInput, RuleBroken
from domain.money import Money
from domain.payments.dues import amount_due
from domain.payments.limits import ProviderLimits
from domain.payments.status import PaymentMode
from providers.payments.registry import LIMITS
from providers.postal.japan_post import places_of

#: Services of one business that are checked when its provider changes.
MOST_SERVICES = 1000


async def city_reading(postal_code: str | None) -> str | None:
    """The city of a postal code in katakana; None if it is unknown."""
    places = await places_of(postal_code) if postal_code else []
    return places[0].city_kana if places else None


def check_provider(offered: Collection[str], business: BusinessRow, has_account: bool) -> None:
    """Raise RuleBroken where neither the platform nor the business (``has_account``) has an account at the business's
    provider, CurrencyMismatch where that provider does not take the business's currency."""
    if business.payment_provider not in offered and not has_account:
        raise RuleBroken({"rule": "provider_not_offered", "provider": business.payment_provider})
    limits = LIMITS[business.payment_provider]
    if business.currency not in limits.amounts:
        raise CurrencyMismatch({"expected": sorted(limits.amounts), "got": business.currency})


async def check_prices(work: UnitOfWork, business: BusinessRow) -> None:
    """Raise InvalidInput where the business's provider does not take what one of its active services asks for online;
    ``services`` are all of these."""
    rows = await work.catalogue.list_services(ServiceFilter(business_id=business.id), None, MOST_SERVICES)
    limits = LIMITS[business.payment_provider]
    refused = {str(row.id): broken for row, _ in rows if (broken := _refused_price(row, limits)) is not None}
    for broken in refused.values():
        field = {**broken["fields"][0], "field": "payment_provider"}
        raise InvalidInput({**broken, "fields": [field], "services": list(refused)})


def _refused_price(row: ServiceRow, limits: ProviderLimits) -> dict[str, Any] | None:
    deposit = None if row.deposit_amount is None else Money(row.deposit_amount, row.currency)
    price, mode = Money(row.price, row.currency), PaymentMode(row.payment_mode)
    party = row.party_min, row.party_max, row.capacity
    try:
        check_amounts(ServiceTerms(row.currency, price, mode, row.deposit_percent, deposit, *party), limits)
    except InvalidInput as error:
        return error.details
    return None


async def change_settings(work: UnitOfWork, business_id: UUID, columns: Mapping[str, Any]) -> SettingsRow:
    """The settings with their new columns. Raises RuleBroken for a payment at convenience stores that nobody could
    make."""
    settings = await work.businesses.change_settings(business_id, columns)
    if columns.get("konbini_days"):
        await _check_konbini(work, await work.businesses.get(business_id))
        await _check_konbini_amounts(work, business_id)
    return settings


async def check_konbini(work: UnitOfWork, business: BusinessRow) -> None:
    """Raises RuleBroken where the business offers payment at convenience stores and its provider cannot make it."""
    if (await work.businesses.get_settings(business.id)).konbini_days:
        await _check_konbini(work, business)


async def _check_konbini(work: UnitOfWork, business: BusinessRow) -> None:
    if business.currency != "JPY" or LIMITS[business.payment_provider].voucher is None:
        raise RuleBroken({"rule": "konbini_no_provider"})


async def _check_konbini_amounts(work: UnitOfWork, business_id: UUID) -> None:
    """A business without services yet may switch it on; one whose services are all outside the limits may not."""
    limits = LIMITS[(await work.businesses.get(business_id)).payment_provider]
    rows = await work.catalogue.list_services(ServiceFilter(business_id=business_id), None, MOST_SERVICES)
    online = [row for row, _ in rows if PaymentMode(row.payment_mode) in {PaymentMode.PREPAY, PaymentMode.DEPOSIT}]
    if online and not any(limits.takes_voucher(_asked_online(row)) for row in online):
        raise RuleBroken({"rule": "konbini_no_service"})


def _asked_online(row: ServiceRow) -> Money:
    return amount_due(
        PaymentMode(row.payment_mode), Money(row.price, row.currency), row.deposit_percent, row.deposit_amount
    )


async def change_business(work: UnitOfWork, business_id: UUID, columns: Mapping[str, Any]) -> BusinessRow:
    """The business with its new columns. An approved business that changed its identity is reviewed again; it stays
    public. Raises what ``ProfileStore.change`` raises."""
    before = await work.businesses.get(business_id)
    business = await work.businesses.change(business_id, columns)
    if business.status == BusinessStatus.APPROVED and _identity(before) != _identity(business):
        await work.onboarding.verifications.review_again(business_id, work.context.actor.user_id, f"again/{uuid4()}")
    return business


def _identity(business: BusinessRow) -> dict[str, Any]:
    return {name: getattr(business, name) for name in IDENTITY}
