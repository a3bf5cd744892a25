"""The request for a new booking."""

from typing import Literal, Self
from uuid import UUID

from pydantic import ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from api.http.fields import Email, Input, MoneyWrite, PersonName, Phone, examples
from api.http.times import Moment
from api.v1.bookings.bookings.schemas import Note, Reason, Resources
from api.v1.customers.customers.schemas import Kana
from db.bookings.commands.hold_request import ItemRequest
from domain.scheduling.availability.model import MAX_ITEMS

_SERVICE = "019a0c5e-9d11-7a40-8f3e-5b7c2d9e1a02"
_COLOUR = "019a0c5e-9d12-7a41-8f3f-5b7c2d9e1a12"
_STAFF = "019a0c5e-a111-7c20-8a4b-6c8d3e0f2b03"


class GuestWrite(Input):
    """A person without a login, who must give an e-mail address or phone number."""

    family_name: PersonName = Field(description="Family name, or the only name.")
    given_name: PersonName | None = Field(default=None, description="Given name; one name is enough.")
    family_name_kana: Kana | None = Field(default=None, description="Family name in kana.")
    given_name_kana: Kana | None = Field(default=None, description="Given name in kana.")
    email: Email | None = Field(default=None, description="E-mail address.")
    phone: Phone | None = Field(default=None, description="Phone number in E.164, such as `+81312345678`.")

    @model_validator(mode="after")
    def _reachable(self) -> Self:
        if self.email is None and self.phone is None:
            raise PydanticCustomError("email_or_phone", "an e-mail address or a phone number")
        return self


class BookingItemCreate(Input):
    """One service of a booking of several."""

    model_config = ConfigDict(json_schema_extra=examples({"service_id": _SERVICE, "resource_ids": [_STAFF]}))

    service_id: UUID = Field(description="Id of the service (UUID).")
    resource_ids: Resources = ()


class BookingCreate(Input):
    """A request for one to five services, one after the other from ``start_at`` on: ``service_id`` for one, ``items``
    for several of one business.

    A login books for itself and gives neither ``guest`` nor ``customer_id``; without a login ``guest`` is needed.
    Staff give one of the two, and may ask for online payment (``request_payment``). With ``provisional`` they hold the
    time for a customer, for example on the phone: it is confirmed when the customer opens the link in the message and
    confirms or pays, or when staff confirm it; at ``answer_by`` it expires, and both get a message.
    """

    model_config = ConfigDict(
        json_schema_extra=examples(
            {"service_id": _SERVICE, "start_at": "2026-11-24T10:00:00+09:00", "resource_ids": [_STAFF]},
            {
                "items": [{"service_id": _SERVICE, "resource_ids": [_STAFF]}, {"service_id": _COLOUR}],
                "start_at": "2026-11-24T10:00:00+09:00",
            },
            {
                "service_id": _SERVICE,
                "start_at": "2026-11-24T10:00:00+09:00",
                "guest": {"family_name": "佐藤", "given_name": "愛", "email": "ai@example.jp"},
            },
        )
    )

    service_id: UUID | None = Field(default=None, description="Id of the service (UUID); null where `items` are given.")
    items: tuple[BookingItemCreate, ...] = Field(
        default=(),
        max_length=MAX_ITEMS,
        description="The services in their order, each with its own preferred resources; instead of `service_id`.",
    )
    start_at: Moment
    resource_ids: Resources = ()
    party_size: int = Field(default=1, ge=1, le=1000, description="Number of persons.")
    special_requests: Note | None = Field(
        default=None, description="A request of the customer, such as a seat at the window."
    )
    language: Literal["ja", "en"] | None = Field(default=None, description="Of the notices; else `Accept-Language`.")
    guest: GuestWrite | None = Field(default=None, description="The person who books without a login.")
    customer_id: UUID | None = Field(default=None, description="Customer for whom staff book (UUID).")
    request_payment: bool = Field(default=False, description="Whether the customer is asked to pay online.")
    provisional: bool = Field(
        default=False, description="Staff only: hold the time until the customer has confirmed or paid."
    )
    answer_by: Moment | None = Field(
        default=None,
        description="Of a provisional booking: until when the customer must answer, RFC 3339; not after the start, and "
        "no later than the setting `provisional_for` allows. Left out: as late as possible.",
    )
    overbook: bool = Field(
        default=False,
        description="Managers only: take the time even if nobody and nothing is free then; the business must be open, "
        "and its people must work.",
    )
    overbook_reason: Reason | None = Field(
        default=None, description="Why the time is overbooked; required with `overbook`. It stands in the history."
    )
    expected_price: MoneyWrite | None = Field(
        default=None,
        description="The total price that the caller was shown. If it is another one now, nothing is booked and the "
        "answer is `price_changed` with the present price.",
    )

    @model_validator(mode="after")
    def _named_once(self) -> Self:
        if (self.service_id is None) != bool(self.items):
            raise PydanticCustomError("exactly_one", "service_id or items", {"field": "service_id"})
        if self.items and self.resource_ids:
            raise PydanticCustomError("for_each_item", "in items", {"field": "resource_ids"})
        if self.answer_by is not None and not self.provisional:
            raise PydanticCustomError("provisional_only", "of a provisional booking", {"field": "answer_by"})
        if self.overbook != (self.overbook_reason is not None):
            raise PydanticCustomError("overbook_reason", "with its reason", {"field": "overbook_reason"})
        return self

    @property
    def requested(self) -> tuple[ItemRequest, ...]:
        """The services in their order."""
        if self.service_id is not None:
            return (ItemRequest(self.service_id, self.resource_ids),)
        return tuple(ItemRequest(item.service_id, item.resource_ids) for item in self.items)
