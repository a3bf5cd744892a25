"""Test cards of each payment provider, as its form in the browser would name them."""

import random
from collections.abc import Mapping
from dataclasses import dataclass

from domain.payments.providers import ProviderName


@dataclass(frozen=True, slots=True)
class Cards:
    """``bank``: the bank asks the customer. ``slow``: the bank takes its time; None where the provider has no such
    thing. ``once``: a token is good for one payment only, so each use has a name of its own."""

    good: str
    declined: tuple[str, ...]
    bank: str
    slow: str | None = None
    once: bool = False

    def new(self, card: str, dice: random.Random) -> str:
        """The token of a card that is entered now."""
        return f"{card}_{dice.getrandbits(64):x}" if self.once else card


CARDS: Mapping[str, Cards] = {
    ProviderName.STRIPE: Cards(
        "pm_card_visa",
        ("pm_card_chargeDeclined", "pm_card_visa_chargeDeclinedInsufficientFunds"),
        "pm_card_threeDSecure2Required",
        "pm_sandbox_processing",
    ),
    ProviderName.PAYJP_V1: Cards("tok_visa", ("tok_declined", "tok_expired"), "tok_challenge", once=True),
    ProviderName.PAYJP_V2: Cards("pm_visa", ("pm_declined", "pm_expired"), "pm_challenge", once=True),
}
