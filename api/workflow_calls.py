"""Calls of workflows; a workflow's refusal is raised as the domain's own error."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any, TypeVar

from temporalio.client import Client, RPCTimeoutOrCancelledError, WithStartWorkflowOperation, WorkflowUpdateFailedError
from temporalio.common import WorkflowIDConflictPolicy
from temporalio.exceptions import ApplicationError, TemporalError
from temporalio.service import RPCError, RPCStatusCode

from domain.errors import DomainError, Unavailable
from workflows.start import ProcessStart

P = TypeVar("P")
T = TypeVar("T")

#: Added to the timeout of one call for the network.
_MARGIN = timedelta(seconds=1)


class NotRunning(Exception):
    """There is no run with this id, or it has ended."""


def _tree(error: type[DomainError]) -> Iterator[type[DomainError]]:
    yield error
    for child in error.__subclasses__():
        yield from _tree(child)


_BY_CODE: Mapping[str, type[DomainError]] = {error.code: error for error in _tree(DomainError)}


@asynccontextmanager
async def answering(patience: timedelta) -> AsyncIterator[None]:
    """Around calls of Temporal that a caller waits for. Raises what the domain refused, and Unavailable when Temporal
    or its workers do not answer in time. Then the call may still be executed, so the caller should repeat it."""
    try:
        async with asyncio.timeout((patience + _MARGIN).total_seconds()):
            yield
    except WorkflowUpdateFailedError as error:
        raise refusal_of(error) from error
    except (RPCError, RPCTimeoutOrCancelledError, TimeoutError) as error:
        raise away() from error
    except RuntimeError as error:
        # A client that was made while Temporal was unavailable connects with its first call, and fails in this way.
        if "connect" not in str(error):
            raise
        raise away() from error


async def ask(
    temporal: Client,
    patience: timedelta,
    workflow_id: str,
    update: str,
    argument: object,
    update_id: str,
    result_type: type[T],
) -> T:
    """The answer of a run to an update; with the same ``update_id`` it is executed once. Raises NotRunning, and what
    `answering` raises."""
    async with answering(patience):
        try:
            answer: T = await temporal.get_workflow_handle(workflow_id).execute_update(
                update, argument, id=update_id, result_type=result_type, rpc_timeout=patience
            )
        except RPCError as error:
            if error.status is not RPCStatusCode.NOT_FOUND:
                raise
            raise NotRunning from error
        return answer


async def start_and_ask(
    temporal: Client,
    patience: timedelta,
    process: ProcessStart[P],
    start: P,
    update: str,
    argument: object,
    update_id: str,
    result_type: type[T],
) -> T:
    """Like `ask`, for a run that the relay has not started yet: starts it with the update."""
    operation: WithStartWorkflowOperation[Any, Any] = WithStartWorkflowOperation(
        process.workflow,
        start,
        id=process.workflow_id(start),
        task_queue=process.queue,
        id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
        search_attributes=process.attributes(start),
        static_summary=process.summary(start),
    )
    async with answering(patience):
        try:
            answer: T = await temporal.execute_update_with_start_workflow(
                update,
                argument,
                start_workflow_operation=operation,
                id=update_id,
                result_type=result_type,
                rpc_timeout=patience,
            )
        except TemporalError:
            # The SDK passes a failure to the operation's handle too; unread there, it is logged as an error.
            with contextlib.suppress(TemporalError, TimeoutError):
                await asyncio.wait_for(operation.workflow_handle(), 1)
            raise
        return answer


def refusal_of(error: WorkflowUpdateFailedError) -> Exception:
    """The domain error of the refusal, by its code; the error itself if the code is unknown."""
    cause = error.cause
    refusal = _BY_CODE.get(cause.type or "") if isinstance(cause, ApplicationError) else None
    if not isinstance(cause, ApplicationError) or refusal is None:
        return error
    details: Any = cause.details[0] if cause.details else None
    return refusal(details if isinstance(details, Mapping) else None)


def away() -> Unavailable:
    """Temporal, or every worker, is unavailable."""
    return Unavailable({"dependency": "temporal", "retry_after": 2})
