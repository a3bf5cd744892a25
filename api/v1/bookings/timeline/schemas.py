"""A booking's timeline."""

from datetime import datetime
from typing import Self
from zoneinfo import ZoneInfo

from pydantic import ConfigDict, Field

from api.http.fields import MoneyRead, Output, examples
from api.http.times import at_venue
from api.v1.bookings.timeline.sentences import actor, sentence
from domain.bookings.timeline import Source, TimelineEntry

_ENTRY = {
    "at": "2026-11-21T10:30:00+09:00",
    "source": "booking",
    "event": "held",
    "text": "予約の時間を確保しました。",
    "actor": "お客様",
    "reason": None,
    "amount": None,
    "reference": None,
}


class TimelineEntryRead(Output):
    """One event, in a sentence of the reader's language."""

    model_config = ConfigDict(json_schema_extra=examples(_ENTRY))

    at: datetime = Field(description="When it happened, RFC 3339 with the venue's offset.")
    source: Source = Field(description="Where it was recorded: `booking`, `money`, `provider` or `message`.")
    event: str = Field(description="Name of what happened, such as `held`, `capture.succeeded` or an event's name.")
    text: str = Field(description="What happened, as a sentence.")
    actor: str | None = Field(description="Who did it; a name for staff only, null where no person did it.")
    reason: str | None = Field(description="Reason that was given; null for none.")
    amount: MoneyRead | None = Field(description="The amount; null for an event without an amount.")
    reference: str | None = Field(description="Id at the provider; null for readers outside the business.")

    @classmethod
    def of(cls, entry: TimelineEntry, zone: str, language: str, for_staff: bool) -> Self:
        """An entry for its reader."""
        money = None
        if entry.amount is not None and entry.currency is not None:
            money = MoneyRead(amount=entry.amount, currency=entry.currency)
        return cls(
            at=at_venue(entry.at, ZoneInfo(zone)),
            source=entry.source,
            event=entry.event,
            text=sentence(entry, zone, language),
            actor=actor(entry, for_staff, language),
            reason=entry.reason if for_staff or entry.source is Source.BOOKING else None,
            amount=money,
            reference=entry.reference if for_staff else None,
        )


class TimelineRead(Output):
    """The timeline of a booking, oldest entry first."""

    model_config = ConfigDict(json_schema_extra=examples({"code": "7KPMXRWT", "entries": [_ENTRY]}))

    code: str = Field(description="The booking's short code.")
    entries: list[TimelineEntryRead] = Field(description="What happened, in order of time.")
