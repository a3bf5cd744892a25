"""The booking settings of a business. Durations are ISO 8601 (``PT10M``, ``P60D``); whole seconds are read too."""

from datetime import datetime, timedelta
from typing import Annotated, Any, ClassVar, Literal, Self
from uuid import UUID

from pydantic import ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from api.http.fields import Changes, Input, Output, examples
from db.businesses.businesses import SettingsRow
from domain.businesses.profile import AsksKana
from domain.catalogue.service import ApprovalMode
from domain.payments.status import PaymentMode
from domain.payments.without_card import WithoutCard
from domain.scheduling.availability.model import StartGrid
from domain.scheduling.reassignment import StaffChangeNotice

_PUBLIC = {
    "slot_interval_minutes": 15,
    "start_grid": "opening",
    "hold_for": "PT10M",
    "lead_time": "PT1H",
    "booking_window": "P60D",
    "approval_mode": "instant",
    "guest_booking": True,
    "asks_kana": "off",
    "address_proof_within": "PT30M",
    "phone_proof_within": "PT0S",
    "payment_mode": "at_venue",
    "language": "ja",
}
_TABLE = "019a0c5e-8a10-7d4e-9c11-0f3b7a5e2d91"
_WHOLE = {
    **_PUBLIC,
    "approval_within": "P1D",
    "reminder_offsets": ["P1D"],
    "no_show_grace": "PT15M",
    "provisional_for": "P1D",
    "unproven_holds": 20,
    "undo_within": "PT10M",
    "konbini_days": 0,
    "without_card": "keep",
    "auto_complete": True,
    "send_dispute_evidence": False,
    "waitlist_offer_for": "PT30M",
    "feeds_name_customers": False,
    "staff_change_notice": "if_asked_for",
    "messages_name_staff": True,
    "review_request_days": 1,
    "table_joins": [
        {"resource_ids": [_TABLE, "019a0c5e-8a10-7d4e-9c11-0f3b7a5e2d92"], "seats": 6},
    ],
    "default_policy_id": "019a0c5e-ac32-7f60-9e33-205d9c704fb2",
}

_SECOND, _DAY = timedelta(seconds=1), timedelta(days=1)
Soon = Annotated[timedelta, Field(ge=_SECOND, le=7 * _DAY)]
Proof = Annotated[timedelta, Field(ge=timedelta(), le=_DAY)]
PhoneProof = Annotated[timedelta, Field(ge=timedelta(), le=timedelta(hours=1))]
Provisional = Annotated[timedelta, Field(ge=timedelta(minutes=5), le=30 * _DAY)]
Undo = Annotated[timedelta, Field(ge=timedelta(), le=_DAY)]
_REVIEW = (
    "How many days after a completed visit its customer is asked for a review, at ten in the morning; null: nobody is "
    "asked. Customers of clinics are not asked."
)
_UNPROVEN = (
    "How many unconfirmed bookings callers without a confirmed e-mail address may have open together. Above that, they "
    "are asked to log in. At most half of them can wait for a payment at a convenience store."
)
_PROVISIONAL = (
    "How long staff may hold a time for a customer who has to answer (a provisional booking), as an ISO 8601 duration. "
    "It is also the time where staff choose none."
)
_UNDO = (
    "How long staff can undo a check-in, a completion, a no-show or a decline, as an ISO 8601 duration. Money and "
    "messages of the step wait for so long; zero makes every step final at once."
)
_WITHOUT_CARD = (
    "What becomes of a booking with a card hold when the card can no longer be charged and the customer gives no other "
    "card by the deadline in the message: `keep` it and ask a person, or `cancel` it free of charge."
)
_KONBINI = (
    "How many days a customer has to pay in cash at a convenience store; 0: it is not offered. It ends with a day in "
    "Japan, and before the visit. It needs Stripe, yen, and amounts between 120 and 300,000 yen."
)
_FEEDS = "Whether calendar feeds name the customers. Everyone who has the address of a feed can read it."
Lead = Annotated[timedelta, Field(ge=timedelta(), le=365 * _DAY)]
Window = Annotated[timedelta, Field(ge=_SECOND, le=730 * _DAY)]
Offset = Annotated[timedelta, Field(ge=_SECOND, le=60 * _DAY)]


_STAFF_CHANGE = (
    "When a customer gets a message that somebody else serves: `never`, `if_asked_for` (they had chosen the person), "
    "or `always`."
)
_EVIDENCE = (
    "Whether the evidence about a dispute is sent to the customer's bank six hours before the deadline, if nobody has"
    " sent it. Stripe alone takes it by its API."
)
_KANA = (
    "Whether people who book without a login are asked for their name in kana: `off`, `asked`, or `demanded`: no "
    "booking without it, unless staff make it."
)
_NAMES = "Whether messages to customers name the staff who serve."
_JOINS = (
    "Which tables may be joined for a party that no single free table seats. Each join is taken whole; a party gets "
    "the smallest that seats it."
)


