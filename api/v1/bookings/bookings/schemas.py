"""Requests and answers about bookings."""

from datetime import datetime
from typing import Annotated, Any, Self
from uuid import UUID
from zoneinfo import ZoneInfo

from pydantic import ConfigDict, Field, StringConstraints

from api.http.fields import (
    BilingualRead,
    ErasableNote,
    Input,
    MoneyRead,
    Output,
    Prose,
    RecordRead,
    examples,
)
from api.http.times import Moment, at_venue
from api.v1.catalogue.services.schemas import MoveRulesRead, TierRead
from domain.booking_status import BookingStatus
from domain.bookings.commands import BookingOutcome
from domain.bookings.view import BookingView, ItemView
from domain.catalogue.cancellation import Policy
from domain.payments.status import PaymentMode
from domain.scheduling.reasons import ChosenBy

#: Several lines.
Note = Annotated[Prose, StringConstraints(max_length=1000)]
#: The reason; shown to both sides.
Reason = Annotated[Prose, StringConstraints(max_length=500)]
Resources = Annotated[tuple[UUID, ...], Field(max_length=20, description="Preferred ones; may be empty.")]

_SERVICE = "019a0c5e-9d11-7a40-8f3e-5b7c2d9e1a02"
_STAFF = "019a0c5e-a111-7c20-8a4b-6c8d3e0f2b03"
_BOOKING: dict[str, Any] = {
    "id": "019a0c5f-1c2d-7e30-9b5a-7d9e4f1a3c04",
    "business_id": "019a0c5e-8c00-7b10-9e2d-4a6b1c8d0f01",
    "customer_id": "019a0c5f-1b00-7d11-8c4f-2b6d8e0f1a05",
    "customer_name": {"family_name": "佐藤", "given_name": "愛"},
    "series_id": None,
    "code": "7KPMXRWT",
    "status": "pending",
    "start_at": "2026-11-24T10:00:00+09:00",
    "end_at": "2026-11-24T11:00:00+09:00",
    "time_zone": "Asia/Tokyo",
    "party_size": 1,
    "price": {"amount": 6600, "currency": "JPY"},
    "amount_due": {"amount": 6600, "currency": "JPY"},
    "due_at_venue": {"amount": 0, "currency": "JPY"},
    "penalty": {"amount": 0, "currency": "JPY"},
    "refunding": {"amount": 0, "currency": "JPY"},
    "refunded": {"amount": 0, "currency": "JPY"},
    "payment_mode": "prepay",
    "needs_approval": False,
    "provisional": False,
    "overbooked": False,
    "policy": {
        "tiers": [{"hours_before": 24, "penalty_percent": 50}],
        "no_show_percent": 100,
        "moves": {"max_moves": 3, "hours_before": 24, "in_paid_tier": "keep_penalty", "penalty_kept_days": None},
    },
    "hold_expires_at": "2026-11-21T10:40:00+09:00",
    "approval_deadline": None,
    "proof_deadline": None,
    "undo_until": None,
    "card_due": None,
    "special_requests": None,
    "internal_notes": None,
    "language": "ja",
    "version": 0,
    "created_at": "2026-11-21T10:30:00+09:00",
    "items": [
        {
            "position": 0,
            "service_id": _SERVICE,
            "name": {"ja": "カット", "en": "Cut", "text": "カット"},
            "start_at": "2026-11-24T10:00:00+09:00",
            "end_at": "2026-11-24T11:00:00+09:00",
            "price": {"amount": 6600, "currency": "JPY"},
            "tax_percent": 10,
            "resource_ids": [_STAFF],
            "units": [{"resource_id": _STAFF, "unit": 0}],
            "chosen_by": "fewest_bookings",
        }
    ],
}


