"""Followers of businesses and bookings in this process, and the one task that reads events for all of them.

A change that was committed wakes the task through Redis; the outbox in Postgres decides what there is to send, and is
also read without being woken, every second. So a lost message delays an event and loses none.
"""

import asyncio
import contextlib
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from uuid import UUID

import structlog

from db.engine.session import Database, Scope
from db.platform.events import BookingEvent
from domain.errors import RateLimited, Unavailable
from domain.ids import first_uuid_of
from providers.cache.channels import BOOKINGS
from providers.cache.interface import Cache, CacheUnavailable

log = structlog.get_logger(__name__)

#: Events that wait for one follower. One that reads more slowly is disconnected, and resumes from its last event.
QUEUE = 256
#: Followers of one process; more are refused.
MOST = 2000
#: Followers of one login, link or address in one process: a tab each. More are refused.
MOST_OF_ONE = 20
#: Without being woken, events are read this often.
POLL = 1.0
#: Without an event a comment is sent this often, in seconds: it keeps proxies from closing the connection and finds
#: dead ones.
HEARTBEAT = 15.0
#: Between two reads, so that many commits at one moment are one read.
_PAUSE = 0.05
#: A transaction may commit so long after it wrote its event. Reads overlap by this.
OVERLAP = timedelta(seconds=10)
_BATCH = 1000


class Follower:
    """One open connection. ``booking_id``: only the events of this booking."""

    def __init__(self, business_id: UUID, booking_id: UUID | None) -> None:
        self.business_id = business_id
        self.booking_id = booking_id
        self._events: asyncio.Queue[BookingEvent | None] = asyncio.Queue(QUEUE)
        self.is_ended = False

    def wants(self, event: BookingEvent) -> bool:
        """Whether the event is about what it follows."""
        return event.business_id == self.business_id and self.booking_id in {None, event.booking_id}

    def offer(self, event: BookingEvent) -> None:
        """Queue an event; a full queue ends the connection."""
        if self.wants(event) and not self.is_ended:
            try:
                self._events.put_nowait(event)
            except asyncio.QueueFull:
                self.end()

    def end(self) -> None:
        """Nothing more is sent."""
        self.is_ended = True
        with contextlib.suppress(asyncio.QueueFull):
            self._events.put_nowait(None)

    async def next(self, within: float) -> BookingEvent | None:
        """The next event; None after ``within`` seconds without one, or at the end."""
        if self.is_ended:
            return None
        try:
            async with asyncio.timeout(within):
                return await self._events.get()
        except TimeoutError:
            return None


def slot_of(owner: object, tab: str) -> str:
    """The name of a connection: its login, link or address, and one tab."""
    return f"{owner}|{tab}"


def owner_of(slot: str) -> str:
    """Whose connection it is."""
    return slot.partition("|")[0]


class LiveHub:
    """``followers`` by their slot: who connects and from which tab. ``now`` gives aware UTC time; it may differ from
    the database's by less than `OVERLAP`."""

    def __init__(self, database: Database, cache: Cache, now: Callable[[], datetime], lasts: timedelta) -> None:
        self._database = database
        self._cache = cache
        self.now = now
        self.heartbeat = HEARTBEAT
        #: How long a connection lasts.
        self.lasts = lasts
        #: Whether Redis wakes this process.
        self.listens = False
        self.followers: dict[str, Follower] = {}
        self._woken = asyncio.Event()
        self._seen: OrderedDict[UUID, None] = OrderedDict()
        self._tasks: list[asyncio.Task[None]] = []

    @asynccontextmanager
    async def follow(self, slot: str, business_id: UUID, booking_id: UUID | None) -> AsyncIterator[Follower]:
        """A follower while the block runs; another one in the same slot is ended."""
        before = self.followers.pop(slot, None)
        if before is not None:
            before.end()
        follower = self.followers[slot] = Follower(business_id, booking_id)
        self._start()
        try:
            yield follower
        finally:
            if self.followers.get(slot) is follower:
                del self.followers[slot]
            if not self.followers:
                await self._stop()

    def check_room(self, slot: str) -> None:
        """Raise Unavailable where this process has too many followers for one more, RateLimited where one login has."""
        if slot in self.followers:
            return
        if len(self.followers) >= MOST:
            raise Unavailable({"dependency": "events", "retry_after": 5})
        owner = owner_of(slot)
        if sum(owner_of(one) == owner for one in self.followers) >= MOST_OF_ONE:
            raise RateLimited({"retry_after": 30})

    async def since(self, follower: Follower, after: UUID, limit: int) -> list[BookingEvent]:
        """The events of its business that have an id above ``after``, at most ``limit``: also those that it does not
        want, so that the caller sees whether there are more."""
        async with self._database.unit_of_work(Scope.tenant(follower.business_id)) as work:
            return await work.platform.booking_events.since([follower.business_id], after, limit)

    def end_all(self) -> None:
        """The process stops: every connection ends and is made again elsewhere."""
        for follower in list(self.followers.values()):
            follower.end()

    def _start(self) -> None:
        if not self._tasks:
            self._tasks = [asyncio.create_task(self._read_events()), asyncio.create_task(self._listen())]

    async def _stop(self) -> None:
        tasks, self._tasks = self._tasks, []
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._seen.clear()

    async def _listen(self) -> None:
        while True:
            with contextlib.suppress(CacheUnavailable):
                async with self._cache.listen(BOOKINGS) as messages:
                    self.listens = True
                    self._woken.set()
                    async for _ in messages:
                        self._woken.set()
            self.listens = False
            await asyncio.sleep(POLL)

    async def _read_events(self) -> None:
        begun = first_uuid_of(self.now())
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(POLL):
                    await self._woken.wait()
            self._woken.clear()
            try:
                await self._read(begun)
            except Unavailable:
                log.warning("events cannot be read", followers=len(self.followers))
            await asyncio.sleep(_PAUSE)

    async def _read(self, begun: UUID) -> None:
        businesses = {follower.business_id for follower in self.followers.values()}
        if not businesses:
            return
        after = max(begun, first_uuid_of(self.now() - OVERLAP))
        while True:
            async with self._database.unit_of_work(Scope.platform()) as work:
                events = await work.platform.booking_events.since(businesses, after, _BATCH)
            for event in events:
                self._send(event)
            if len(events) < _BATCH:
                break
            after = events[-1].id
        self._forget(first_uuid_of(self.now() - 2 * OVERLAP))

    def _send(self, event: BookingEvent) -> None:
        if event.id in self._seen:
            return
        self._seen[event.id] = None
        for follower in list(self.followers.values()):
            follower.offer(event)

    def _forget(self, before: UUID) -> None:
        while self._seen and next(iter(self._seen)) < before:
            self._seen.popitem(last=False)
