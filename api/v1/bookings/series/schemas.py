"""The schemas of recurring bookings."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self
from uuid import UUID
from zoneinfo import ZoneInfo

from pydantic import ConfigDict, Field

from api.http.error_sentences import sentence
from api.http.fields import Input, MoneyRead, Output, examples
from api.http.request_info import request_info
from api.http.times import Moment, at_venue
from api.v1.bookings.bookings.create_schemas import BookingCreate
from api.v1.bookings.bookings.schemas import Resources
from api.v1.bookings.recurrence_schemas import RecurrenceRead, RecurrenceWrite
from db.bookings.series.book import SeriesPreview
from db.bookings.series.read import SeriesRow
from domain.booking_status import BookingStatus
from domain.bookings.series import Occurrence, Refusal, Take
from domain.scheduling.blocks import OccurrenceScope
from domain.scheduling.recurrence import Recurrence

_ID = "019a0c5f-1c2d-7e30-9b5a-7d9e4f1a3c04"
_SERVICE = "019a0c5e-9d11-7a40-8f3e-5b7c2d9e1a02"
_WEEKLY = {"frequency": "weekly", "interval": 1, "until": None, "count": 10, "monthly_on": None}
_OCCURRENCE: dict[str, Any] = {
    "number": 1,
    "planned_at": "2026-11-24T10:00:00+09:00",
    "booking_id": _ID,
    "status": "confirmed",
    "start_at": "2026-11-24T10:00:00+09:00",
    "end_at": "2026-11-24T11:00:00+09:00",
    "price": {"amount": 6600, "currency": "JPY"},
    "refusal": None,
}
_SERIES: dict[str, Any] = {
    "id": _ID,
    "business_id": _ID,
    "customer_id": _ID,
    "time_zone": "Asia/Tokyo",
    "recurrence": _WEEKLY,
    "occurrences": [_OCCURRENCE],
    "booked": 1,
    "refused": 0,
    "price": {"amount": 6600, "currency": "JPY"},
}
_MONEY = {"amount": 0, "currency": "JPY"}


class SeriesCreate(BookingCreate):
    """The first booking, as for a single one, and its recurrence. ``take`` says what happens if some of the
    occurrences cannot be booked."""

    model_config = ConfigDict(
        json_schema_extra=examples(
            {
                "service_id": _SERVICE,
                "start_at": "2026-11-24T10:00:00+09:00",
                "recurrence": {"frequency": "weekly", "count": 10},
                "take": "free",
            }
        )
    )

    recurrence: RecurrenceWrite = Field(description="How it recurs.")
    take: Take = Field(
        default=Take.ALL,
        description="`all` books nothing unless every occurrence can be booked, `free` those that can.",
    )


class SeriesMoveCommand(Input):
    """``booking_id`` is the occurrence that moves to ``start_at``. With ``following`` and ``all`` the others move by as
    many days, to the same time on the wall clock. ``take`` says what happens if some of them cannot move."""

    model_config = ConfigDict(
        json_schema_extra=examples(
            {"booking_id": _ID, "scope": "following", "start_at": "2026-12-02T13:00:00+09:00", "take": "all"}
        )
    )

    booking_id: UUID = Field(description="Id of the booking (UUID).")
    scope: OccurrenceScope = Field(description="Which occurrences: one, it and the following, or all.")
    start_at: Moment = Field(description="New start of that booking, RFC 3339.")
    resource_ids: Resources = ()
    take: Take = Field(
        default=Take.ALL, description="`all` moves nothing unless every occurrence can be moved, `free` those that can."
    )


class RefusalRead(Output):
    """Why an occurrence was refused."""

    code: str = Field(description="Code of the error, as in `docs/errors.md`.")
    message: str = Field(description="Sentence in the caller's language.")
    alternatives: list[datetime] = Field(
        description="Free starts near it, RFC 3339 with the venue's offset; may be empty."
    )

    @classmethod
    def of(cls, refusal: Refusal) -> Self:
        """A refusal with its details."""
        said = sentence(refusal.code, refusal.details, request_info().language)
        found = refusal.details.get("alternatives") or ()
        return cls(
            code=refusal.code, message=said, alternatives=[datetime.fromisoformat(str(moment)) for moment in found]
        )


class OccurrenceRead(Output):
    """One occurrence: its booking as it is now, or why there is none."""

    model_config = ConfigDict(json_schema_extra=examples(_OCCURRENCE))

    number: int = Field(description="Number in the plan, from 1.")
    planned_at: datetime = Field(description="Start by the plan, RFC 3339 with the venue's offset.")
    booking_id: UUID | None = Field(description="Id of the booking (UUID); null where none was made.")
    status: BookingStatus | None = Field(description="Status of the booking; null without one.")
    start_at: datetime | None = Field(description="Start, RFC 3339 with the venue's offset; null without a booking.")
    end_at: datetime | None = Field(description="End, RFC 3339 with the venue's offset; null without a booking.")
    price: MoneyRead | None = Field(description="Price with tax; null without a booking.")
    refusal: RefusalRead | None = Field(description="Why it was refused; null where it was not.")

    @classmethod
    def of(cls, one: Occurrence, currency: str, zone: ZoneInfo) -> Self:
        """An occurrence, its times with the venue's offset."""

        def local(moment: datetime | None) -> datetime | None:
            return None if moment is None else at_venue(moment, zone)

        return cls(
            number=one.number,
            planned_at=at_venue(one.planned_at, zone),
            booking_id=one.booking_id,
            status=one.status,
            start_at=local(one.start_at),
            end_at=local(one.end_at),
            price=MoneyRead(amount=one.price, currency=currency) if one.status else None,
            refusal=RefusalRead.of(one.refusal) if one.refusal else None,
        )


