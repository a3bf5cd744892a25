"""How an outbox row starts a Temporal run or signals one: the two kinds of descriptors.

Each process declares its own in ``workflows/<area>/<process>/start.py``. `workflows.processes` lists them for
`workers.outbox_dispatcher`. Workflow code never imports them.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar
from uuid import UUID

from pydantic import TypeAdapter
from temporalio.common import SearchAttributePair, TypedSearchAttributes

from db.engine.session import Database
from db.open_rows import OpenRow, OpenRows

P = TypeVar("P")


def never(event: str) -> bool:
    """No event starts another run with the same id."""
    return False


def always(event: str) -> bool:
    """Every event starts a new run with the same id when the earlier run has ended."""
    return True


@dataclass(frozen=True)
class Restored(Generic[P]):
    """What a run starts with that replaces a lost one, and the signals that follow: names and messages."""

    start: P
    signals: Sequence[tuple[str, object]] = ()


@dataclass(frozen=True)
class RestoreRun:
    """Payload of ``run.restore``. ``process``: the command of its `ProcessStart`. ``row_id``: the key of the row."""

    process: str
    row_id: UUID


@dataclass(frozen=True)
class ProcessStart(Generic[P]):
    """Start a run once. ``payload`` is both the content of the outbox row and the workflow's input.

    ``summary`` is one line for operators, without personal data. ``restarts`` gets the row's event and says whether a
    run that has ended is started again.
    """

    command: str
    workflow: str
    payload: type[P]
    queue: str
    workflow_id: Callable[[P], str]
    attributes: Callable[[P], TypedSearchAttributes]
    summary: Callable[[P], str]
    restarts: Callable[[str], bool] = never
    #: Runs with the same key take turns with those of other keys, in workflow tasks and activities; at most 64 bytes.
    #: None: in the order of their start. One business with many uploads does not delay those of others.
    fairness_key: Callable[[P], str] | None = None
    #: Of `workflows.support.priorities`: a lower number goes first in the task queue; None: 3.
    priority: Callable[[P], int] | None = None
    #: Whether a run is still needed when the row is delivered; None: always.
    is_needed: Callable[[P, Database], Awaitable[bool]] | None = None
    #: The rows that must have a run. None: ``unlisted`` says why nothing is lost without.
    open_rows: OpenRows | None = None
    unlisted: str | None = None
    #: What a run starts with that replaces a lost one; None: the payload of the row.
    restore: Callable[[OpenRow, Database], Awaitable[Restored[P]]] | None = None

    async def restored(self, row: OpenRow, database: Database) -> Restored[P]:
        """What the run of ``row`` starts with."""
        if self.restore is not None:
            return await self.restore(row, database)
        return Restored(TypeAdapter(self.payload).validate_python(row.payload))


@dataclass(frozen=True)
class ProcessSignal(Generic[P]):
    """Signal a run. If no run is open, ``process`` is started with the input that ``restart`` gives; without
    ``restart`` the signal is dropped."""

    command: str
    payload: type[P]
    signal: str
    workflow_id: Callable[[P], str]
    message: Callable[[P], object]
    process: ProcessStart[Any] | None = None
    restart: Callable[[P, Database], Awaitable[object]] | None = None


def no_attributes(payload: object) -> TypedSearchAttributes:
    """For runs that belong to no business."""
    return TypedSearchAttributes.empty


def attributes(*pairs: SearchAttributePair[Any]) -> TypedSearchAttributes:
    """The search attributes of a run at its start, where they are no extra billable action."""
    return TypedSearchAttributes(list(pairs))
