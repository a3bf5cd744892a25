"""The shape of each error's ``details``: what a client can read without guessing. All keys are optional unless said
otherwise; times are aware, with the venue's offset where they are a venue's."""

from datetime import datetime
from typing import Required, TypedDict
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


class LimitDetails(TypedDict, total=False):
    """The limit; of a file or body in bytes."""

    limit: int


class CurrencyDetails(TypedDict, total=False):
    """The currencies that are taken, and the one that came."""

    field: str
    expected: str | list[str]
    got: str
    currency: str


class HeaderDetails(TypedDict):
    """The header that is needed."""

    header: str


class SupportedDetails(TypedDict):
    """The content types that are read."""

    supported: list[str]
