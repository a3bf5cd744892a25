"""The state of the platform, for operators."""

from typing import Self

from pydantic import ConfigDict, Field

from api.http.fields import Output, examples
from db.platform.outbox import OutboxLag


class OutboxRead(Output):
    """Commands that the relay delivers to Temporal."""

    waiting: int = Field(description="Commands that are due.")
    oldest_seconds: int = Field(description="Seconds since when the oldest of them is due.")
    parked: int = Field(description="Commands that wait for a person.")


class PlatformStateRead(Output):
    """What waits. ``temporal_ui`` is where processes are shown, without the id of one."""

    model_config = ConfigDict(
        json_schema_extra=examples(
            {
                "outbox": {"waiting": 0, "oldest_seconds": 0, "parked": 0},
                "attention": {"refund_failed": 1},
                "temporal_ui": "https://temporal.example.jp/namespaces/default/workflows",
            }
        )
    )

    outbox: OutboxRead = Field(description="Commands on the way to Temporal.")
    attention: dict[str, int] = Field(description="Open attention items by kind.")
    temporal_ui: str | None = Field(description="Address of Temporal's UI; null where none is set.")

    @classmethod
    def of(cls, lag: OutboxLag, attention: dict[str, int], temporal_ui: str | None) -> Self:
        """As it is now."""
        outbox = OutboxRead(waiting=lag.waiting, oldest_seconds=int(lag.age.total_seconds()), parked=lag.parked)
        return cls(outbox=outbox, attention=attention, temporal_ui=temporal_ui)
