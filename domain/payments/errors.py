"""Errors about amounts and cards."""

from typing import ClassVar, TypedDict

from domain.error_details import ReasonDetails
from domain.errors import RuleBroken


class AvailableDetails(TypedDict, total=False):
    """The available amount, in minor units."""

    available: int
    currency: str


class AmountRefused(RuleBroken):
    """The amount is not positive, or more than the available one. ``details["available"]`` in minor units."""

    code = "amount_refused"
    shape: ClassVar[type] = AvailableDetails


class PaymentDeclined(RuleBroken):
    """The provider refused the card. ``details["reason"]``: the provider's decline code."""

    code = "payment_declined"
    shape: ClassVar[type] = ReasonDetails
