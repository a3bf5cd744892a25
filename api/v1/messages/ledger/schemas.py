"""The ledger of a booking's messages, and statistics."""

from datetime import date, datetime, timedelta
from typing import Self
from uuid import UUID

from pydantic import ConfigDict, Field

from api.http.fields import Output, examples
from db.messages.ledger import DayCount
from domain.messages.kinds import AccountEmailKind, Channel, CodeKind, NoticeKind, kind_of
from domain.messages.ledger import Attempt, Entry, LedgerState, delivery_rate

_ID = "019a0c63-4c5d-7f70-8a9e-1b3c8d5e7a09"
_AT = "2026-11-21T01:31:00Z"


class LedgerStepRead(Output):
    """A state and when it was reached."""

    state: LedgerState = Field(description="The state.")
    at: datetime = Field(description="When, RFC 3339.")


class LedgerAttemptRead(Output):
    """One call to the provider."""

    started_at: datetime = Field(description="When it began, RFC 3339.")
    finished_at: datetime | None = Field(description="When it was answered, RFC 3339; null until then.")
    outcome: str | None = Field(
        description="`accepted`, `refused`, `unavailable`, `unknown` or `dropped`; null until it is known."
    )
    reason: str | None = Field(description="Code of the cause; null for none.")
    channel: Channel = Field(description="Through which channel.")
    cost_micros: int | None = Field(
        description="What it cost, in millionths of a yen: the price in the settings, of an SMS for each segment; null "
        "for a call that was not accepted."
    )

    @classmethod
    def of(cls, attempt: Attempt) -> Self:
        """A stored one."""
        return cls(
            started_at=attempt.started_at,
            finished_at=attempt.finished_at,
            outcome=attempt.outcome,
            reason=attempt.reason,
            channel=Channel(attempt.channel),
            cost_micros=attempt.cost_micros,
        )


class LedgerEntryRead(Output):
    """One message of a booking: what was promised, and what became of it."""

    model_config = ConfigDict(
        json_schema_extra=examples(
            {
                "notification_id": _ID,
                "kind": "booking_reminder",
                "audience": "customer",
                "channel": "email",
                "state": "sent",
                "reason": None,
                "due_at": _AT,
                "late_by": "PT1S",
                "steps": [{"state": "promised", "at": _AT}, {"state": "due", "at": _AT}, {"state": "sent", "at": _AT}],
                "attempts": [
                    {
                        "started_at": _AT,
                        "finished_at": _AT,
                        "outcome": "accepted",
                        "reason": None,
                        "channel": "email",
                        "cost_micros": 0,
                    }
                ],
            }
        )
    )

    notification_id: UUID | None = Field(description="Id of the message (UUID); null for a planned reminder.")
    kind: NoticeKind = Field(description="What the message is about.")
    audience: str = Field(description="Who reads it: the customer or the business.")
    channel: str = Field(description="How it comes.")
    state: LedgerState = Field(
        description="`planned`: a reminder that comes if the booking stays as it is. `replaced`: the booking was moved "
        "before it was sent."
    )
    reason: str | None = Field(description="Why it was dropped, replaced or failed; null otherwise.")
    due_at: datetime = Field(description="When it is or was to be sent, RFC 3339.")
    late_by: timedelta | None = Field(description="How long after that it was sent (ISO 8601); null until then.")
    steps: list[LedgerStepRead] = Field(description="Each state that is known, with its time.")
    attempts: list[LedgerAttemptRead] = Field(description="Every call to the provider.")

    @classmethod
    def of(cls, entry: Entry) -> Self:
        """A line of the ledger."""
        return cls(
            notification_id=entry.id,
            kind=entry.kind,
            audience=entry.audience,
            channel=entry.channel,
            state=entry.state,
            reason=entry.reason,
            due_at=entry.due_at,
            late_by=entry.late_by,
            steps=[LedgerStepRead(state=state, at=at) for state, at in entry.steps],
            attempts=[LedgerAttemptRead.of(one) for one in entry.attempts],
        )


class LedgerRead(Output):
    """All messages of a booking in the order of their times."""

    model_config = ConfigDict(
        json_schema_extra=examples(
            {"entries": [LedgerEntryRead.model_config["json_schema_extra"]["examples"][0]]}  # type: ignore[index]
        )
    )

    entries: list[LedgerEntryRead] = Field(description="The messages, and the reminders that are still to come.")


class MessageCountRead(Output):
    """Messages of one kind and channel that were due on one day."""

    model_config = ConfigDict(
        json_schema_extra=examples(
            {
                **{"day": "2026-11-21", "kind": "booking_reminder", "channel": "email", "promised": 12, "queued": 0},
                **{"sent": 1, "delivered": 9, "bounced": 1, "failed": 0, "dropped": 1, "read": 0},
                "delivery_rate": 0.9,
            }
        )
    )

    day: date = Field(description="The day in the zone of the business; in Japan for the platform.")
    kind: NoticeKind | AccountEmailKind | CodeKind = Field(description="What the messages are about.")
    channel: Channel = Field(description="How they come.")
    promised: int = Field(description="All of them.")
    queued: int = Field(description="Not sent yet.")
    sent: int = Field(description="Accepted by the provider; nothing more is known.")
    delivered: int = Field(description="Accepted by the recipient's server.")
    bounced: int = Field(description="Refused by the recipient's server.")
    failed: int = Field(description="Not sent: refused, or given up after 24 hours.")
    dropped: int = Field(description="Not sent, because a rule kept them back.")
    read: int = Field(description="Read in the app.")
    delivery_rate: float | None = Field(
        description="Share of delivered ones among those delivered, bounced or failed; null where there are none."
    )

    @classmethod
    def of(cls, row: DayCount) -> Self:
        """One group of the statistics."""
        return cls(
            day=row.day,
            kind=kind_of(row.kind),
            channel=Channel(row.channel),
            promised=row.promised,
            queued=row.queued,
            sent=row.sent,
            delivered=row.delivered,
            bounced=row.bounced,
            failed=row.failed,
            dropped=row.dropped,
            read=row.read,
            delivery_rate=delivery_rate(row.delivered, row.bounced, row.failed),
        )


class MessageStatisticsRead(Output):
    """How many messages arrived, by day, kind and channel."""

    model_config = ConfigDict(
        json_schema_extra=examples(
            {"counts": [MessageCountRead.model_config["json_schema_extra"]["examples"][0]]}  # type: ignore[index]
        )
    )

    counts: list[MessageCountRead] = Field(description="One for each day, kind and channel that had messages.")