class BookingUpdate(Input):
    """Texts; a field that is left out does not change, an empty text removes it. ``internal_notes`` is for staff only.
    The time changes by ``/reschedule``. ``party_size`` is within the service's limits; for a class it cannot change."""

    model_config = ConfigDict(json_schema_extra=examples({"special_requests": "窓側の席をお願いします。"}))

    special_requests: ErasableNote | None = Field(
        default=None, description="A request of the customer, such as a seat at the window."
    )
    internal_notes: ErasableNote | None = Field(default=None, description="Notes for the business alone.")
    party_size: int | None = Field(default=None, ge=1, le=1000, description="Number of persons.")


class ReasonCommand(Input):
    """A command with its reason."""

    model_config = ConfigDict(json_schema_extra=examples({"reason": "体調不良のため"}))

    reason: Reason | None = Field(default=None, description="Reason, for people to read.")


class NoShowCommand(Input):
    """``waive_penalty``: nothing of the paid amount is charged."""

    model_config = ConfigDict(json_schema_extra=examples({"waive_penalty": False}))

    reason: Reason | None = Field(default=None, description="Reason, for people to read.")
    waive_penalty: bool = Field(default=False, description="True keeps nothing of what was paid.")


class RescheduleCommand(Input):
    """The new start; ``resource_ids`` are preferred ones."""

    model_config = ConfigDict(json_schema_extra=examples({"start_at": "2026-11-25T13:00:00+09:00"}))

    start_at: Moment
    resource_ids: Resources = ()
    reason: Reason | None = Field(default=None, description="Reason, for people to read.")


class AgreedPolicyRead(Output):
    """The policy as it was agreed: what a cancellation costs, and when the customer may move the booking."""

    tiers: list[TierRead] = Field(description="What a cancellation costs, by hours before the start.")
    no_show_percent: int = Field(description="Percent of the price that a no-show costs.")
    moves: MoveRulesRead = Field(description="When and how often the customer may move the booking.")


class UnitRead(Output):
    """One place that a booking takes."""

    resource_id: UUID = Field(description="Id of the resource (UUID).")
    unit: int = Field(
        description="Number of the place in the resource, from 0; a resource with one place has only 0. From 1000 on: "
        "a place that does not exist, of an overbooked time.",
    )


class ItemRead(Output):
    """One service of a booking, as agreed."""

    position: int = Field(description="Position in the order, from 0.")
    service_id: UUID = Field(description="Id of the service (UUID).")
    name: BilingualRead = Field(description="Name in Japanese, English or both.")
    start_at: datetime = Field(description="Start, RFC 3339 with the venue's offset.")
    end_at: datetime = Field(description="End, RFC 3339 with the venue's offset.")
    price: MoneyRead = Field(description="Price with tax.")
    tax_percent: int = Field(description="Rate of the consumption tax that the price contains, in percent.")
    resource_ids: list[UUID] = Field(description="Ids of resources (UUIDs).")
    units: list[UnitRead] = Field(description="The places that it takes in these resources.")
    chosen_by: ChosenBy | None = Field(
        description="Why this staff member serves (without staff: why this resource): `preferred` was asked for; "
        "`fewest_bookings` that business day; `longest_free` of those with equally few; `turn` of those equal in both; "
        "`only_one` who was free. Null if staff assigned them.",
    )

    @classmethod
    def of(cls, item: ItemView, currency: str, zone: ZoneInfo) -> Self:
        """One item, its times with the venue's offset."""
        return cls(
            position=item.position,
            service_id=item.service_id,
            name=BilingualRead.of(item.name),
            start_at=at_venue(item.start_at, zone),
            end_at=at_venue(item.end_at, zone),
            price=MoneyRead(amount=item.price, currency=currency),
            tax_percent=item.tax_percent,
            resource_ids=list(item.resource_ids),
            units=[UnitRead(resource_id=resource_id, unit=unit) for resource_id, unit in item.units],
            chosen_by=item.chosen_by,
        )


class CustomerNameRead(Output):
    """For the business only."""

    family_name: str = Field(description="Family name.")
    given_name: str = Field(description="Given name.")


