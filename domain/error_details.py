"""The shape of each error's ``details``: what a client can read without guessing. All keys are optional unless said
otherwise; times are aware, with the venue's offset where they are a venue's."""

from datetime import datetime
from typing import Literal, Required, TypedDict
from uuid import UUID


class NoDetails(TypedDict):
    """Nothing beside the code."""


class MoneyDetails(TypedDict):
    """Minor units of ``currency``."""

    amount: int
    currency: str


class FieldDetails(TypedDict, total=False):
    """One wrong field: its path, a stable word for the rule, and a sentence in the caller's language."""

    field: Required[str]
    rule: Required[str]
    message: str


class RuleDetails(TypedDict, total=False):
    """Which ``rule`` of which ``field`` is broken."""

    field: str
    rule: str


class ReasonDetails(TypedDict, total=False):
    """A stable word for the cause."""

    reason: str


class RetryDetails(TypedDict, total=False):
    """When to try again, in seconds, and what is away."""

    retry_after: int
    dependency: str
    reason: str


class ForbiddenDetails(TypedDict, total=False):
    """What the role may not do."""

    action: str
    role: str | None
    field: str
    reason: str


class NotFoundDetails(TypedDict, total=False):
    """What was looked for, by the name that the request has for it."""

    attention_id: str
    audit_id: str
    booking_id: str
    customer_id: str
    entity: str
    entity_id: str
    erasure_id: str
    export_id: str
    notice_id: str
    payment_id: str
    postal_code: str
    provider: str
    refund_id: str
    resource_ids: list[str]
    service_id: str
    user_id: str
    webhook_id: str


class ConflictDetails(TypedDict, total=False):
    """What stands against it."""

    rule: str
    payment_id: str
    services: list[str]


class AlternativesDetails(TypedDict, total=False):
    """Why the time is refused, and up to three nearest free starts of the booking window."""

    reason: Literal["closed", "no_start", "nobody_works", "full"]
    alternatives: Required[list[datetime]]
    resource_id: str


class PriceChangedDetails(TypedDict):
    """The price now, and the one that the caller was shown."""

    price: MoneyDetails
    expected_price: MoneyDetails


class WrongStateDetails(TypedDict, total=False):
    """The status now and the wanted one."""

    status: str
    wanted: str
    rule: str
    missing: list[str]


class AlreadyExistsDetails(TypedDict, total=False):
    """The field whose value is in use."""

    field: str


class BookingDetails(TypedDict, total=False):
    """A booking that stands against it."""

    id: Required[UUID]
    code: str
    start_at: datetime
    end_at: datetime
    status: str
    business_id: UUID


class WouldBreakDetails(TypedDict):
    """``count`` bookings would be stranded; the first of them are listed."""

    count: int
    bookings: list[BookingDetails]


class ErasureBlockedDetails(TypedDict, total=False):
    """Visits ahead, and the ids of businesses to be closed or handed over."""

    bookings: list[BookingDetails]
    businesses: list[UUID]


class GoneDetails(TypedDict, total=False):
    """Whose time is over."""

    reason: str
    status: str
    hold_expires_at: datetime | None


class RuleBrokenDetails(TypedDict, total=False):
    """The ``rule``, and the value that it compares with."""

    rule: str
    field: str
    reason: str
    provider: str
    start_at: datetime
    latest: datetime
    max_moves: int
    percent: int


class InvalidInputDetails(TypedDict, total=False):
    """Every wrong field. For an amount that the payment provider refuses: the amount, the provider's limits, and the
    services that ask for it where several were looked at."""

    fields: Required[list[FieldDetails]]
    services: list[str]
    amount: int
    least: int
    most: int
    currency: str


class HoursDetails(TypedDict):
    """``HH:MM`` of the business day, up to ``48:00``."""

    opens: str
    closes: str


class OverlappingHoursDetails(TypedDict, total=False):
    """The two ranges, and the day that they are of, where it has a name."""

    day: Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday", "public_holiday"]
    first: Required[HoursDetails]
    second: Required[HoursDetails]


class WindowDetails(TypedDict):
    """The first and the last start that can be booked, both included."""

    reason: Literal["too_soon", "too_far"]
    earliest: datetime
    latest: datetime


class MissingDetails(TypedDict):
    """Stable words for all that is not there."""

    missing: list[str]


class NotBookableDetails(TypedDict, total=False):
    """What does not take bookings."""

    service_id: str
    resource_id: str
    rule: str


class PartyDetails(TypedDict, total=False):
    """The smallest and the largest party."""

    party_min: int
    party_max: int
    rule: str


class LimitDetails(TypedDict, total=False):
    """The limit; of a file or body in bytes."""

    limit: int


class CurrencyDetails(TypedDict, total=False):
    """The currencies that are taken, and the one that came."""

    field: str
    expected: str | list[str]
    got: str
    currency: str


class AvailableDetails(TypedDict, total=False):
    """What there is, in minor units."""

    available: int
    currency: str


class LegalNoticeDetails(TypedDict, total=False):
    """The services that are sold online."""

    field: str
    services: list[str]


class HeaderDetails(TypedDict):
    """The header that is needed."""

    header: str


class SupportedDetails(TypedDict):
    """The content types that are read."""

    supported: list[str]
