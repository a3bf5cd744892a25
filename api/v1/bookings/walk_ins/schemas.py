"""The request for a walk-in."""

from typing import Literal, Self
from uuid import UUID

from pydantic import ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from api.http.fields import Email as EmailText
from api.http.fields import Input, PersonName, examples
from api.http.fields import Phone as PhoneText
from api.v1.bookings.bookings.create_schemas import BookingItemCreate
from api.v1.bookings.bookings.schemas import Note
from db.bookings.commands.hold_request import ItemRequest
from domain.scheduling.availability.model import MAX_ITEMS

_SERVICE = "019a0c5e-9d11-7a40-8f3e-5b7c2d9e1a02"
_STAFF = "019a0c5e-a111-7c20-8a4b-6c8d3e0f2b03"


class WalkInPersonWrite(Input):
    """A customer who is not in the records; a name is enough."""

    family_name: PersonName = Field(description="Family name, or the only name.")
    given_name: PersonName | None = Field(default=None, description="Given name; one name is enough.")
    email: EmailText | None = Field(default=None, description="E-mail address.")
    phone: PhoneText | None = Field(default=None, description="Phone number in E.164, such as `+81312345678`.")


class WalkInCreate(Input):
    """A customer who is there now. ``guest`` or ``customer_id`` where staff know who it is; neither is needed."""

    model_config = ConfigDict(
        json_schema_extra=examples(
            {"items": [{"service_id": _SERVICE, "resource_ids": [_STAFF]}]},
            {"items": [{"service_id": _SERVICE}], "party_size": 2, "guest": {"family_name": "佐藤"}},
        )
    )

    items: tuple[BookingItemCreate, ...] = Field(
        min_length=1,
        max_length=MAX_ITEMS,
        description="The services in their order, each with its own preferred resources.",
    )
    party_size: int = Field(default=1, ge=1, le=1000, description="Number of persons.")
    special_requests: Note | None = Field(
        default=None, description="A request of the customer, such as a seat at the window."
    )
    language: Literal["ja", "en"] | None = Field(default=None, description="Of the notices; else `Accept-Language`.")
    guest: WalkInPersonWrite | None = Field(default=None, description="The person, if staff know the name.")
    customer_id: UUID | None = Field(default=None, description="Customer in the records (UUID).")

    @model_validator(mode="after")
    def _one_person(self) -> Self:
        if self.guest is not None and self.customer_id is not None:
            raise PydanticCustomError("not_with_guest", "guest or customer_id", {"field": "customer_id"})
        return self

    @property
    def requested(self) -> tuple[ItemRequest, ...]:
        """The services in their order."""
        return tuple(ItemRequest(item.service_id, item.resource_ids) for item in self.items)
