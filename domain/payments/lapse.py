"""How long an authorization is valid, by provider and brand of the card, where the provider does not say it.

Every provider says the end of most authorizations: Stripe ``capture_before`` of the charge, PAY.JP v1 ``expired_at`` of
the charge, v2 ``expired_at`` of the flow. Their word counts; this table is for what comes without it. Sources:

* Stripe: docs.stripe.com/payments/place-a-hold-on-a-payment-method, "Authorization validity windows", card-not-present:
  7 days for Visa, Mastercard, American Express and Discover; without the customer 5 days for Visa, in fact 4 days and
  18 hours. JCB and Diners are not in the table: the shortest is assumed. Longer ones (docs.stripe.com/payments/
  extended-authorization) depend on the account's pricing and are not asked for.
* PAY.JP v1: pay.jp/docs/api, "支払いを作成", ``expiry_days`` 1-60, default 7 (pay.jp/docs/authcapture, too); our
  adapter asks for 60 for cards of Japan and for the default of 7 for others. The day of the payment counts as the
  first: with 60 the end is 11:59 PM in Japan 59 days later, so one of late in the evening lives for 59 days.
* PAY.JP v2: docs.pay.jp/v2/guide/status-management, page auth-capture: 7 days, and up to 30 on request where the card
  allows it, which only its answer says.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from domain.payments.providers import ProviderName

_WEEK = timedelta(days=7)
#: A renewal that is too early costs one call, one that is too late costs the money.
MARGIN = timedelta(hours=18)


@dataclass(frozen=True, slots=True)
class Window:
    """``with_customer``: of an authorization that the customer has made; ``without``: of one that we have made on the
    stored card."""

    with_customer: timedelta
    without: timedelta


#: Where nothing is known about the card.
SHORTEST = Window(_WEEK, timedelta(days=4, hours=18))
_SEVEN = Window(_WEEK, _WEEK)
_PAYJP_SIX = Window(timedelta(days=6), timedelta(days=6))
_PAYJP_LONG = Window(timedelta(days=59), timedelta(days=59))

#: By provider and brand (lower case, as `brand_of` writes it); "" for brands that are not listed.
BY_BRAND: Mapping[str, Mapping[str, Window]] = {
    ProviderName.STRIPE.value: {
        "visa": SHORTEST,
        "mastercard": _SEVEN,
        "amex": _SEVEN,
        "discover": _SEVEN,
        "": SHORTEST,
    },
    ProviderName.PAYJP_V1.value: {"": _PAYJP_SIX},
    ProviderName.PAYJP_V2.value: {"": _SEVEN},
}
#: By provider, for cards of Japan, whatever their brand.
DOMESTIC: Mapping[str, Window] = {ProviderName.PAYJP_V1.value: _PAYJP_LONG}


@dataclass(frozen=True, slots=True)
class Card:
    """What a provider says about the card of a payment. ``is_domestic``: issued in Japan, None if unknown."""

    brand: str
    is_domestic: bool | None = None


def brand_of(name: str | None) -> str:
    """One name for each brand: ``American Express`` and ``american_express`` are ``amex``."""
    plain = re.sub("[^a-z0-9]", "", (name or "").lower())
    return "amex" if plain == "americanexpress" else plain


def window(provider: str, card: Card | None) -> Window:
    """The validity of an authorization at ``provider``; the shortest where the provider or the card is not known."""
    brands = BY_BRAND.get(provider)
    if brands is None or card is None:
        return SHORTEST
    if card.is_domestic and provider in DOMESTIC:
        return DOMESTIC[provider]
    return brands.get(brand_of(card.brand), brands[""])


def assumed(provider: str, card: Card | None, *, with_customer: bool) -> timedelta:
    """How long an authorization counts as valid from its beginning: its validity less a margin."""
    known = window(provider, card)
    return (known.with_customer if with_customer else known.without) - MARGIN
