"""Services."""

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal, Self
from uuid import UUID

from pydantic import ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from api.http.fields import (
    BilingualNameWrite,
    BilingualProseWrite,
    BilingualRead,
    BilingualWrite,
    ChangedRecordRead,
    Changes,
    Input,
    MoneyRead,
    MoneyWrite,
    Output,
    examples,
)
from db.catalogue.catalogue import ServiceRow
from domain.catalogue.amounts import check_amounts
from domain.catalogue.cancellation import PaidTierMove
from domain.catalogue.service import ApprovalMode, ServiceDefaults, ServiceTerms, check_terms
from domain.money import Money
from domain.payments.limits import ProviderLimits
from domain.payments.status import PaymentMode

_ID = "019a0c5e-7b3f-7c21-b5d4-a9e1f2036c58"
_STAFF = "019a0c5e-8a10-7d4e-9c11-0f3b7a5e2d90"
_WRITTEN = {
    "name": {"ja": "カット", "en": "Haircut"},
    "description": {"ja": "シャンプー付き。", "en": "With shampoo."},
    "category": {"ja": "ヘア", "en": "Hair"},
    "price": {"amount": 5500, "currency": "JPY"},
    "duration_minutes": 60,
    "buffer_after_minutes": 10,
    "payment_mode": "deposit",
    "deposit_percent": 20,
    "requirements": [{"group": 0, "resource_ids": [_STAFF]}],
}

Duration = Annotated[int, Field(ge=1, le=1440)]
Buffer = Annotated[int, Field(ge=0, le=480)]
Wait = Literal[0, 15, 30, 45, 60]
_WAIT = (
    "In a booking of several services: minutes that the customer waits at most between the service before and this one."
)
Count = Annotated[int, Field(ge=1, le=500)]
Percent = Annotated[int, Field(ge=1, le=100)]
TaxPercent = Annotated[int, Field(ge=0, le=100, json_schema_extra={"enum": [0, 8, 10]})]


class RequirementWrite(Input):
    """A booking takes one of these."""

    group: int = Field(
        ge=0,
        le=9,
        description="Resources of one group are alternatives; each group needs one of its resources.",
    )
    resource_ids: list[UUID] = Field(min_length=1, max_length=100, description="Ids of resources (UUIDs).")


Requirements = Annotated[list[RequirementWrite], Field(max_length=10)]


def _by_group(written: list[RequirementWrite]) -> dict[int, list[UUID]]:
    return {one.group: list(dict.fromkeys(one.resource_ids)) for one in written}


class _Terms(Input):
    """Checks that the whole of a service is sound, whatever was sent of it."""

    @model_validator(mode="after")
    def _sound(self) -> Self:
        requirements = getattr(self, "requirements", None) or []
        if len({one.group for one in requirements}) < len(requirements):
            raise PydanticCustomError("unique", "each group once", {"field": "requirements"})
        if getattr(self, "tax_percent", None) not in {0, 8, 10, None}:
            raise PydanticCustomError("known_tax_rate", "0, 8 or 10", {"field": "tax_percent"})
        return self


