"""The schemas of the waitlist."""

from datetime import date, datetime
from typing import Annotated, Any, Literal, Self
from uuid import UUID
from zoneinfo import ZoneInfo

from pydantic import ConfigDict, Field, StringConstraints, model_validator
from pydantic_core import PydanticCustomError

from api.http.fields import BilingualRead, Input, MoneyWrite, Output, examples
from api.http.times import Day, at_venue
from api.v1.bookings.bookings.create_schemas import GuestWrite
from api.v1.bookings.bookings.schemas import Resources
from api.v1.scheduling.schedules.hours_schemas import Clock, clock, minutes
from db.bookings.waitlist.queries import EntryView, QueuePlace
from domain.bookings.waitlist import MAX_TIMES, EntryEnd, EntryStatus, Wanted
from domain.scheduling.hours import DAY, MinuteRange

_SERVICE = "019a0c5e-9d11-7a40-8f3e-5b7c2d9e1a02"
_STAFF = "019a0c5e-a111-7c20-8a4b-6c8d3e0f2b03"
_ENTRY: dict[str, Any] = {
    "id": "019a0c5f-3c2d-7e30-9b5a-7d9e4f1a3c09",
    "business_id": "019a0c5e-8c00-7b10-9e2d-4a6b1c8d0f01",
    "service_id": _SERVICE,
    "service_name": {"ja": "カット", "en": "Cut", "text": "カット"},
    "status": "offered",
    "end_reason": None,
    "first_day": "2026-11-24",
    "last_day": "2026-11-28",
    "times": [{"begins": "13:00", "ends": "17:00"}],
    "resource_ids": [_STAFF],
    "party_size": 1,
    "joined_at": "2026-11-21T10:30:00+09:00",
    "proof_deadline": None,
    "ends_at": "2026-11-28T15:00:00+09:00",
    "booking_id": None,
    "offer": {
        "start_at": "2026-11-24T14:00:00+09:00",
        "end_at": "2026-11-24T15:00:00+09:00",
        "expires_at": "2026-11-22T09:30:00+09:00",
        "resource_ids": [_STAFF],
    },
}


class TimeOfDayWrite(Input):
    """``[begins, ends)`` of a business day: the whole visit has to lie in it."""

    model_config = ConfigDict(json_schema_extra=examples({"begins": "13:00", "ends": "17:00"}))

    begins: Clock = Field(description="`HH:MM` of the business day, before `48:00`: `24:30` is in the night after it.")
    ends: Clock = Field(description="`HH:MM` of the business day, up to `48:00`.")

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if minutes(self.begins) >= 2 * DAY:
            raise PydanticCustomError("within_two_days", "begins before 48:00", {"field": "begins"})
        if minutes(self.ends) <= minutes(self.begins):
            raise PydanticCustomError("after_start", "ends after it begins", {"field": "ends"})
        return self


class WaitlistEntryCreate(Input):
    """A request to wait for a service. A login waits for itself and gives neither ``guest`` nor ``customer_id``;
    without a login ``guest`` is needed, with an e-mail address. Staff give one of the two for a customer, who waits at
    once."""

    model_config = ConfigDict(
        json_schema_extra=examples(
            {
                "service_id": _SERVICE,
                "first_day": "2026-11-24",
                "last_day": "2026-11-28",
                "times": [{"begins": "13:00", "ends": "17:00"}],
                "resource_ids": [_STAFF],
            },
            {
                "service_id": _SERVICE,
                "first_day": "2026-11-24",
                "last_day": "2026-11-24",
                "guest": {"family_name": "佐藤", "given_name": "愛", "email": "ai@example.jp"},
            },
        )
    )

    service_id: UUID = Field(description="Id of the service (UUID).")
    first_day: Day
    last_day: Day = Field(description="The last business day, included; 31 days at most.")
    times: Annotated[tuple[TimeOfDayWrite, ...], Field(max_length=MAX_TIMES)] = Field(
        default=(), description="Times of the day inside which the whole visit has to lie; empty for any."
    )
    resource_ids: Resources = Field(default=(), description="Anyone of these; empty for anyone.")
    party_size: int = Field(default=1, ge=1, le=500, description="How many people come.")
    guest: GuestWrite | None = Field(default=None, description="Somebody without a login, with an e-mail address.")
    customer_id: UUID | None = Field(default=None, description="Customer whom staff put on the list (UUID).")
    language: Literal["ja", "en"] | None = Field(
        default=None, description="Language of the messages; that of the request where it is left out."
    )

    def wanted(self) -> Wanted:
        """The domain's form of it. Raises the errors of `Wanted`."""
        spans = tuple(MinuteRange(minutes(one.begins), minutes(one.ends)) for one in self.times)
        return Wanted(self.first_day, self.last_day, spans, self.resource_ids, self.party_size)


class AcceptOfferCommand(Input):
    """``expected_price``: the price that the caller was shown."""

    model_config = ConfigDict(json_schema_extra=examples({"expected_price": {"amount": 6600, "currency": "JPY"}}))

    expected_price: MoneyWrite | None = Field(
        default=None,
        description="The price that the caller was shown. Where it is another one now, nothing is booked and the "
        "answer is `price_changed`.",
    )


class WaitlistProofCommand(Input):
    """``token``: from the message that asked for the proof."""

    model_config = ConfigDict(json_schema_extra=examples({"token": "k1.AAAAAGkg…"}))

    token: Annotated[str, StringConstraints(min_length=1, max_length=500)] = Field(
        description="The token of the message that asked for the proof."
    )


