"""The state of the platform, for operators."""

from typing import Self

from pydantic import ConfigDict, Field

from api.http.fields import Output, examples
from db.platform.outbox import OutboxLag
from runtime.queue_lag import QueueLag


class OutboxRead(Output):
    """Commands that the relay delivers to Temporal."""

    waiting: int = Field(description="Commands that are due.")
    oldest_seconds: int = Field(description="Seconds since when the oldest of them is due.")
    parked: int = Field(description="Commands that wait for a person.")


class TaskQueueRead(Output):
    """A task queue of Temporal."""

    name: str = Field(description="Name of the queue, which is the role of its workers.")
    waiting: int = Field(description="Tasks that wait for a worker, about.")
    oldest_seconds: int = Field(description="Seconds that the oldest of them waits.")
    workers: int = Field(description="Workers that asked for a task in the last minutes.")

    @classmethod
    def of(cls, lag: QueueLag) -> Self:
        """As Temporal describes it."""
        return cls(
            name=lag.queue, waiting=lag.waiting, oldest_seconds=int(lag.age.total_seconds()), workers=lag.workers
        )


class PlatformStateRead(Output):
    """What waits. ``temporal_ui`` is where processes are shown, without the id of one."""

    model_config = ConfigDict(
        json_schema_extra=examples(
            {
                "outbox": {"waiting": 0, "oldest_seconds": 0, "parked": 0},
                "queues": [{"name": "bookings", "waiting": 0, "oldest_seconds": 0, "workers": 2}],
                "attention": {"refund_failed": 1},
                "temporal_ui": "https://temporal.example.jp/namespaces/default/workflows",
            }
        )
    )

    outbox: OutboxRead = Field(description="Commands on the way to Temporal.")
    queues: list[TaskQueueRead] | None = Field(description="Task queues; null where Temporal does not answer.")
    attention: dict[str, int] = Field(description="Open attention items by kind.")
    temporal_ui: str | None = Field(description="Address of Temporal's UI; null where none is set.")

    @classmethod
    def of(
        cls, lag: OutboxLag, lags: list[QueueLag] | None, attention: dict[str, int], temporal_ui: str | None
    ) -> Self:
        """As it is now."""
        outbox = OutboxRead(waiting=lag.waiting, oldest_seconds=int(lag.age.total_seconds()), parked=lag.parked)
        queues = None if lags is None else [TaskQueueRead.of(one) for one in lags]
        return cls(outbox=outbox, queues=queues, attention=attention, temporal_ui=temporal_ui)