class ServiceCreate(_Terms):
    """A new service. ``price`` includes tax. Payment and approval mode are the business's unless given. A booking takes
    one resource of each requirement group; a service without any cannot be booked, and so is not active.

    ``capacity`` above 1 makes it a class: ``price`` is for one person, and at one start at most ``capacity`` places are
    sold, whatever the rooms hold. A group whose resources all have several units gives one to each person. Refused:
    more places than these units together, and ``party_max`` above ``capacity`` or above the units of the largest."""

    model_config = ConfigDict(json_schema_extra=examples({"business_id": _ID, **_WRITTEN}))

    business_id: UUID = Field(description="Id of the business (UUID).")
    name: BilingualNameWrite = Field(description="Name in Japanese, English or both.")
    description: BilingualProseWrite | None = Field(
        default=None,
        description="Description in Japanese, English or both.",
    )
    category: BilingualNameWrite | None = Field(
        default=None,
        description="Name of the group in which the service is shown, in Japanese, English or both.",
    )
    price: MoneyWrite = Field(description="Price with tax.")
    tax_percent: TaxPercent = Field(
        default=10,
        description="Rate of the consumption tax that the price contains, in percent.",
    )
    duration_minutes: Duration = Field(description="Length of the visit in minutes, without buffers.")
    buffer_before_minutes: Buffer = Field(
        default=0,
        description="Minutes that the resources are taken before the visit.",
    )
    buffer_after_minutes: Buffer = Field(
        default=0,
        description="Minutes that the resources stay taken after the visit.",
    )
    max_wait_minutes: Wait = Field(default=0, description=_WAIT)
    capacity: Count = Field(
        default=1,
        description="1, or the places of a class: at most so many are sold at one start, whatever its rooms hold.",
    )
    party_min: Count = Field(default=1, description="Smallest number of persons.")
    party_max: Count = Field(default=1, description="Largest number of persons.")
    payment_mode: PaymentMode | None = Field(
        default=None,
        description="When the customer pays; null takes the setting of the business.",
    )
    deposit_percent: Percent | None = Field(default=None, description="Deposit in percent of the price; null for none.")
    deposit_amount: MoneyWrite | None = Field(default=None, description="Deposit to pay when booking; null for none.")
    approval_mode: ApprovalMode | None = Field(
        default=None,
        description="`instant` or `manual`; null takes the setting of the business.",
    )
    policy_id: UUID | None = Field(
        default=None,
        description="Cancellation policy (UUID); null takes the default of the business.",
    )
    is_active: bool | None = Field(default=None, description="Whether it can be booked.")
    requirements: Requirements = Field(
        default_factory=list,
        description="What the service needs: one resource of each group.",
    )

    def columns(self, currency: str, defaults: ServiceDefaults, limits: ProviderLimits) -> dict[str, Any]:
        """As the database keeps it. Raises CurrencyMismatch and InvalidInput (``domain.catalogue.service``)."""
        columns = _columns(self, set(type(self).model_fields) - {"business_id"})
        columns["currency"] = self.price.currency
        columns["is_active"] = bool(self.requirements) if self.is_active is None else self.is_active
        columns["payment_mode"] = self.payment_mode or defaults.payment_mode
        columns["approval_mode"] = self.approval_mode or defaults.approval_mode
        _check(columns, currency, self.price, self.deposit_amount, limits)
        return columns

    def required(self) -> Mapping[int, list[UUID]]:
        """Resource ids by group."""
        return _by_group(self.requirements)


