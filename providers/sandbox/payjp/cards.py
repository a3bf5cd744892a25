"""Test cards by name. A browser would make a token (v1) or a payment method (v2) of a number; here its id names the
card: ``tok_visa``, ``pm_challenge`` and, because a token is good for one use only, ``tok_visa_anything``.

Numbers and codes: pay.jp/docs/testcard. What PAY.JP has no card for (a bank that refuses later, refunds that end
later) is added.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from providers.sandbox.payjp.server import PayjpFailure


@dataclass(frozen=True, slots=True)
class Card:
    """``decline``: the code of the refusal. ``challenge``: 3-D Secure asks the customer. ``later``: how the bank
    refuses a charge without the customer. ``refunds``: succeeded, pending or failed. ``wallet``: PayPay."""

    number: str
    brand: str = "Visa"
    country: str = "JP"
    decline: str | None = None
    challenge: bool = False
    later: str | None = None
    refunds: str = "succeeded"
    wallet: bool = False


CARDS: Mapping[str, Card] = {
    "visa": Card("4242424242424242"),
    "mastercard": Card("5555555555554444", brand="MasterCard"),
    "jcb": Card("3530111333300000", brand="JCB"),
    "foreign": Card("4000000000000010", country="US"),
    "declined": Card("4000000000080319", decline="card_declined"),
    "expired": Card("4000000000004012", decline="expired_card"),
    "processing-error": Card("4000000000000119", decline="processing_error"),
    "challenge": Card("4000000000003220", challenge=True),
    "challenge-declined": Card("4000008400001629", decline="card_declined", challenge=True),
    "declined-later": Card("4000000000000341", later="card_declined"),
    "pending-refund": Card("4000000000007726", refunds="pending"),
    "refund-fails": Card("4000000000005126", refunds="failed"),
    "paypay": Card("", brand="", wallet=True),
}


def card_named(object_id: str) -> tuple[str, Card]:
    """Name and card of a token or payment method. Raises 404 for an unknown one."""
    name = object_id.split("_")[1] if object_id.count("_") else ""
    if name not in CARDS:
        raise PayjpFailure(404, "not_found", f"There is no {object_id}.")
    return name, CARDS[name]
