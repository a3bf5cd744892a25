"""The relay: carries committed commands from the outbox to Temporal, in order per aggregate, at least once.

A row is leased in a short transaction, delivered outside of any, and marked in another: no lock is ever held across
a remote call. Any number of relays may run. One that dies leaves leases that run out.
"""

import asyncio
import contextlib
from collections.abc import Sequence
from datetime import timedelta

import structlog
from temporalio.service import RPCError, RPCStatusCode

from db.engine.session import Database, Scope, connect
from db.platform.outbox import Command, FailedDelivery, parked_key
from db.platform.outbox_listener import listening
from domain.errors import Unavailable
from runtime.settings import Settings
from workers.lifecycle import connect_when_there, pause, stopping
from workers.outbox_dispatcher import OutboxDispatcher

log = structlog.get_logger(__name__)

BATCH = 50
#: Longer than a delivery may take.
LEASE = timedelta(seconds=40)
DELIVERY = timedelta(seconds=20)
#: Rows that wait for their time wake nobody; the relay looks for them this often.
LOOK = timedelta(seconds=1)
#: A row that fails waits twice as long each time.
FIRST_PAUSE = timedelta(milliseconds=500)
LONGEST_PAUSE = timedelta(minutes=5)
#: While Temporal itself is away, rows wait no longer than this.
LONGEST_WHILE_AWAY = timedelta(seconds=10)
#: A row that failed so often, for a reason of its own, is parked: it is listed in ``attention`` and is not tried again
#: before somebody releases it. The pauses between these tries add up to about a minute.
PARK_AFTER = 8
#: A batch waits this long for its deliveries; slower ones go on beside the next batches.
ROUND = timedelta(seconds=1)

_AWAY = frozenset(
    {
        RPCStatusCode.UNAVAILABLE,
        RPCStatusCode.DEADLINE_EXCEEDED,
        RPCStatusCode.RESOURCE_EXHAUSTED,
        RPCStatusCode.CANCELLED,
    }
)


async def run(settings: Settings) -> None:
    """Carry until SIGTERM or SIGINT, then finish the batch in hand."""
    with stopping() as stop:
        database = connect(settings)
        try:
            client = await connect_when_there(settings, "relay", stop)
            if client is not None:
                log.info("relay_ready", build_id=settings.build_id)
                await OutboxRelay(database, OutboxDispatcher(client, database)).dispatch_until(stop, settings)
        finally:
            await database.close()


class OutboxRelay:
    """``courier`` delivers one command; ``lease`` is longer than that may take; ``round_`` is how long a batch waits
    for its deliveries."""

    def __init__(
        self, database: Database, courier: OutboxDispatcher, lease: timedelta = LEASE, round_: timedelta = ROUND
    ) -> None:
        self._database = database
        self._courier = courier
        self._lease = lease
        self._round = round_
        self._running: dict[asyncio.Task[Exception | None], Command] = {}

    async def dispatch_until(self, stop: asyncio.Event, settings: Settings) -> None:
        """Carry whatever is there, then wait to be woken; begin again when Postgres was away."""
        wait = FIRST_PAUSE
        while not stop.is_set():
            heard = asyncio.Event()
            try:
                async with listening(settings, heard) as lost:
                    while not (stop.is_set() or lost.is_set()):
                        heard.clear()
                        if not await self.dispatch_batch():
                            await _first_of(LOOK, stop, lost, heard)
                        wait = FIRST_PAUSE
            except Unavailable:
                log.warning("postgres_away")
                await pause(stop, wait)
                wait = min(wait * 2, LONGEST_WHILE_AWAY)
        with contextlib.suppress(Unavailable):  # the leases run out, and the rows are delivered again
            await self.finish()

    async def dispatch_batch(self) -> int:
        """Lease one batch, deliver it, mark what is done. Returns how many rows were leased or marked.

        A delivery that is not over after `ROUND` does not hold the others up: it goes on beside the next batches and
        is marked by the first one that finds it done.
        """
        commands = await self._lease_batch()
        for command in commands:
            self._running[asyncio.create_task(self._deliver(command))] = command
        if not self._running:
            return 0
        done, _ = await asyncio.wait(self._running, timeout=self._round.total_seconds())
        await self._mark([(self._running.pop(task), task.result()) for task in done])
        return len(commands) + len(done)

    async def finish(self) -> None:
        """Wait for the deliveries that are still running and mark them."""
        while self._running:
            done, _ = await asyncio.wait(self._running)
            await self._mark([(self._running.pop(task), task.result()) for task in done])

    async def _lease_batch(self) -> list[Command]:
        free = BATCH - len(self._running)
        if free < BATCH // 2:
            return []
        async with self._database.unit_of_work(Scope.platform()) as work:
            return await work.platform.outbox.lease(free, self._lease)

    async def _deliver(self, command: Command) -> Exception | None:
        try:
            async with asyncio.timeout(DELIVERY.total_seconds()):
                await self._courier.deliver(command)
        except Exception as error:
            # Whatever it is, it is this row's: the others go on.
            log.warning(
                "delivery_failed",
                outbox_id=str(command.id),
                command=command.command,
                aggregate=command.aggregate,
                attempts=command.attempts,
                error=f"{type(error).__name__}: {error}",
            )
            return error
        return None

    async def _mark(self, outcomes: Sequence[tuple[Command, Exception | None]]) -> None:
        """If this fails, the leases run out and the rows are delivered again, which changes nothing."""
        if not outcomes:
            return
        failed = [(command, error, _failure(command, error)) for command, error in outcomes if error is not None]
        async with self._database.unit_of_work(Scope.platform()) as work:
            await work.platform.outbox.delivered([command.id for command, error in outcomes if error is None])
            if failed:
                await work.platform.outbox.failed([failure for _, _, failure in failed])
            for command, error, failure in failed:
                if not failure.parked:
                    continue
                await work.platform.attention.file(
                    "outbox_stuck",
                    parked_key(command.id),
                    business_id=command.business_id,
                    details={
                        "outbox_id": str(command.id),
                        "command": command.command,
                        "aggregate": command.aggregate,
                        "attempts": command.attempts,
                        "error": type(error).__name__,
                    },
                )


def _failure(command: Command, error: Exception) -> FailedDelivery:
    away = is_away(error)
    failures = command.failures + (not away)
    pause = pause_after(command.attempts if away else failures, away)
    return FailedDelivery(command.id, type(error).__name__, failures, pause, parked=failures >= PARK_AFTER)


def is_away(error: Exception) -> bool:
    """Nothing is wrong with the row: Temporal or Postgres does not answer."""
    if isinstance(error, RPCError):
        return error.status in _AWAY
    return isinstance(error, Unavailable | TimeoutError)


def pause_after(attempts: int, away: bool) -> timedelta:
    """How long a row waits after its try number ``attempts``."""
    longest = LONGEST_WHILE_AWAY if away else LONGEST_PAUSE
    return min(FIRST_PAUSE * (1 << min(attempts - 1, 20)), longest)


async def _first_of(at_most: timedelta, *events: asyncio.Event) -> None:
    waits = [asyncio.create_task(event.wait()) for event in events]
    try:
        await asyncio.wait(waits, timeout=at_most.total_seconds(), return_when=asyncio.FIRST_COMPLETED)
    finally:
        for wait in waits:
            wait.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.gather(*waits, return_exceptions=True)