class ServiceUpdate(Changes, _Terms):
    """The fields to change. Bookings that stand keep what was agreed. Another payment mode than deposit drops the
    deposit."""

    model_config = ConfigDict(json_schema_extra=examples({"price": {"amount": 6000, "currency": "JPY"}}))
    erasable: ClassVar[frozenset[str]] = frozenset(
        {"description", "category", "deposit_percent", "deposit_amount", "policy_id"}
    )

    name: BilingualNameWrite | None = Field(default=None, description="Name in Japanese, English or both.")
    description: BilingualProseWrite | None = Field(
        default=None,
        description="Description in Japanese, English or both.",
    )
    category: BilingualNameWrite | None = Field(
        default=None,
        description="Name of the group in which the service is shown, in Japanese, English or both.",
    )
    price: MoneyWrite | None = Field(default=None, description="Price with tax.")
    tax_percent: TaxPercent | None = Field(
        default=None,
        description="Rate of the consumption tax that the price contains, in percent.",
    )
    duration_minutes: Duration | None = Field(
        default=None,
        description="Length of the visit in minutes, without buffers.",
    )
    buffer_before_minutes: Buffer | None = Field(
        default=None,
        description="Minutes that the resources are taken before the visit.",
    )
    buffer_after_minutes: Buffer | None = Field(
        default=None,
        description="Minutes that the resources stay taken after the visit.",
    )
    max_wait_minutes: Wait | None = Field(default=None, description=_WAIT)
    capacity: Count | None = Field(
        default=None,
        description="1, or the places of a class: at most so many are sold at one start, whatever its rooms hold.",
    )
    party_min: Count | None = Field(default=None, description="Smallest number of persons.")
    party_max: Count | None = Field(default=None, description="Largest number of persons.")
    payment_mode: PaymentMode | None = Field(
        default=None,
        description="When the customer pays; null takes the setting of the business.",
    )
    deposit_percent: Percent | None = Field(default=None, description="Deposit in percent of the price; null for none.")
    deposit_amount: MoneyWrite | None = Field(default=None, description="Deposit to pay when booking; null for none.")
    approval_mode: ApprovalMode | None = Field(
        default=None,
        description="`instant` or `manual`; null takes the setting of the business.",
    )
    policy_id: UUID | None = Field(
        default=None,
        description="Cancellation policy (UUID); null takes the default of the business.",
    )
    is_active: bool | None = Field(default=None, description="Whether it can be booked.")
    requirements: Requirements | None = Field(
        default=None,
        description="What the service needs: one resource of each group.",
    )

    def columns(self, stored: ServiceRow, limits: ProviderLimits) -> dict[str, Any]:
        """The columns that change. The service is checked as it would be: raises as ``ServiceCreate.columns``."""
        columns = _columns(self, self.model_fields_set)
        if self.payment_mode is not None and self.payment_mode is not PaymentMode.DEPOSIT:
            columns = {"deposit_percent": None, "deposit_amount": None, **columns}
        whole = {name: getattr(stored, name) for name in ServiceRow.__dataclass_fields__} | columns
        _check(whole, stored.currency, self.price, self.deposit_amount, limits)
        return columns

    def required(self) -> Mapping[int, list[UUID]] | None:
        """Resource ids by group, if they were sent."""
        return None if self.requirements is None else _by_group(self.requirements)


def _columns(written: ServiceCreate | ServiceUpdate, names: set[str]) -> dict[str, Any]:
    columns: dict[str, Any] = {}
    for name in names - {"requirements"}:
        value = getattr(written, name)
        if isinstance(value, BilingualWrite):
            value = value.stored()
        columns[name] = value.amount if isinstance(value, MoneyWrite) else value
    return columns


def _check(
    columns: Mapping[str, Any],
    currency: str,
    price: MoneyWrite | None,
    deposit_amount: MoneyWrite | None,
    limits: ProviderLimits,
) -> None:
    stored_deposit = columns["deposit_amount"]
    deposit = deposit_amount.money() if deposit_amount else None
    terms = ServiceTerms(
        currency,
        price.money() if price else Money(columns["price"], currency),
        PaymentMode(columns["payment_mode"]),
        columns["deposit_percent"],
        deposit or (None if stored_deposit is None else Money(stored_deposit, currency)),
        columns["party_min"],
        columns["party_max"],
        columns["capacity"],
    )
    check_terms(terms)
    check_amounts(terms, limits)


class TierRead(Output):
    """Until ``hours_before`` the start a cancellation costs ``penalty_percent`` of the price."""

    hours_before: int = Field(description="Hours before the start.")
    penalty_percent: int = Field(description="Percent of the price that a cancellation costs from then on.")


class MoveRulesRead(Output):
    """When a customer may move a booking."""

    max_moves: int | None = Field(description="How often; null: without a limit.")
    hours_before: int = Field(description="No later than so many hours before the start.")
    in_paid_tier: PaidTierMove = Field(
        description="While cancelling costs something: `keep_penalty` allows the move and a later cancellation costs "
        "at least as much; `refuse` refuses the move."
    )
    penalty_kept_days: int | None = Field(
        description="How many days after a move its penalty is remembered; null: until the booking ends."
    )


class PolicySummaryRead(Output):
    """What a cancellation costs, and when a booking may be moved."""

    id: UUID = Field(description="Id (UUID version 7).")
    tiers: list[TierRead] = Field(description="What a cancellation costs, by hours before the start.")
    no_show_percent: int = Field(description="Percent of the price that a no-show costs.")
    moves: MoveRulesRead = Field(description="When and how often the customer may move the booking.")