class TableJoinWrite(Input):
    """Tables that can be joined."""

    resource_ids: Annotated[list[UUID], Field(min_length=2, max_length=8)] = Field(
        description="The tables (UUIDs); a resource with several equal tables as often as it is needed.",
    )
    seats: Annotated[int, Field(ge=2, le=500)] = Field(description="How many people sit at them together.")


class TableJoinRead(Output):
    """Tables that can be joined."""

    resource_ids: list[UUID] = Field(
        description="The tables (UUIDs); a resource with several equal tables as often as it is needed.",
    )
    seats: int = Field(description="How many people sit at them together.")


class SettingsUpdate(Changes):
    """What is to be different. It applies to new bookings; existing ones keep what was agreed."""

    model_config = ConfigDict(json_schema_extra=examples({"lead_time": "PT2H", "reminder_offsets": ["P1D", "PT2H"]}))
    erasable: ClassVar[frozenset[str]] = frozenset({"review_request_days"})

    slot_interval_minutes: Annotated[int, Field(ge=1, le=1440)] | None = Field(
        default=None,
        description="Minutes between two offered starts.",
    )
    start_grid: StartGrid | None = Field(
        default=None,
        description="What the minutes between starts count from: `opening`, so that the first start is the opening of "
        "each range of hours, or `clock`, from midnight.",
    )
    hold_for: Soon | None = Field(default=None, description="How long an unpaid time is held, as an ISO 8601 duration.")
    approval_within: Soon | None = Field(
        default=None,
        description="How long the business may take to approve, as an ISO 8601 duration.",
    )
    lead_time: Lead | None = Field(
        default=None,
        description="How long before its start a booking must be made, as an ISO 8601 duration.",
    )
    booking_window: Window | None = Field(
        default=None,
        description="How far ahead customers may book, as an ISO 8601 duration. Staff book up to 730 days ahead, "
        "without `lead_time`.",
    )
    approval_mode: ApprovalMode | None = Field(
        default=None,
        description="`instant` confirms by itself, `manual` waits for the business.",
    )
    guest_booking: bool | None = Field(default=None, description="Whether people may book without a login.")
    asks_kana: AsksKana | None = Field(default=None, description=_KANA)
    address_proof_within: Proof | None = Field(
        default=None,
        description="How long an unpaid booking waits until its guest has confirmed the e-mail address, as an ISO "
        "8601 duration; `PT0S`: it is not asked.",
    )
    phone_proof_within: PhoneProof | None = Field(
        default=None,
        description="How long an unpaid booking waits until a guest without an e-mail address has opened the link that "
        "goes to the mobile number by SMS, as an ISO 8601 duration of at most an hour; `PT0S`: an e-mail address is "
        "needed.",
    )
    provisional_for: Provisional | None = Field(default=None, description=_PROVISIONAL)
    unproven_holds: Annotated[int, Field(ge=1, le=1000)] | None = Field(default=None, description=_UNPROVEN)
    reminder_offsets: Annotated[list[Offset], Field(max_length=5)] | None = Field(
        default=None,
        description="How long before the start customers are reminded, as ISO 8601 durations.",
    )
    no_show_grace: Lead | None = Field(
        default=None,
        description="How long after its end a booking waits before it completes by itself, as an ISO 8601 duration.",
    )
    undo_within: Undo | None = Field(default=None, description=_UNDO)
    konbini_days: Annotated[int, Field(ge=0, le=30)] | None = Field(default=None, description=_KONBINI)
    without_card: WithoutCard | None = Field(default=None, description=_WITHOUT_CARD)
    auto_complete: bool | None = Field(
        default=None,
        description="Whether a booking completes by itself when `no_show_grace` is over.",
    )
    send_dispute_evidence: bool | None = Field(default=None, description=_EVIDENCE)
    waitlist_offer_for: Soon | None = Field(
        default=None,
        description="How long an offer from the waitlist lasts, as an ISO 8601 duration.",
    )
    payment_mode: PaymentMode | None = Field(
        default=None,
        description="When the customer pays: online in full, a deposit, or at the venue.",
    )
    language: Literal["ja", "en"] | None = Field(default=None, description="Language: `ja` or `en`.")
    feeds_name_customers: bool | None = Field(default=None, description=_FEEDS)
    staff_change_notice: StaffChangeNotice | None = Field(default=None, description=_STAFF_CHANGE)
    messages_name_staff: bool | None = Field(default=None, description=_NAMES)
    review_request_days: Annotated[int, Field(ge=1, le=30)] | None = Field(default=None, description=_REVIEW)
    table_joins: Annotated[list[TableJoinWrite], Field(max_length=50)] | None = Field(default=None, description=_JOINS)
    default_policy_id: UUID | None = Field(
        default=None,
        description="Cancellation policy of services that name none (UUID); null for none.",
    )

    @model_validator(mode="after")
    def _each_offset_once(self) -> Self:
        offsets = self.reminder_offsets or []
        if len(set(offsets)) < len(offsets):
            raise PydanticCustomError("unique", "each offset once", {"field": "reminder_offsets"})
        return self

    def columns(self) -> dict[str, Any]:
        """The columns that change."""
        columns = {name: getattr(self, name) for name in self.model_fields_set}
        if self.table_joins is not None:
            columns["table_joins"] = [one.model_dump(mode="json") for one in self.table_joins]
        return columns


