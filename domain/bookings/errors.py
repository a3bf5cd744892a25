"""Errors about a booking."""

from typing import ClassVar, TypedDict

from domain.error_details import LimitDetails, MoneyDetails
from domain.errors import Conflict, RuleBroken


class PriceChangedDetails(TypedDict):
    """The present price, and the price that the caller was shown."""

    price: MoneyDetails
    expected_price: MoneyDetails


class PriceChanged(Conflict):
    """The price is not the one that the caller was shown. ``details``: ``price`` is the present one and
    ``expected_price`` the caller's, each with ``amount`` (minor units) and ``currency``."""

    code = "price_changed"
    shape: ClassVar[type] = PriceChangedDetails


class HoldLimit(RuleBroken):
    """The customer has as many unpaid bookings as are allowed."""

    code = "hold_limit"
    shape: ClassVar[type] = LimitDetails
