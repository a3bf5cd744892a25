"""Answers of availability."""

from datetime import datetime
from typing import Self
from uuid import UUID

from pydantic import ConfigDict, Field

from api.http.fields import BilingualRead, MoneyRead, Output, examples
from domain.money import Money
from domain.payments.dues import Dues
from domain.payments.status import PaymentMode

_SERVICE = "019a0c5e-9d11-7a40-8f3e-5b7c2d9e1a02"
_BUSINESS = "019a0c5e-8c00-7b10-9e2d-4a6b1c8d0f01"


class StartRead(Output):
    """``start_at`` with the venue's offset. ``left``: how many bookings like this one still fit there, at least 1."""

    start_at: datetime = Field(description="Start, RFC 3339 with the venue's offset.")
    left: int = Field(description="How many more can be booked at this start.")


class DuesRead(Output):
    """What the visit costs and when it is paid. A booking that is made on these terms keeps them."""

    price: MoneyRead = Field(description="Price of all services for the party, with tax.")
    online: MoneyRead = Field(description="What is paid, or held on a card, before the booking is confirmed.")
    at_venue: MoneyRead = Field(description="What is paid at the venue.")
    mode: PaymentMode = Field(
        description="How `online` is paid: `prepay` and `deposit` take the money, `card_hold` holds it on the card"
        " until the visit; `at_venue` and `none`: nothing is paid online.",
    )

    @classmethod
    def of(cls, dues: Dues) -> Self:
        """The answer of the rule."""

        def money(value: Money) -> MoneyRead:
            return MoneyRead(amount=value.amount, currency=value.currency)

        return cls(price=money(dues.price), online=money(dues.online), at_venue=money(dues.at_venue), mode=dues.mode)


class AvailabilityRead(Output):
    """Every start at which the services fit, in order. ``slot_interval``: minutes between offered starts."""

    model_config = ConfigDict(
        json_schema_extra=examples(
            {
                "service_id": _SERVICE,
                "service_ids": [_SERVICE],
                "business_id": _BUSINESS,
                "time_zone": "Asia/Tokyo",
                "slot_interval": 30,
                "duration_minutes": 60,
                "party_size": 1,
                "dues": {
                    "price": {"amount": 6600, "currency": "JPY"},
                    "online": {"amount": 1320, "currency": "JPY"},
                    "at_venue": {"amount": 5280, "currency": "JPY"},
                    "mode": "deposit",
                },
                "starts": [
                    {"start_at": "2026-11-24T10:00:00+09:00", "left": 2},
                    {"start_at": "2026-11-24T10:30:00+09:00", "left": 1},
                ],
            }
        )
    )

    service_id: UUID = Field(description="Id of the first service (UUID).")
    service_ids: list[UUID] = Field(description="Ids of the services (UUIDs), in the order in which they are done.")
    business_id: UUID = Field(description="Id of the business (UUID).")
    time_zone: str = Field(description="IANA time zone of the venue, such as `Asia/Tokyo`.")
    slot_interval: int = Field(description="Minutes between two offered starts.")
    duration_minutes: int = Field(description="Length of the services together in minutes, without buffers and waits.")
    party_size: int = Field(description="Number of persons.")
    dues: DuesRead | None = Field(
        description="What the visit costs and when it is paid; null for another time of a booking, which costs nothing"
        " more.",
    )
    starts: list[StartRead] = Field(description="Free starts in order of time.")


class FreeResourceRead(Output):
    """A resource that could serve one of the services. Of each service one of each ``requirement_group`` is needed."""

    id: UUID = Field(description="Id (UUID version 7).")
    kind: str = Field(description="What the resource is, such as `staff` or `room`.")
    name: BilingualRead = Field(description="Name in Japanese, English or both.")
    requirement_group: int = Field(description="Group of the service's requirements that the resource is in.")
    position: int = Field(description="Position of the service that it could serve, in the order asked for, from 0.")


class FreeResourcesRead(Output):
    """Which resources are free for the services at ``start_at``, one after the other; empty: they do not fit there."""

    model_config = ConfigDict(
        json_schema_extra=examples(
            {
                "service_ids": [_SERVICE],
                "start_at": "2026-11-24T10:00:00+09:00",
                "time_zone": "Asia/Tokyo",
                "resources": [
                    {
                        "id": "019a0c5e-a111-7c20-8a4b-6c8d3e0f2b03",
                        "kind": "staff",
                        "name": {"ja": "花子", "en": "Hanako", "text": "花子"},
                        "requirement_group": 0,
                        "position": 0,
                    }
                ],
            }
        )
    )

    service_ids: list[UUID] = Field(description="Ids of the services, in the order asked for (UUIDs).")
    start_at: datetime = Field(description="Start, RFC 3339 with the venue's offset.")
    time_zone: str = Field(description="IANA time zone of the venue, such as `Asia/Tokyo`.")
    resources: list[FreeResourceRead] = Field(description="Resources that are free at this start.")
