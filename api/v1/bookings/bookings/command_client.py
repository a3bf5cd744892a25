"""Sends a person's command to the booking's workflow, which executes it once even if processes crash."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Mapping
from datetime import timedelta
from typing import Any

from temporalio.client import Client, WithStartWorkflowOperation
from temporalio.common import WorkflowIDConflictPolicy, WorkflowIDReusePolicy
from temporalio.exceptions import TemporalError, WorkflowAlreadyStartedError
from temporalio.service import RPCError, RPCStatusCode

from api.workflow_calls import answering
from domain.booking_status import BookingStatus
from domain.bookings.commands import BookingCommand, BookingOutcome
from domain.bookings.snapshot import BookingSnapshot
from domain.errors import WrongState
from workflows.bookings.booking import messages
from workflows.bookings.booking.start import attributes_of, summary_of
from workflows.support import ids, queues

Snapshot = Callable[[], Awaitable[BookingSnapshot]]

#: The status of the booking after a command, for commands that change it.
_WANTED: Mapping[str, str] = {
    messages.CONFIRM: BookingStatus.CONFIRMED,
    messages.PROVE_CONTACT: BookingStatus.CONFIRMED,
    messages.DECLINE: BookingStatus.DECLINED,
    messages.CANCEL: BookingStatus.CANCELLED,
    messages.CHECK_IN: BookingStatus.CHECKED_IN,
    messages.COMPLETE: BookingStatus.COMPLETED,
    messages.NO_SHOW: BookingStatus.NO_SHOW,
}


class BookingCommands:
    """``timeout``: how long one command may take before the caller gets Unavailable."""

    def __init__(self, temporal: Client, timeout: timedelta) -> None:
        self._temporal = temporal
        self._timeout = timeout

    async def send(self, update: str, command: BookingCommand, snapshot: Snapshot) -> BookingOutcome:
        """The booking after the command; a repeat with the same ``command_id`` returns the same.

        ``snapshot`` is only read if there is no run: if the relay has not started it yet, it is started with the
        command. Raises what the domain refused, WrongState when the booking's run has ended, and Unavailable when
        Temporal or its workers do not answer in time. After Unavailable the command may still be executed, so the
        caller should repeat it.
        """
        async with answering(self._timeout):
            return await self._send(update, command, snapshot)

    async def _send(self, update: str, command: BookingCommand, snapshot: Snapshot) -> BookingOutcome:
        handle = self._temporal.get_workflow_handle(ids.booking(command.booking_id))
        try:
            outcome: BookingOutcome = await handle.execute_update(
                update, command, id=command.command_id, result_type=BookingOutcome, rpc_timeout=self._timeout
            )
        except RPCError as error:
            if error.status is not RPCStatusCode.NOT_FOUND:
                raise
        else:
            return outcome
        return await self._start_with(update, command, await snapshot())

    async def _start_with(self, update: str, command: BookingCommand, booking: BookingSnapshot) -> BookingOutcome:
        """No run is open: the relay is late, or the booking has ended. The server knows which. A live booking whose run
        an operator has terminated gets a new run."""
        start: WithStartWorkflowOperation[Any, BookingOutcome] = WithStartWorkflowOperation(
            messages.WORKFLOW,
            messages.BookingInput(booking),
            id=ids.booking(booking.booking_id),
            task_queue=queues.BOOKINGS,
            id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
            id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE_FAILED_ONLY,
            search_attributes=attributes_of(booking),
            static_summary=summary_of(booking),
            result_type=BookingOutcome,
        )
        try:
            outcome: BookingOutcome = await self._temporal.execute_update_with_start_workflow(
                update,
                command,
                start_workflow_operation=start,
                id=command.command_id,
                result_type=BookingOutcome,
                rpc_timeout=self._timeout,
            )
        except WorkflowAlreadyStartedError:
            await _hear_out(start)
            return await self._answered_before(update, command, booking)
        except TemporalError:
            await _hear_out(start)
            raise
        return outcome

    async def _answered_before(self, update: str, command: BookingCommand, booking: BookingSnapshot) -> BookingOutcome:
        """The run has ended. If this command ended it and only the answer was lost, the server still has the answer."""
        handle = self._temporal.get_workflow_handle(ids.booking(booking.booking_id))
        try:
            asked = handle.get_update_handle(command.command_id, result_type=BookingOutcome)
            outcome: BookingOutcome = await asked.result(rpc_timeout=self._timeout)
        except RPCError as error:
            if error.status is not RPCStatusCode.NOT_FOUND:
                raise
            raise WrongState({"status": booking.status.value, "wanted": _WANTED.get(update, update)}) from error
        return outcome


async def _hear_out(start: WithStartWorkflowOperation[Any, BookingOutcome]) -> None:
    """The SDK also sets a failure on the operation's handle; if it is not read, it is logged as an error with a
    trace."""
    with contextlib.suppress(TemporalError, TimeoutError):
        await asyncio.wait_for(start.workflow_handle(), 1)
