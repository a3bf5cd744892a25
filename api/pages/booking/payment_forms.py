"""The form that reads a card. It is the provider's own: its script is loaded on the payment screen alone, so that no
card number reaches us. With the sandbox, which has no such form, the page offers its test cards.

Sources of the addresses: Stripe, "Integration security guide", Content Security Policy, and `stripe/stripe-js`
(``src/shared.ts``); PAY.JP, pay.jp/docs/payjs ("must be loaded from https://js.pay.jp") and `payjp/payments-js`
(``src/index.ts``).
"""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from api.pages.rendering import Sources
from runtime.settings import Settings

STRIPE_API = "https://api.stripe.com"
PAYJP_API = "https://api.pay.jp"
_STRIPE_SCRIPTS = ("https://js.stripe.com", "https://*.js.stripe.com")
_PAYJP_SCRIPTS = ("https://js.pay.jp",)
#: Test cards of the providers' documentation, by the sandbox's name for them, and the sentence of each.
_STRIPE_CARDS = (
    ("pm_card_visa", "card_ok"),
    ("pm_card_threeDSecure2Required", "card_3ds"),
    ("pm_card_chargeDeclined", "card_declined"),
    ("pm_card_chargeDeclinedInsufficientFunds", "card_insufficient"),
)
_PAYJP_CARDS = (("visa", "card_ok"), ("challenge", "card_3ds"), ("declined", "card_declined"))


@dataclass(frozen=True, slots=True)
class PaymentForm:
    """``script``: the provider's, empty with the sandbox. ``key``: the public key of the account. ``cards``: the test
    cards of the sandbox, each with its sentence. ``sources``: what the provider's form needs from its own hosts."""

    provider: str
    script: str
    key: str
    cards: tuple[tuple[str, str], ...]
    sources: Sources


def form_of(settings: Settings, intent: Mapping[str, Any]) -> PaymentForm:
    """The form for an open payment, as the API describes it."""
    provider = str(intent["provider"])
    if provider == "stripe":
        return _stripe(settings, intent["public_key"] or settings.stripe_public_key)
    return _payjp(settings, provider, intent["public_key"] or settings.payjp_public_key)


def _stripe(settings: Settings, key: str) -> PaymentForm:
    if settings.stripe_base_url != STRIPE_API:
        return PaymentForm("stripe", "", key, _STRIPE_CARDS, _sandbox(settings.stripe_base_url))
    sources = Sources(
        scripts=_STRIPE_SCRIPTS,
        frames=(*_STRIPE_SCRIPTS, "https://hooks.stripe.com"),
        calls=(STRIPE_API,),
        forms=("https://hooks.stripe.com",),
    )
    return PaymentForm("stripe", "https://js.stripe.com/dahlia/stripe.js", key, (), sources)


def _payjp(settings: Settings, provider: str, key: str) -> PaymentForm:
    if settings.payjp_base_url != PAYJP_API:
        prefix = "tok" if provider == "payjp_v1" else "pm"
        once = secrets.token_hex(6)  # a token is good for one payment
        cards = tuple((f"{prefix}_{name}_{once}", said) for name, said in _PAYJP_CARDS)
        return PaymentForm(provider, "", key, cards, _sandbox(settings.payjp_base_url))
    sources = Sources(
        scripts=_PAYJP_SCRIPTS,
        frames=(*_PAYJP_SCRIPTS, PAYJP_API),
        calls=(*_PAYJP_SCRIPTS, PAYJP_API),
        forms=(PAYJP_API,),
    )
    script = "https://js.pay.jp/v2/pay.js" if provider == "payjp_v1" else "https://js.pay.jp/payments.js"
    return PaymentForm(provider, script, key, (), sources)


def _sandbox(base: str) -> Sources:
    """Where the form may end after a redirect to the sandbox's 3-D Secure."""
    parts = urlsplit(str(base))
    return Sources(forms=(f"{parts.scheme}://{parts.netloc}",))