class SettingsRead(Output):
    """The public settings."""

    model_config = ConfigDict(json_schema_extra=examples(_PUBLIC))

    slot_interval_minutes: int = Field(description="Minutes between two offered starts.")
    start_grid: StartGrid = Field(description="What the minutes between starts count from: `opening` or `clock`.")
    hold_for: timedelta = Field(description="How long an unpaid time is held, as an ISO 8601 duration.")
    lead_time: timedelta = Field(
        description="How long before its start a booking must be made, as an ISO 8601 duration.",
    )
    booking_window: timedelta = Field(
        description="How far ahead customers may book, as an ISO 8601 duration. Staff book up to 730 days ahead, "
        "without `lead_time`."
    )
    approval_mode: ApprovalMode = Field(description="`instant` confirms by itself, `manual` waits for the business.")
    guest_booking: bool = Field(description="Whether people may book without a login.")
    asks_kana: AsksKana = Field(description=_KANA)
    address_proof_within: timedelta = Field(
        description="How long an unpaid booking waits until its guest has confirmed the e-mail address, as an ISO "
        "8601 duration; `PT0S`: it is not asked.",
    )
    phone_proof_within: timedelta = Field(
        description="How long an unpaid booking waits until a guest without an e-mail address has opened the link that "
        "goes to the mobile number by SMS, as an ISO 8601 duration of at most an hour; `PT0S`: an e-mail address is "
        "needed.",
    )
    payment_mode: PaymentMode = Field(description="When the customer pays: online in full, a deposit, or at the venue.")
    language: str = Field(description="Language: `ja` or `en`.")

    @classmethod
    def of(cls, row: SettingsRow) -> Self:
        """Stored settings."""
        return cls.model_validate({name: getattr(row, name) for name in cls.model_fields})


class OwnSettingsRead(SettingsRead):
    """All settings, for members of the business."""

    model_config = ConfigDict(json_schema_extra=examples({**_WHOLE, "updated_at": "2026-11-21T01:30:00Z"}))

    approval_within: timedelta = Field(
        description="How long the business may take to approve, as an ISO 8601 duration.",
    )
    reminder_offsets: list[timedelta] = Field(
        description="How long before the start customers are reminded, as ISO 8601 durations.",
    )
    no_show_grace: timedelta = Field(
        description="How long after its end a booking waits before it completes by itself, as an ISO 8601 duration.",
    )
    provisional_for: timedelta = Field(description=_PROVISIONAL)
    unproven_holds: int = Field(description=_UNPROVEN)
    undo_within: timedelta = Field(description=_UNDO)
    konbini_days: int = Field(description=_KONBINI)
    without_card: WithoutCard = Field(description=_WITHOUT_CARD)
    auto_complete: bool = Field(description="Whether a booking completes by itself when `no_show_grace` is over.")
    send_dispute_evidence: bool = Field(description=_EVIDENCE)
    waitlist_offer_for: timedelta = Field(
        description="How long an offer from the waitlist lasts, as an ISO 8601 duration.",
    )
    feeds_name_customers: bool = Field(description=_FEEDS)
    staff_change_notice: StaffChangeNotice = Field(description=_STAFF_CHANGE)
    messages_name_staff: bool = Field(description=_NAMES)
    review_request_days: int | None = Field(description=_REVIEW)
    table_joins: list[TableJoinRead] = Field(description=_JOINS)
    default_policy_id: UUID | None = Field(
        description="Cancellation policy of services that name none (UUID); null for none.",
    )
    updated_at: datetime = Field(description="When it was last changed, RFC 3339.")