class BookingRead(RecordRead):
    """Times have the venue's offset. ``amount_due``: to be paid online before ``hold_expires_at``; ``due_at_venue``:
    to be paid at the visit.

    ``internal_notes`` and ``customer_name`` are only shown to the business; the name is also null in the answer that
    makes the booking. ``penalty``: what its end costs the customer. ``refunding`` is being refunded, ``refunded`` has
    been refunded. ``version`` counts changes of time. ``proof_deadline``: until when the guest must confirm the e-mail
    address.
    """

    model_config = ConfigDict(json_schema_extra=examples(_BOOKING))

    business_id: UUID = Field(description="Id of the business (UUID).")
    customer_id: UUID = Field(description="Id of the customer (UUID).")
    customer_name: CustomerNameRead | None = Field(
        description="Name of the customer; null for readers outside the business.",
    )
    series_id: UUID | None = Field(
        description="Id of the recurring booking that it is an occurrence of (UUID); null for a single booking.",
    )
    code: str = Field(description="The booking's short code, as people read it out.")
    status: BookingStatus = Field(description="Present status.")
    start_at: datetime = Field(description="Start, RFC 3339 with the venue's offset.")
    end_at: datetime = Field(description="End, RFC 3339 with the venue's offset.")
    time_zone: str = Field(description="IANA time zone of the venue, such as `Asia/Tokyo`.")
    party_size: int = Field(description="Number of persons.")
    price: MoneyRead = Field(description="Price with tax.")
    amount_due: MoneyRead = Field(description="What is to be paid online before `hold_expires_at`.")
    due_at_venue: MoneyRead = Field(description="What is to be paid at the venue.")
    penalty: MoneyRead = Field(description="What the end of the booking costs the customer.")
    refunding: MoneyRead = Field(description="What is on its way back to the customer.")
    refunded: MoneyRead = Field(description="What has arrived back at the customer.")
    payment_mode: PaymentMode = Field(description="When the customer pays: online in full, a deposit, or at the venue.")
    needs_approval: bool = Field(description="Whether the business must approve.")
    provisional: bool = Field(
        description="Whether staff made it for a customer who had to answer before `hold_expires_at`.",
    )
    overbooked: bool = Field(
        description="Whether a manager took the time although it was not free; false for readers outside the business.",
    )
    policy: AgreedPolicyRead = Field(description="The cancellation policy.")
    hold_expires_at: datetime | None = Field(
        description="Until when the time is held, RFC 3339 with the venue's offset; null unless `pending`.",
    )
    approval_deadline: datetime | None = Field(
        description="Until when the business may approve, RFC 3339 with the venue's offset; null unless it waits for "
        "approval.",
    )
    proof_deadline: datetime | None = Field(
        description="Until when the guest must confirm the e-mail address, or the customer of a provisional booking "
        "must answer, RFC 3339 with the venue's offset; null where neither is asked.",
    )
    undo_until: datetime | None = Field(
        description="Until when staff can undo the last step, RFC 3339 with the venue's offset; null where nothing can "
        "be undone, and for readers outside the business.",
    )
    card_due: datetime | None = Field(
        description="By when the customer must give another card, because the bank does not renew the card hold, "
        "RFC 3339 with the venue's offset; null unless `confirmed` and a card is asked for.",
    )
    special_requests: str | None = Field(description="A request of the customer, such as a seat at the window.")
    internal_notes: str | None = Field(
        description="Notes for the business alone; null for readers outside the business.",
    )
    language: str = Field(description="Language: `ja` or `en`.")
    version: int = Field(description="Number of changes of time so far.")
    items: list[ItemRead] = Field(description="The services of the booking, in order of time.")

    @classmethod
    def of(cls, booking: BookingView, works_here: bool) -> Self:
        """A booking; ``works_here``: the reader belongs to the business."""
        return cls(**_shown(booking, works_here))


