"""The relay: delivers committed commands from the outbox to Temporal, in order per aggregate, at least once.

A row is leased in a short transaction, delivered outside of any, and marked in another: no lock is held during
a remote call. Any number of relays may run. The leases of a killed one expire.
"""

import asyncio
import contextlib
from collections.abc import Sequence
from datetime import timedelta

import structlog
from temporalio.service import RPCError, RPCStatusCode

from db.engine.session import Database, Scope, connect
from db.platform.outbox import Command, FailedDelivery, parked_key
from db.platform.outbox_poll import OutboxPoll, polling
from domain.errors import Unavailable
from runtime import tracing
from runtime.settings import Settings
from workers.lifecycle import connect_when_available, pause, stopping
from workers.outbox_dispatcher import OutboxDispatcher

log = structlog.get_logger(__name__)

BATCH = 50
#: Longer than `DELIVERY`.
LEASE = timedelta(seconds=40)
DELIVERY = timedelta(seconds=20)
#: How long a committed row waits at most before the relay sees it.
POLL_EVERY = timedelta(milliseconds=40)
#: Deliveries that take longer than their batch waited are marked at least this often.
MARK_EVERY = timedelta(seconds=1)
#: The pause of a failed row doubles with each failure.
FIRST_PAUSE = timedelta(milliseconds=500)
LONGEST_PAUSE = timedelta(minutes=5)
#: The longest pause while Temporal itself is not reachable.
LONGEST_WHILE_AWAY = timedelta(seconds=10)
#: A row that failed this often, and not because of an outage, is parked: it is listed in ``attention`` and is not tried
#: again before an operator releases it. The pauses between these tries add up to about a minute.
PARK_AFTER = 8
#: A batch waits this long for its deliveries; slower ones continue while the next batches are delivered.
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
    """Deliver until SIGTERM or SIGINT, then finish the deliveries that are running."""
    with stopping() as stop, tracing.running(settings, "relay"):
        database = connect(settings)
        try:
            client = await connect_when_available(settings, "relay", stop)
            if client is not None:
                log.info("relay_ready", build_id=settings.build_id)
                await OutboxRelay(database, OutboxDispatcher(client, database)).dispatch_until(stop, settings)
        finally:
            await database.close()


class OutboxRelay:
    """``lease`` must be longer than one delivery may take; ``round_`` is how long a batch waits for its deliveries."""

    def __init__(
        self, database: Database, dispatcher: OutboxDispatcher, lease: timedelta = LEASE, round_: timedelta = ROUND
    ) -> None:
        self._database = database
        self._dispatcher = dispatcher
        self._lease = lease
        self._round = round_
        self._running: dict[asyncio.Task[Exception | None], Command] = {}

    async def dispatch_until(self, stop: asyncio.Event, settings: Settings) -> None:
        """Deliver all rows that are due, then poll for more; reconnect after an outage of Postgres."""
        wait = FIRST_PAUSE
        while not stop.is_set():
            try:
                async with polling(settings) as poll:
                    while not stop.is_set():
                        if not await self.dispatch_batch():
                            await _wait_until_due(poll, stop)
                        wait = FIRST_PAUSE
            except Unavailable:
                log.warning("postgres_away")
                await pause(stop, wait)
                wait = min(wait * 2, LONGEST_WHILE_AWAY)
        with contextlib.suppress(Unavailable):  # the leases expire, and the rows are delivered again
            await self.finish()

    async def dispatch_batch(self) -> int:
        """Lease one batch, deliver it, mark the finished rows. Returns how many rows were leased or marked.

        A delivery that takes longer than `ROUND` does not delay the others: it continues, and the first batch after
        its end marks it.
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
                await self._dispatcher.deliver(command)
        except Exception as error:
            # The error belongs to this row: the others continue.
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
        """Where this fails, the leases expire and the rows are delivered again, which changes nothing."""
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
    """Whether Temporal or Postgres did not answer, so that nothing is wrong with the row."""
    if isinstance(error, RPCError):
        return error.status in _AWAY
    return isinstance(error, Unavailable | TimeoutError)


def pause_after(attempts: int, away: bool) -> timedelta:
    """How long a row waits after try number ``attempts``."""
    longest = LONGEST_WHILE_AWAY if away else LONGEST_PAUSE
    return min(FIRST_PAUSE * (1 << min(attempts - 1, 20)), longest)


async def _wait_until_due(poll: OutboxPoll, stop: asyncio.Event) -> None:
    """Until a row is due, or for `MARK_EVERY`, or until the stop. The pause comes first: a row that waits behind an
    earlier one of its aggregate is due all the time."""
    loop = asyncio.get_running_loop()
    until = loop.time() + MARK_EVERY.total_seconds()
    while not stop.is_set() and loop.time() < until:
        await pause(stop, POLL_EVERY)
        if await poll.is_due():
            return