class WaitlistOfferRead(Output):
    """A freed time that is held for this entry alone until ``expires_at``."""

    start_at: datetime = Field(description="Start of the visit, RFC 3339 with the venue's offset.")
    end_at: datetime = Field(description="End of the visit, RFC 3339 with the venue's offset.")
    expires_at: datetime = Field(description="Until when it can be accepted, RFC 3339 with the venue's offset.")
    resource_ids: list[UUID] = Field(description="Who and what is held (UUIDs).")


class WaitlistEntryRead(Output):
    """One entry. ``offer`` is set while a time is held for it."""

    model_config = ConfigDict(json_schema_extra=examples(_ENTRY))

    id: UUID = Field(description="Id of the entry (UUID).")
    business_id: UUID = Field(description="Id of the business (UUID).")
    service_id: UUID = Field(description="Id of the service (UUID).")
    service_name: BilingualRead = Field(description="Name of the service.")
    status: EntryStatus = Field(
        description="`unproven` (the address is to be confirmed), `waiting`, `offered`, `accepted`, `left` or `ended`."
    )
    end_reason: EntryEnd | None = Field(description="Why it ended by itself or by the business; null otherwise.")
    first_day: date = Field(description="First business day, `YYYY-MM-DD`.")
    last_day: date = Field(description="Last business day, included, `YYYY-MM-DD`.")
    times: list[TimeOfDayWrite] = Field(
        description="Times of the day inside which the visit has to lie; empty for any."
    )
    resource_ids: list[UUID] = Field(description="Anyone of these (UUIDs); empty for anyone.")
    party_size: int = Field(description="How many people come.")
    joined_at: datetime = Field(description="Since when it waits, RFC 3339; decides the order of the queue.")
    proof_deadline: datetime | None = Field(
        description="Until when the address has to be confirmed, RFC 3339; or null."
    )
    ends_at: datetime = Field(description="When it ends by itself, RFC 3339 with the venue's offset.")
    booking_id: UUID | None = Field(description="The booking that it became (UUID); null otherwise.")
    offer: WaitlistOfferRead | None = Field(description="The time that is held for it now; null for none.")

    @classmethod
    def of(cls, view: EntryView) -> Self:
        """The answer to its person."""
        return cls(**_shown(view))


class WaitlistEntryCreatedRead(WaitlistEntryRead):
    """A new entry. ``guest_token``: for somebody without a login, who shows it in the header ``X-Waitlist-Token``."""

    model_config = ConfigDict(
        json_schema_extra=examples({**_ENTRY, "status": "waiting", "offer": None} | {"guest_token": None})
    )

    guest_token: str | None = Field(
        description="Token for the header `X-Waitlist-Token`; null for everybody who has a login, and in a repeated "
        "answer."
    )

    @classmethod
    def with_token(cls, view: EntryView, guest_token: str | None) -> Self:
        """An entry that was just made."""
        return cls(**_shown(view), guest_token=guest_token)


class WaitlistPlaceRead(WaitlistEntryRead):
    """One entry with its place and its chance. Both are estimates: others may leave, free times are not known ahead."""

    model_config = ConfigDict(json_schema_extra=examples({**_ENTRY, "position": 2, "chance_percent": 60}))

    position: int | None = Field(
        description="Its place among those who could be offered the same time, 1 is the next; null once it is over."
    )
    chance_percent: int | None = Field(
        description="How likely it gets an offer, in percent, in steps of five, from what was freed in the last 56 "
        "days; null where there are too few data."
    )

    @classmethod
    def with_place(cls, view: EntryView, found: QueuePlace | None) -> Self:
        """With its place and its chance."""
        place, chance = (found.position, found.chance_percent) if found else (None, None)
        return cls(**_shown(view), position=place, chance_percent=chance)


class BusinessWaitlistEntryRead(WaitlistEntryRead):
    """One entry as the business sees it, with who waits."""

    model_config = ConfigDict(
        json_schema_extra=examples(
            {**_ENTRY, "family_name": "佐藤", "given_name": "愛", "email": "ai@example.jp", "phone": None}
        )
    )

    family_name: str = Field(description="Family name, or the only name.")
    given_name: str = Field(description="Given name; may be empty.")
    email: str | None = Field(description="E-mail address; null where there is none any more.")
    phone: str | None = Field(description="Phone number in E.164; null where there is none.")

    @classmethod
    def of(cls, view: EntryView) -> Self:
        """The answer to those who work there."""
        contact = {"email": view.email or None, "phone": view.phone or None}
        return cls(**_shown(view), family_name=view.family_name, given_name=view.given_name, **contact)


def _shown(view: EntryView) -> dict[str, Any]:
    zone, wanted, offer = ZoneInfo(view.time_zone), view.wanted, view.offer
    return {
        "id": view.id,
        "business_id": view.business_id,
        "service_id": view.service_id,
        "service_name": BilingualRead.of(view.service_name),
        "status": view.status,
        "end_reason": view.end_reason,
        "first_day": wanted.first_day,
        "last_day": wanted.last_day,
        "times": [TimeOfDayWrite(begins=clock(one.start), ends=clock(one.end)) for one in wanted.times],
        "resource_ids": list(wanted.resource_ids),
        "party_size": wanted.party_size,
        "joined_at": at_venue(view.joined_at, zone),
        "proof_deadline": at_venue(view.proof_deadline, zone) if view.proof_deadline else None,
        "ends_at": at_venue(view.ends_at, zone),
        "booking_id": view.booking_id,
        "offer": None
        if offer is None
        else WaitlistOfferRead(
            start_at=at_venue(offer.start_at, zone),
            end_at=at_venue(offer.end_at, zone),
            expires_at=at_venue(offer.expires_at, zone),
            resource_ids=list(offer.resource_ids),
        ),
    }