class BookingCreatedRead(BookingRead):
    """A new booking. ``guest_token``: for a guest, who sends it in the header ``X-Booking-Token`` to see, pay, move and
    cancel this booking; null for all others."""

    model_config = ConfigDict(json_schema_extra=examples({**_BOOKING, "guest_token": None}))

    guest_token: str | None = Field(
        description="Token for the header `X-Booking-Token`; null for everybody who has a login, and in a repeated "
        "answer.",
    )

    @classmethod
    def with_token(cls, booking: BookingView, works_here: bool, guest_token: str | None) -> Self:
        """A booking that was just taken."""
        return cls(**_shown(booking, works_here), guest_token=guest_token)


class BookingChangedRead(BookingRead):
    """The booking after a command. ``penalty``: what its end costs the customer; ``refunding`` and ``released``: what
    this command refunds and releases."""

    model_config = ConfigDict(
        json_schema_extra=examples(
            {
                **_BOOKING,
                "status": "cancelled",
                "penalty": {"amount": 3300, "currency": "JPY"},
                "refunding": {"amount": 3300, "currency": "JPY"},
                "released": {"amount": 0, "currency": "JPY"},
            }
        )
    )

    released: MoneyRead = Field(description="What of an authorization (a card hold) is given up without being taken.")

    @classmethod
    def after(cls, booking: BookingView, works_here: bool, outcome: BookingOutcome) -> Self:
        """A booking after what was done to it."""
        return cls(
            **{
                **_shown(booking, works_here),
                "penalty": MoneyRead(amount=outcome.penalty, currency=booking.currency),
                "refunding": MoneyRead(amount=outcome.refunding, currency=booking.currency),
                "released": MoneyRead(amount=outcome.released, currency=booking.currency),
            }
        )


def _shown(booking: BookingView, works_here: bool) -> dict[str, Any]:
    zone = ZoneInfo(booking.time_zone)
    pending = booking.status is BookingStatus.PENDING

    def local(moment: datetime | None) -> datetime | None:
        return None if moment is None else at_venue(moment, zone)

    return {
        "id": booking.id,
        "business_id": booking.business_id,
        "customer_id": booking.customer_id,
        "customer_name": CustomerNameRead(**booking.customer) if works_here and booking.customer else None,
        "series_id": booking.series_id,
        "code": booking.code,
        "status": booking.status,
        "start_at": local(booking.start_at),
        "end_at": local(booking.end_at),
        "time_zone": booking.time_zone,
        "party_size": booking.party_size,
        "price": MoneyRead(amount=booking.price, currency=booking.currency),
        "amount_due": MoneyRead(amount=booking.amount_due, currency=booking.currency),
        "due_at_venue": MoneyRead(amount=booking.due_at_venue, currency=booking.currency),
        "penalty": MoneyRead(amount=booking.penalty, currency=booking.currency),
        "refunding": MoneyRead(amount=booking.refunding, currency=booking.currency),
        "refunded": MoneyRead(amount=booking.refunded, currency=booking.currency),
        "payment_mode": booking.payment_mode,
        "needs_approval": booking.needs_approval,
        "provisional": booking.is_provisional,
        "overbooked": works_here and any(item.is_overbooked for item in booking.items),
        "policy": AgreedPolicyRead.model_validate(Policy.from_json(booking.policy).to_json()),
        "hold_expires_at": local(booking.hold_expires_at) if pending else None,
        "approval_deadline": local(booking.approval_deadline) if pending else None,
        "proof_deadline": local(booking.proof_deadline) if pending else None,
        "undo_until": local(booking.undo_until) if works_here else None,
        "card_due": local(booking.card_due) if booking.status is BookingStatus.CONFIRMED else None,
        "special_requests": booking.special_requests or None,
        "internal_notes": (booking.internal_notes or None) if works_here else None,
        "language": booking.language,
        "version": booking.version,
        "created_at": local(booking.created_at),
        "items": [ItemRead.of(item, booking.currency, zone) for item in booking.items],
    }
