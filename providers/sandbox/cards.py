"""The test cards. Numbers, ids and behaviour: Stripe's documentation, "Testing" (docs.stripe.com/testing)."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Outcome(StrEnum):
    """The immediate result of a confirmation."""

    SUCCEED = "succeed"
    DECLINE = "decline"
    ACTION = "action"
    PROCESS = "process"


@dataclass(frozen=True, slots=True)
class Card:
    """``decline`` is (code, decline_code). With ``Outcome.ACTION`` it is the result after the customer has
    agreed. ``later`` is the refusal of the card when it is charged without the customer."""

    number: str
    outcome: Outcome = Outcome.SUCCEED
    brand: str = "visa"
    decline: tuple[str, str] | None = None
    dispute: str | None = None
    inquiry: bool = False
    refunds: str = "succeeded"
    later: tuple[str, str] | None = None

    @property
    def off_session(self) -> tuple[str, str] | None:
        """The refusal off session. The customer cannot authenticate (Stripe, "Testing": authentication_required)."""
        if self.outcome is Outcome.ACTION:
            return "authentication_required", "authentication_required"
        return self.later


def _declined(number: str, decline_code: str, code: str = "card_declined") -> Card:
    return Card(number, Outcome.DECLINE, decline=(code, decline_code))


_DECLINES = {
    "chargeDeclined": _declined("4000000000000002", "generic_decline"),
    "chargeDeclinedInsufficientFunds": _declined("4000000000009995", "insufficient_funds"),
    "chargeDeclinedLostCard": _declined("4000000000009987", "lost_card"),
    "chargeDeclinedStolenCard": _declined("4000000000009979", "stolen_card"),
    "chargeDeclinedExpiredCard": _declined("4000000000000069", "expired_card", "expired_card"),
    "chargeDeclinedIncorrectCvc": _declined("4000000000000127", "incorrect_cvc", "incorrect_cvc"),
    "chargeDeclinedProcessingError": _declined("4000000000000119", "processing_error", "processing_error"),
    "chargeDeclinedFraudulent": _declined("4100000000000019", "fraudulent"),
    "chargeDeclinedVelocityLimitExceeded": _declined("4000000000006975", "card_velocity_exceeded"),
}

_ACTION = Outcome.ACTION

PAYMENT_METHODS: Mapping[str, Card] = {
    "pm_card_visa": Card("4242424242424242"),
    "pm_card_mastercard": Card("5555555555554444", brand="mastercard"),
    "pm_card_amex": Card("378282246310005", brand="amex"),
    "pm_card_jcb": Card("3566002020360505", brand="jcb"),
    "pm_card_jp": Card("4000003920000003"),
    # Stripe spells the declines with and without the brand.
    **{f"pm_card_{name}": card for name, card in _DECLINES.items()},
    **{f"pm_card_visa_{name}": card for name, card in _DECLINES.items()},
    "pm_card_chargeCustomerFail": _declined("4000000000000341", "generic_decline"),
    "pm_card_authenticationRequired": Card("4000002760003184", _ACTION),
    "pm_card_threeDSecure2Required": Card("4000000000003220", _ACTION),
    "pm_card_threeDSecureRequired": Card("4000000000003063", _ACTION),
    "pm_card_threeDSecureRequiredChargeDeclined": Card(
        "4000008400001629", _ACTION, decline=("card_declined", "generic_decline")
    ),
    "pm_card_authenticationRequiredChargeDeclinedInsufficientFunds": Card(
        "4000008260003178", _ACTION, decline=("card_declined", "insufficient_funds")
    ),
    "pm_card_createDispute": Card("4000000000000259", dispute="fraudulent"),
    "pm_card_createDisputeProductNotReceived": Card("4000000000002685", dispute="product_not_received"),
    "pm_card_createDisputeInquiry": Card("4000000000001976", dispute="fraudulent", inquiry=True),
    "pm_card_pendingRefund": Card("4000000000007726", refunds="pending"),
    "pm_card_refundFail": Card("4000000000005126", refunds="failed"),
    # Not Stripe's: pays with the customer present, and is declined afterwards.
    "pm_sandbox_declinedLater": Card("4000000000000018", later=("card_declined", "insufficient_funds")),
    # Not a card: what a voucher of a convenience store is paid with (`providers.sandbox.konbini`).
    "pm_sandbox_konbini": Card("9000000000000000", refunds="account"),
    # Not Stripe's: stays in `processing` until a call of the control endpoint ends it.
    "pm_sandbox_processing": Card("4000000000000000", Outcome.PROCESS),
}

NUMBERS: Mapping[str, str] = {card.number: method for method, card in reversed(list(PAYMENT_METHODS.items()))}

_MESSAGES: Mapping[str, str] = {
    "card_declined": "Your card was declined.",
    "insufficient_funds": "Your card has insufficient funds.",
    "expired_card": "Your card has expired.",
    "incorrect_cvc": "Your card's security code is incorrect.",
    "authentication_required": "Your card was declined. This transaction requires authentication.",
    "processing_error": "An error occurred while processing your card. Try again in a little bit.",
}


def decline_message(code: str, decline_code: str) -> str:
    """The sentence that Stripe shows to a cardholder."""
    return _MESSAGES.get(decline_code) or _MESSAGES.get(code) or _MESSAGES["card_declined"]
