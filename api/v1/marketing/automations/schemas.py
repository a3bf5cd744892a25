"""Schemas of automations."""

from datetime import datetime
from typing import Annotated, Self
from uuid import UUID

from pydantic import ConfigDict, Field

from api.http.fields import ChangedRecordRead, Changes, Input, Output, examples
from api.v1.marketing.campaigns.schemas import OfferTextsRead, OfferTextsWrite, ResultsRead
from db.marketing.automations import AutomationRow, DryRunRow
from domain.marketing.automations import AutomationKind

_ID = "019a0c5e-7b3f-7c21-b5d4-a9e1f2036c58"
_TEXTS = {
    "ja": {
        "subject": "{{ business }}です。お元気ですか",
        "body": "{{ customer }}様\n\nまたのお越しをお待ちしております。",
    }
}
_KIND = (
    "`first_visit` (thanks after the first visit), `no_visit` (nobody came for a long time), `birthday`, or `rebook` "
    "(some weeks after a visit, while nothing new is booked)."
)
_DAYS = (
    "Days from the event to the message: 1 to 30 after a first visit, 30 to 730 without a visit, 7 to 180 to rebook; "
    "before a birthday 0 to 30."
)
Days = Annotated[int, Field(ge=0, le=730)]


class AutomationCreate(Input):
    """A message that follows from an event. It is off until it is switched on."""

    model_config = ConfigDict(
        json_schema_extra=examples({"business_id": _ID, "kind": "no_visit", "days": 90, "texts": _TEXTS})
    )

    business_id: UUID = Field(description="Id of the business (UUID).")
    kind: AutomationKind = Field(description=f"The event: {_KIND}")
    days: Days | None = Field(default=None, description=f"{_DAYS} Null: the usual number.")
    service_id: UUID | None = Field(default=None, description="For `rebook`: only after visits with this service.")
    texts: OfferTextsWrite = Field(description="What the message says.")


class AutomationUpdate(Changes):
    """Fields that are left out do not change."""

    model_config = ConfigDict(json_schema_extra=examples({"enabled": True}))

    days: Days | None = Field(default=None, description=_DAYS)
    texts: OfferTextsWrite | None = Field(default=None, description="What the message says.")
    enabled: bool | None = Field(default=None, description="Whether messages are sent.")


class AutomationRead(ChangedRecordRead):
    """An automation."""

    model_config = ConfigDict(
        json_schema_extra=examples(
            {
                "id": _ID,
                "business_id": _ID,
                "kind": "no_visit",
                "days": 90,
                "service_id": None,
                "texts": {**_TEXTS, "en": None},
                "enabled": True,
                "enabled_at": "2026-11-21T01:30:00Z",
                "looked_at": "2026-11-22T01:00:00Z",
                "created_at": "2026-11-21T01:30:00Z",
                "updated_at": "2026-11-22T01:00:00Z",
            }
        )
    )

    business_id: UUID = Field(description="Id of the business (UUID).")
    kind: AutomationKind = Field(description=f"The event: {_KIND}")
    days: int = Field(description=_DAYS)
    service_id: UUID | None = Field(description="Only after visits with this service (UUID); null for all.")
    texts: OfferTextsRead = Field(description="What the message says.")
    enabled: bool = Field(description="Whether messages are sent.")
    enabled_at: datetime | None = Field(description="When it was last switched on, RFC 3339; null: never.")
    looked_at: datetime | None = Field(
        description="When it last looked for messages that are due, RFC 3339; null: never."
    )

    @classmethod
    def of(cls, row: AutomationRow) -> Self:
        """A stored automation."""
        values = {name: getattr(row, name) for name in cls.model_fields if name != "texts"}
        return cls(**values, texts=OfferTextsRead.of(row.texts))


class DryRunRead(Output):
    """Somebody who would have got the message."""

    model_config = ConfigDict(
        json_schema_extra=examples(
            {"customer_id": _ID, "family_name": "佐藤", "given_name": "愛", "at": "2026-11-14T01:00:00Z"}
        )
    )

    customer_id: UUID = Field(description="Id of the customer (UUID).")
    family_name: str = Field(description="Family name.")
    given_name: str = Field(description="Given name; empty for none.")
    at: datetime = Field(description="When it would have been sent, RFC 3339.")

    @classmethod
    def of(cls, row: DryRunRow) -> Self:
        """One of those who were found."""
        return cls(**{name: getattr(row, name) for name in cls.model_fields})


class AutomationResultsRead(ResultsRead):
    """What became of the messages of an automation."""

    model_config = ConfigDict(
        json_schema_extra=examples(
            {
                "recipients": 40,
                "waiting": 0,
                "sent": 40,
                "delivered": 39,
                "bounced": 1,
                "not_sent": 0,
                "opened": None,
                "unsubscribed": 1,
                "bookings": 6,
            }
        )
    )
