"""Schemas of the replay of stored events."""

from typing import Annotated, Self

from pydantic import ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from api.http.fields import Input, Line, Output, examples
from api.http.times import Moment
from db.payments.commands.replay import ReplayAsked, Replayed
from domain.payments.providers import ProviderName


class ReplayEventsCommand(Input):
    """Which stored events are delivered again."""

    model_config = ConfigDict(
        json_schema_extra=examples(
            {"since": "2026-11-21T00:00:00Z", "until": "2026-11-22T00:00:00Z"},
            {
                "since": "2026-11-21T00:00:00Z",
                "until": "2026-11-22T00:00:00Z",
                "provider": "stripe",
                "event_id": "evt_1SVbN82eZvKYlo2C",
            },
        )
    )

    since: Moment = Field(description="Events that were received from then on, RFC 3339.")
    until: Moment = Field(description="And before then, RFC 3339.")
    provider: ProviderName | None = Field(default=None, description="Of this provider; null for all.")
    event_id: Line | None = Field(
        default=None,
        description="The provider's id of one event, also if it was applied before; null for all that wait or that"
        " matched no payment.",
    )
    limit: Annotated[int, Field(ge=1, le=1000)] = Field(default=100, description="At most so many, the oldest first.")

    @model_validator(mode="after")
    def _is_a_range(self) -> Self:
        if self.since >= self.until:
            raise PydanticCustomError("after_start", "until after since", {"field": "until"})
        return self

    def asked(self) -> ReplayAsked:
        """For the store."""
        provider = self.provider.value if self.provider else None
        return ReplayAsked(self.since, self.until, provider, self.event_id, self.limit)


class ReplayRead(Output):
    """What became of the chosen events."""

    model_config = ConfigDict(json_schema_extra=examples({"delivered": 3, "unmatched": 1, "unchanged": 0}))

    delivered: int = Field(description="Delivered to the runs that apply them.")
    unmatched: int = Field(description="Still about no payment of ours.")
    unchanged: int = Field(description="About no payment at all, or about an intent that was replaced.")

    @classmethod
    def of(cls, replayed: Replayed) -> Self:
        """From the store."""
        return cls(delivered=replayed.delivered, unmatched=replayed.unmatched, unchanged=replayed.unchanged)