class SeriesRead(Output):
    """A series. ``id`` and ``customer_id`` are null in a preview, where nothing is booked. ``price`` is the sum of the
    occurrences that are, or would be, booked and are not over."""

    model_config = ConfigDict(json_schema_extra=examples(_SERIES))

    id: UUID | None = Field(description="Id of the series (UUID); null in a preview.")
    business_id: UUID = Field(description="Id of the business (UUID).")
    customer_id: UUID | None = Field(description="Id of the customer (UUID); null in a preview.")
    time_zone: str = Field(description="IANA time zone of the venue, such as `Asia/Tokyo`.")
    recurrence: RecurrenceRead = Field(description="The requested recurrence, first occurrence included.")
    occurrences: list[OccurrenceRead] = Field(description="Occurrences in the order of the plan.")
    booked: int = Field(description="Number of occurrences with a booking, or that can be booked.")
    refused: int = Field(description="Number of occurrences that cannot be booked.")
    price: MoneyRead = Field(description="Sum of the prices with tax.")

    @classmethod
    def of(cls, row: SeriesRow) -> Self:
        """A stored series."""
        shown = _shown(row.business_id, row.time_zone, row.recurrence, row.occurrences, row.currency)
        return cls(id=row.id, customer_id=row.customer_id, **shown)

    @classmethod
    def preview(cls, business_id: UUID, recurrence: Recurrence, seen: SeriesPreview) -> Self:
        """The series that would be booked."""
        shown = _shown(business_id, seen.time_zone, recurrence, seen.occurrences, seen.currency)
        return cls(id=None, customer_id=None, **shown)


@dataclass(frozen=True, slots=True)
class MoneySums:
    """Sums of a command over several bookings, in minor units."""

    penalty: int = 0
    refunding: int = 0
    released: int = 0


class SeriesChangedRead(Output):
    """The result of a command for each selected occurrence, or in a preview the expected result. ``penalty``,
    ``refunding`` and ``released`` are the sums of the customer's cancellation fees, of the refunds, and of the
    released authorizations."""

    model_config = ConfigDict(
        json_schema_extra=examples(
            {
                "id": _ID,
                "occurrences": [_OCCURRENCE],
                "changed": 1,
                "refused": 0,
                "penalty": _MONEY,
                "refunding": _MONEY,
                "released": _MONEY,
            }
        )
    )

    id: UUID = Field(description="Id of the series (UUID).")
    occurrences: list[OccurrenceRead] = Field(description="The selected occurrences, in the order of the plan.")
    changed: int = Field(description="Number of occurrences that were changed, or can be.")
    refused: int = Field(description="Number of occurrences that stay as they are.")
    penalty: MoneyRead = Field(description="The fee that the customer pays for the cancellation.")
    refunding: MoneyRead = Field(description="The refund to the customer.")
    released: MoneyRead = Field(description="The authorized amount that is released without a capture.")

    @classmethod
    def of(cls, row: SeriesRow, changed: Sequence[Occurrence], sums: MoneySums) -> Self:
        """``changed``: the selected occurrences."""
        zone = ZoneInfo(row.time_zone)
        ordered = sorted(changed, key=lambda one: one.number)
        refused = sum(one.refusal is not None for one in ordered)
        return cls(
            id=row.id,
            occurrences=[OccurrenceRead.of(one, row.currency, zone) for one in ordered],
            changed=len(ordered) - refused,
            refused=refused,
            penalty=MoneyRead(amount=sums.penalty, currency=row.currency),
            refunding=MoneyRead(amount=sums.refunding, currency=row.currency),
            released=MoneyRead(amount=sums.released, currency=row.currency),
        )


def _shown(
    business_id: UUID, zone: str, recurrence: Recurrence, occurrences: Sequence[Occurrence], currency: str
) -> dict[str, Any]:
    return {
        "business_id": business_id,
        "time_zone": zone,
        "recurrence": RecurrenceRead.of(recurrence),
        "occurrences": [OccurrenceRead.of(one, currency, ZoneInfo(zone)) for one in occurrences],
        "booked": sum(one.status is not None for one in occurrences),
        "refused": sum(one.refusal is not None for one in occurrences),
        "price": MoneyRead(amount=sum(one.price for one in occurrences if one.is_live), currency=currency),
    }
