"""How a command of the outbox becomes a run of Temporal, or a signal to one: the two kinds of descriptors.

Each process declares its own in ``workflows/<area>/<process>/start.py``; `workflows.processes` lists them and
`workers.outbox_dispatcher` reads that list. Workflow code never imports them.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from temporalio.common import SearchAttributePair, TypedSearchAttributes

from db.engine.session import Database

P = TypeVar("P")


def never(event: str) -> bool:
    """No event starts a second run with the same id."""
    return False


def always(event: str) -> bool:
    """Each event starts a new run with the same id when the one before is over."""
    return True


@dataclass(frozen=True)
class ProcessStart(Generic[P]):
    """Start a run once. ``payload`` is both what the row of the outbox holds and the workflow's input.

    ``summary`` is one line for operators, without personal data. ``restarts`` tells by the row's event whether a run
    that is over is started again.
    """

    command: str
    workflow: str
    payload: type[P]
    queue: str
    workflow_id: Callable[[P], str]
    attributes: Callable[[P], TypedSearchAttributes]
    summary: Callable[[P], str]
    restarts: Callable[[str], bool] = never
    #: Whether a run is still needed when the row is delivered; None: always.
    is_needed: Callable[[P, Database], Awaitable[bool]] | None = None


@dataclass(frozen=True)
class ProcessSignal(Generic[P]):
    """Signal a run. ``restart`` gives the input with which ``process`` is started when no run is open; without it the
    signal is dropped then, because a run that is over needs it no more."""

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
    """The search attributes of a run at its start; they cost nothing there."""
    return TypedSearchAttributes(list(pairs))
