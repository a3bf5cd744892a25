"""What a change of a business asks of the outside: how a city's name is read, and what a payment provider takes."""

from collections.abc import Mapping

from db.businesses.profile import BusinessRow
from domain.errors import CurrencyMismatch, RuleBroken
from providers.payments.interface import PaymentProvider
from providers.postal.japan_post import places_of


async def city_reading(postal_code: str | None) -> str | None:
    """The city of a postal code in katakana; None where it is not known."""
    places = await places_of(postal_code) if postal_code else []
    return places[0].city_kana if places else None


def check_provider(providers: Mapping[str, PaymentProvider], business: BusinessRow) -> None:
    """Raise RuleBroken where the platform has no account at the business's provider, CurrencyMismatch where that
    provider does not take the business's currency."""
    provider = providers.get(business.payment_provider)
    if provider is None:
        raise RuleBroken({"rule": "provider_not_offered", "provider": business.payment_provider})
    if business.currency not in provider.limits.amounts:
        raise CurrencyMismatch({"expected": sorted(provider.limits.amounts), "got": business.currency})
