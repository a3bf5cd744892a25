"""Errors about a booking."""

from datetime import datetime
from typing import ClassVar, Required, TypedDict

from domain.error_details import LimitDetails, MoneyDetails
from domain.errors import Conflict, RuleBroken


class PriceChangedDetails(TypedDict):
    """The present price, and the price that the caller was shown."""

    price: MoneyDetails
    expected_price: MoneyDetails


class FreeTimesDetails(TypedDict):
    """Up to three starts that can be booked now, with the venue's offset."""

    alternatives: list[datetime]


class PriceChanged(Conflict):
    """The price is not the one that the caller was shown. ``details``: ``price`` is the present one and
    ``expected_price`` the caller's, each with ``amount`` (minor units) and ``currency``."""

    code = "price_changed"
    shape: ClassVar[type] = PriceChangedDetails


class HoldLimit(RuleBroken):
    """The customer has as many unpaid bookings as are allowed."""

    code = "hold_limit"
    shape: ClassVar[type] = LimitDetails


class TimeIsFree(Conflict):
    """A time that fits can be booked now, so there is nothing to wait for. ``details``: ``alternatives``."""

    code = "time_is_free"
    shape: ClassVar[type] = FreeTimesDetails


class WaitlistLimit(RuleBroken):
    """The person, the network or the business has as many entries on the waitlist as are allowed."""

    code = "waitlist_limit"
    shape: ClassVar[type] = LimitDetails


class ClashDetails(TypedDict, total=False):
    """An occurrence that cannot be booked: its number from 1, the time by the plan, the code of the error, and up to
    three free starts near it."""

    number: Required[int]
    start_at: Required[datetime]
    code: Required[str]
    alternatives: list[datetime]


class SeriesClashDetails(TypedDict):
    """The occurrences in question, and how many they are."""

    occurrences: list[ClashDetails]
    count: int


class SeriesClash(Conflict):
    """Some occurrences of a series cannot be booked or moved, and all of them were asked for; or none can.
    ``details["occurrences"]`` lists them; nothing was changed. With ``take`` ``free`` the others are done."""

    code = "series_clash"
    shape: ClassVar[type] = SeriesClashDetails
