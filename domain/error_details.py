"""The shape of each error's ``details``, for clients. All keys are optional unless the type says otherwise; times are
aware, with the venue's offset if they belong to a venue."""

from datetime import datetime
from typing import Required, TypedDict
from uuid import UUID


class NoDetails(TypedDict):
    """No details."""


class MoneyDetails(TypedDict):
    """Minor units of ``currency``."""

    amount: int
    currency: str


class FieldDetails(TypedDict, total=False):
    """One wrong field: its path, a stable code for the rule, and a sentence in the caller's language."""

    field: Required[str]
    rule: Required[str]
    message: str


class RuleDetails(TypedDict, total=False):
    """The broken ``rule`` and its ``field``."""

    field: str
    rule: str


class ReasonDetails(TypedDict, total=False):
    """A stable code for the cause."""

    reason: str


class RetryDetails(TypedDict, total=False):
    """When to retry, in seconds, and which dependency is unavailable."""

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
    """The id that was not found, under the name that the request has for it."""

    address_id: str
    attention_id: str
    audit_id: str
    block_id: str
    booking_id: str
    business_id: str
    code: str
    customer_id: str
    dispute_id: str
    entity: str
    entity_id: str
    entry_id: str
    erasure_id: str
    export_id: str
    notice_id: str
    payment_id: str
    payout_id: str
    postal_code: str
    provider: str
    refund_id: str
    resource_id: str
    resource_ids: list[str]
    service_id: str
    service_ids: list[str]
    user_id: str
    webhook_id: str


class ConflictDetails(TypedDict, total=False):
    """The cause of the conflict."""

    rule: str
    payment_id: str
    services: list[str]


class WrongStateDetails(TypedDict, total=False):
    """The present status and the wanted one."""

    status: str
    wanted: str
    rule: str
    missing: list[str]


class AlreadyExistsDetails(TypedDict, total=False):
    """The field whose value is already in use."""

    field: str


class BookingDetails(TypedDict, total=False):
    """A conflicting booking."""

    id: Required[UUID]
    code: str
    start_at: datetime
    end_at: datetime
    status: str
    business_id: UUID


class GoneDetails(TypedDict, total=False):
    """What has expired."""

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
    least: MoneyDetails
    most: MoneyDetails
    max_moves: int
    percent: int
    until: datetime


class InvalidInputDetails(TypedDict, total=False):
    """All wrong fields. For an amount that the payment provider refuses: the amount, the provider's limits, and the
    services concerned if several were checked."""

    fields: Required[list[FieldDetails]]
    services: list[str]
    amount: int
    least: int
    most: int
    currency: str


class LimitDetails(TypedDict, total=False):
    """The limit; of a file or body in bytes."""

    limit: int


class CurrencyDetails(TypedDict, total=False):
    """The accepted currencies, and the currency of the request."""

    field: str
    expected: str | list[str]
    got: str
    currency: str


class HeaderDetails(TypedDict):
    """The required header."""

    header: str


class SupportedDetails(TypedDict):
    """The supported content types."""

    supported: list[str]