class RequirementRead(Output):
    """A booking takes one of these."""

    group: int = Field(description="Resources of one group are alternatives; each group needs one of its resources.")
    resource_ids: list[UUID] = Field(description="Ids of resources (UUIDs).")


class ServiceRead(ChangedRecordRead):
    """A service. ``policy`` is the one that a booking made now is made under; null: cancelling is free."""

    model_config = ConfigDict(
        json_schema_extra=examples(
            {
                **_WRITTEN,
                "id": "019a0c5e-9b21-7e5f-8d22-1f4c8b6f3ea1",
                "business_id": _ID,
                "name": {"ja": "カット", "en": "Haircut", "text": "Haircut"},
                "description": {"ja": "シャンプー付き。", "en": "With shampoo.", "text": "With shampoo."},
                "category": {"ja": "ヘア", "en": "Hair", "text": "Hair"},
                "tax_percent": 10,
                "buffer_before_minutes": 0,
                "max_wait_minutes": 0,
                "capacity": 1,
                "party_min": 1,
                "party_max": 1,
                "deposit_amount": None,
                "approval_mode": "instant",
                "policy_id": None,
                "is_active": True,
                "policy": {
                    "id": "019a0c5e-ac32-7f60-9e33-205d9c704fb2",
                    "tiers": [{"hours_before": 24, "penalty_percent": 0}, {"hours_before": 0, "penalty_percent": 50}],
                    "no_show_percent": 100,
                    "moves": {
                        "max_moves": 3,
                        "hours_before": 24,
                        "in_paid_tier": "keep_penalty",
                        "penalty_kept_days": None,
                    },
                },
                "created_at": "2026-11-21T01:30:00Z",
                "updated_at": "2026-11-21T01:30:00Z",
            }
        )
    )

    business_id: UUID = Field(description="Id of the business (UUID).")
    name: BilingualRead = Field(description="Name in Japanese, English or both.")
    description: BilingualRead | None = Field(description="Description in Japanese, English or both.")
    category: BilingualRead | None = Field(
        description="Name of the group in which the service is shown, in Japanese, English or both."
    )
    price: MoneyRead = Field(description="Price with tax.")
    tax_percent: int = Field(description="Rate of the consumption tax that the price contains, in percent.")
    duration_minutes: int = Field(description="Length of the visit in minutes, without buffers.")
    buffer_before_minutes: int = Field(description="Minutes that the resources are taken before the visit.")
    buffer_after_minutes: int = Field(description="Minutes that the resources stay taken after the visit.")
    max_wait_minutes: int = Field(description=_WAIT)
    capacity: int = Field(
        description="1, or the places of a class: at most so many are sold at one start, whatever its rooms hold."
    )
    party_min: int = Field(description="Smallest number of persons.")
    party_max: int = Field(description="Largest number of persons.")
    payment_mode: PaymentMode = Field(description="When the customer pays: online in full, a deposit, or at the venue.")
    deposit_percent: int | None = Field(description="Deposit in percent of the price; null for none.")
    deposit_amount: MoneyRead | None = Field(description="Deposit to pay when booking; null for none.")
    approval_mode: ApprovalMode = Field(description="`instant` or `manual`; null takes the setting of the business.")
    policy_id: UUID | None = Field(description="Cancellation policy (UUID); null takes the default of the business.")
    is_active: bool = Field(description="Whether it can be booked.")
    requirements: list[RequirementRead] = Field(description="What the service needs: one resource of each group.")
    policy: PolicySummaryRead | None = Field(description="The cancellation policy.")

    @classmethod
    def of(cls, row: ServiceRow) -> Self:
        """A stored service."""
        columns = {name: getattr(row, name) for name in cls.model_fields}
        deposit = row.deposit_amount
        return cls.model_validate(
            columns
            | {
                "name": BilingualRead.of(row.name),
                "description": BilingualRead.of(row.description) if row.description else None,
                "category": BilingualRead.of(row.category) if row.category else None,
                "price": MoneyRead(amount=row.price, currency=row.currency),
                "deposit_amount": None if deposit is None else MoneyRead(amount=deposit, currency=row.currency),
            }
        )
