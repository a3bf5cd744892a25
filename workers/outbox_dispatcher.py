"""Delivers one command of the outbox to Temporal: starts a run or signals one. A second delivery changes nothing."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from pydantic import TypeAdapter
from temporalio.client import Client
from temporalio.common import Priority, WorkflowIDConflictPolicy, WorkflowIDReusePolicy
from temporalio.exceptions import WorkflowAlreadyStartedError
from temporalio.service import RPCError, RPCStatusCode

from db.engine.session import Database, Scope
from db.open_rows import RESTORE_RUN
from db.platform.outbox import Command
from runtime import tracing
from workflows.processes import PROCESSES
from workflows.start import ProcessSignal, ProcessStart, RestoreRun

#: Of one call to Temporal; the lease is longer than all calls of one delivery.
RPC_TIMEOUT = timedelta(seconds=5)

Process = ProcessStart[Any] | ProcessSignal[Any]


class OutboxDispatcher:
    """Delivers by the descriptors in `workflows.processes`."""

    def __init__(self, client: Client, database: Database, processes: Sequence[Process] = PROCESSES) -> None:
        self._client = client
        self._database = database
        self._by_command: Mapping[str, tuple[Process, TypeAdapter[Any]]] = {
            each.command: (each, TypeAdapter(each.payload)) for each in processes
        }
        self._starts: Mapping[str, ProcessStart[Any]] = {each.command: each for each in starts(processes)}

    async def deliver(self, command: Command) -> None:
        """Returns when Temporal has accepted the command, from this delivery or an earlier one.

        Raises:
            KeyError: unknown command. pydantic.ValidationError: wrong payload. RPCError: Temporal refused it.
        """
        about: tracing.Attributes = {"outbox.command": command.command, "outbox.attempts": command.attempts}
        with tracing.delivery(f"deliver {command.command}", about, command.trace_context):
            await self._deliver(command)

    async def _deliver(self, command: Command) -> None:
        if command.command == RESTORE_RUN:
            await self._restore(command)
            return
        process, adapter = self._by_command[command.command]
        payload = adapter.validate_python(command.payload)
        if isinstance(process, ProcessStart):
            await self._start(command, process, payload)
        else:
            await self._signal(command, process, payload)

    async def _start(self, command: Command, process: ProcessStart[Any], payload: object) -> None:
        if process.is_needed is not None and not await process.is_needed(payload, self._database):
            return
        await self._start_run(command, process, payload, again=process.restarts(command.event))

    async def _restore(self, command: Command) -> None:
        """Start the run of a row that still needs one, with what the row says now. Its signals are sent in any case: an
        earlier delivery may have ended between them, and each counts once."""
        about = _RESTORE.validate_python(command.payload)
        process = self._starts[about.process]
        if process.open_rows is None:
            return
        async with self._database.unit_of_work(Scope.platform()) as work:
            row = await work.open_rows.find(process.open_rows, about.row_id)
        if row is None:
            return
        restored = await process.restored(row, self._database)
        await self._start_run(command, process, restored.start, again=True)
        handle = self._client.get_workflow_handle(row.run)
        for signal, message in restored.signals:
            await handle.signal(signal, message, rpc_timeout=RPC_TIMEOUT)

    async def _start_run(self, command: Command, process: ProcessStart[Any], payload: object, *, again: bool) -> None:
        """Unless one is open; ``again``: also if one has ended."""
        try:
            await self._client.start_workflow(
                process.workflow,
                payload,
                id=process.workflow_id(payload),
                task_queue=process.queue,
                id_reuse_policy=_ALLOW if again else WorkflowIDReusePolicy.REJECT_DUPLICATE,
                search_attributes=process.attributes(payload),
                static_summary=process.summary(payload),
                memo=_memo(command),
                priority=_priority(process, payload),
                rpc_timeout=RPC_TIMEOUT,
            )
        except WorkflowAlreadyStartedError:
            return

    async def _signal(self, command: Command, process: ProcessSignal[Any], payload: object) -> None:
        """Signal the run; if none is open, start one with the signal where the descriptor says so."""
        workflow_id, message = process.workflow_id(payload), process.message(payload)
        try:
            await self._client.get_workflow_handle(workflow_id).signal(process.signal, message, rpc_timeout=RPC_TIMEOUT)
        except RPCError as error:
            if error.status is not RPCStatusCode.NOT_FOUND:
                raise
        else:
            return
        if process.process is None or process.restart is None:
            return
        start = await process.restart(payload, self._database)
        await self._client.start_workflow(
            process.process.workflow,
            start,
            id=workflow_id,
            task_queue=process.process.queue,
            # Another signal may have started the run meanwhile: then this only signals it.
            id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
            id_reuse_policy=_ALLOW,
            start_signal=process.signal,
            start_signal_args=[message],
            search_attributes=process.process.attributes(start),
            static_summary=process.process.summary(start),
            memo=_memo(command),
            priority=_priority(process.process, start),
            rpc_timeout=RPC_TIMEOUT,
        )


_ALLOW = WorkflowIDReusePolicy.ALLOW_DUPLICATE
_RESTORE = TypeAdapter(RestoreRun)


def starts(processes: Sequence[Process] = PROCESSES) -> Sequence[ProcessStart[Any]]:
    """Every way to start a run, once: those of commands, and those of signals that start a run where none is open."""
    found = [each if isinstance(each, ProcessStart) else each.process for each in processes]
    return list({each.command: each for each in found if each is not None}.values())


def _priority(process: ProcessStart[Any], payload: object) -> Priority:
    key, number = process.fairness_key, process.priority
    return Priority(
        priority_key=None if number is None else number(payload), fairness_key=None if key is None else key(payload)
    )


def _memo(command: Command) -> dict[str, Any] | None:
    """The id of the request that caused the command, shown with the run."""
    return {"request_id": command.request_id} if command.request_id else None
