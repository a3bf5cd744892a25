"""Fifty people wait while bookings are cancelled, and real worker and relay processes are killed all the time.

People accept, decline or say nothing by chance. Exactly the freed time is sold, in the order of joining.
"""

import asyncio
import os
import random
import signal
import sys
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from temporalio.client import Client

from db.bookings.waitlist.entries import JoinRequest
from db.engine.session import Database as Pool
from domain.bookings.waitlist import Wanted
from domain.errors import DomainError
from domain.scheduling.hours import MinuteRange
from runtime.settings import Settings
from runtime.temporal import connect
from tests.e2e.platform import end_all
from tests.support import sampling, servers
from tests.support.data import HOUR, Salon, add_booking, add_salon, add_user, opened, rows
from tests.support.desk import Desk

ROOT = Path(__file__).parents[2]
#: At least so many cancellations and answers.
PEOPLE, STEPS = 50, 60
#: Hours of the day that are sold out at the beginning, to each of the two people of the salon.
HOURS = tuple(range(9, 17))
#: How often each process is killed, and how many seconds after it has begun to work.
DEATHS, LIVES = sampling.examples(2, whole=30), (0.3, 1.5)
OFFER = timedelta(seconds=1.5)
#: Two transactions of one moment: the clock of one is read before the other has committed.
CLOSE = timedelta(milliseconds=500)
_PROGRAMS = {
    "worker": "import asyncio; from runtime.settings import Settings; from workers.main import run_worker;"
    "from runtime.temporal import guard_exit; guard_exit(); print('begins', flush=True);"
    "asyncio.run(run_worker(Settings(), ['bookings']))",
    "relay": "import asyncio; from runtime.settings import Settings; from workers.outbox_relay import run;"
    "from runtime.temporal import guard_exit; guard_exit(); print('begins', flush=True);"
    "asyncio.run(run(Settings()))",
}
Slot = tuple[UUID, int]


def clock() -> datetime:
    return datetime.now(UTC)


@dataclass
class Process:
    """One program, started again whenever it is killed."""

    name: str
    environment: dict[str, str]
    log: Path
    deaths: int = 0

    @asynccontextmanager
    async def running(self, stop: asyncio.Event, chance: random.Random) -> AsyncIterator[None]:
        """It lives and dies until ``stop``; then it lives until the block ends."""
        keeper = asyncio.create_task(self._keep(stop, chance))
        try:
            yield
        finally:
            keeper.cancel()
            with suppress(asyncio.CancelledError):
                await keeper

    async def _keep(self, stop: asyncio.Event, chance: random.Random) -> None:
        while True:
            with self.log.open("ab") as log:
                process = await asyncio.create_subprocess_exec(
                    *(sys.executable, "-P", "-c", _PROGRAMS[self.name]),
                    cwd=ROOT,
                    env=self.environment,
                    stdout=asyncio.subprocess.PIPE,
                    stderr=log,
                )
            assert process.stdout is not None
            try:
                await process.stdout.readline()  # imported everything, which takes seconds
                if stop.is_set():
                    await process.wait()
                with suppress(TimeoutError):
                    await asyncio.wait_for(stop.wait(), chance.uniform(*LIVES))
                    await process.wait()
                os.kill(process.pid, signal.SIGKILL)
                self.deaths += 1
            finally:
                with suppress(ProcessLookupError):
                    process.kill()
                await process.wait()


def environment(database: servers.Database, settings: Settings) -> dict[str, str]:
    """Of a process that works on the test's database and Temporal."""
    return {
        **{name: value for name, value in os.environ.items() if not name.startswith("OMOTENASHI_")},
        "OMOTENASHI_ENVIRONMENT": "test",
        "OMOTENASHI_DATABASE_URL": database.app_url,
        "OMOTENASHI_TEMPORAL_ADDRESS": settings.temporal_address,
        "OMOTENASHI_REDIS_URL": settings.redis_url.get_secret_value(),
    }


@dataclass
class Crowd:
    """The salon, its people, and what they have done."""

    desk: Desk
    chance: random.Random
    first: datetime
    entries: list[UUID] = field(default_factory=list)
    sold: list[UUID] = field(default_factory=list)
    did: Counter[str] = field(default_factory=Counter)

    @property
    def id(self) -> UUID:
        return self.desk.salon.business_id

    async def rows(self, sql: str) -> list[dict[str, Any]]:
        return await rows(self.desk.database, sql, id=self.id)

    async def cancel(self) -> None:
        """Somebody gives an hour up: one of the first bookings, or one that was made of an offer."""
        live = await self.rows("SELECT id FROM bookings WHERE business_id = :id AND status = 'confirmed' ORDER BY id")
        if live:
            await self._try("cancel", self.desk.do("cancel", self.chance.choice(live)["id"], now=clock()))

    async def answer(self) -> None:
        """Somebody who is asked accepts, declines, or says nothing."""
        asked = await self.rows("SELECT entry_id FROM waitlist_offers WHERE business_id = :id AND status = 'open'")
        if not asked:
            return
        entry, now = self.chance.choice(asked)["entry_id"], clock()
        match self.chance.choice(["accept", "accept", "decline", "decline", "silence", "silence"]):
            case "accept":
                await self._try(
                    "accept", self.desk.within(lambda work: work.bookings.waitlist.accept(entry, None, now))
                )
            case "decline":
                await self.decline(entry)

    async def decline(self, entry: UUID) -> None:
        now = clock()
        await self._try("decline", self.desk.within(lambda work: work.bookings.waitlist.decline(entry, now)))

    async def _try(self, what: str, step: Any) -> None:
        """The offer may be over, or a transaction in the way: then it did not happen."""
        with suppress(DomainError):
            await step
            self.did[what] += 1


async def gather(pool: Pool, salon: Salon, chance: random.Random) -> Crowd:
    """Every hour of a day next week is sold, and everybody has joined."""
    await rows(
        pool,
        "UPDATE business_settings SET slot_interval_minutes = 60, waitlist_offer_for = :offer WHERE business_id = :id",
        id=salon.business_id,
        offer=OFFER,
    )
    midnight = clock().replace(hour=15, minute=0, second=0, microsecond=0) + timedelta(days=6)  # in Tokyo
    crowd = Crowd(Desk(pool, salon), chance, midnight)
    for hour in HOURS:
        for number in (0, 1):
            crowd.sold.append(await add_booking(pool, salon, midnight + hour * HOUR, resource=number))
    day = (midnight + 9 * HOUR).date()
    for _ in range(PEOPLE):
        begins = chance.choice(HOURS)
        ends = min(begins + chance.randint(1, 6), HOURS[-1] + 1)
        only = (chance.choice(salon.resources),) if chance.random() < 0.3 else ()
        wanted = Wanted(day, day, (MinuteRange(60 * begins, 60 * ends),), only)
        request = JoinRequest(salon.service_id, wanted, user_id=await add_user(pool, email_verified_at=clock()))
        crowd.entries.append(
            await crowd.desk.within(lambda work, request=request: work.bookings.waitlist.join(request, clock()))
        )
    return crowd


@pytest.mark.timeout(120 + 30 * DEATHS)
async def test_freed_time_is_sold_in_order_while_workers_are_killed(
    database: servers.Database, redis_url: str, temporal_server: str, tmp_path: Path
) -> None:
    settings = database.settings(redis_url=redis_url, temporal_address=temporal_server)
    client = await connect(settings, process="test")
    chance = random.Random(f"{sampling.seed()} killed")
    await end_all(client)
    async with opened(database, database_pool_size=12, database_pool_overflow=0) as pool:
        crowd = await gather(pool, await add_salon(pool), chance)
        stop = asyncio.Event()
        processes = [
            Process(name, environment(database, settings), tmp_path / f"{name}{number}.log")
            for name, number in (("worker", 1), ("relay", 1))
        ]
        try:
            await _play(crowd, processes, stop, client)
        finally:
            await end_all(client)
        await _exactly_what_was_freed_is_sold(crowd)
        assert await _jumps(crowd) == []


async def _play(crowd: Crowd, processes: list[Process], stop: asyncio.Event, client: Client) -> None:
    async with AsyncExitStack() as running:
        for process in processes:
            await running.enter_async_context(process.running(stop, crowd.chance))
        for number in count():
            if number > STEPS and all(one.deaths >= DEATHS for one in processes):
                break
            await (crowd.cancel() if number % 3 == 0 else crowd.answer())
            await asyncio.sleep(crowd.chance.uniform(0, 0.2))
        stop.set()
        await _nobody_is_asked_any_more(crowd)


async def _nobody_is_asked_any_more(crowd: Crowd) -> None:
    """Everybody declines now, until nothing is offered for a second."""
    found = "SELECT entry_id FROM waitlist_offers WHERE business_id = :id AND status = 'open'"
    quiet = 0
    async with asyncio.timeout(100):
        while quiet < 10:
            asked = await crowd.rows(found)
            quiet = 0 if asked else quiet + 1
            for one in asked:
                await crowd.decline(one["entry_id"])
            await asyncio.sleep(0.1)


async def _exactly_what_was_freed_is_sold(crowd: Crowd) -> None:
    """Every hour that is taken belongs to one live booking; every accepted offer is such a booking, unless it was
    cancelled since; and nobody who waits wants an hour that is free."""
    bookings = {
        one["id"]: one for one in await crowd.rows("SELECT id, status, start_at FROM bookings WHERE business_id = :id")
    }
    claims = await crowd.rows(
        "SELECT * FROM resource_claims WHERE business_id = :id AND released_at IS NULL ORDER BY starts_at"
    )
    live = {key for key, one in bookings.items() if one["status"] == "confirmed"}
    assert {one["booking_id"] for one in claims} == live, "each live booking has its hour, and no offer has one"
    assert len({(one["resource_id"], one["starts_at"]) for one in claims}) == len(claims) == len(live)
    accepted = await crowd.rows("""
        SELECT o.start_at, w.booking_id FROM waitlist_offers o JOIN waitlist w ON w.id = o.entry_id
         WHERE o.business_id = :id AND o.status = 'accepted'
    """)
    assert len(accepted) == crowd.did["accept"] > 0
    assert {one["booking_id"] for one in accepted} == bookings.keys() - set(crowd.sold), "nothing else was booked"
    assert [bookings[one["booking_id"]]["start_at"] for one in accepted] == [one["start_at"] for one in accepted]
    gone = [one for one in bookings.values() if one["status"] == "cancelled"]
    assert len(gone) == crowd.did["cancel"] > 0
    taken = {(one["resource_id"], (one["starts_at"] - crowd.first) // HOUR) for one in claims}
    free = {(person, hour) for person in crowd.desk.salon.resources for hour in HOURS} - taken
    waiting = [one for one in await _people(crowd) if one.over is None]
    left_out = [(one.id, slot) for one in waiting for slot in free if one.fits(slot) and slot[1] not in one.asked]
    assert left_out == []


@dataclass
class Person:
    """One entry, as it is in Postgres at the end. ``asked``: when each hour was offered; ``busy``: from when to when it
    had an offer."""

    id: UUID
    joined_at: datetime
    hours: range
    people: frozenset[UUID]
    over: datetime | None
    asked: dict[int, datetime] = field(default_factory=dict)
    busy: list[tuple[datetime, datetime]] = field(default_factory=list)

    def fits(self, slot: Slot) -> bool:
        return slot[1] in self.hours and (not self.people or slot[0] in self.people)

    def could_be_asked(self, slot: Slot, at: datetime) -> bool:
        """For certain, and already some time before."""
        asked = self.asked.get(slot[1])
        is_over = self.over is not None and self.over <= at + CLOSE
        is_busy = any(begins <= at + CLOSE and at - CLOSE <= ends for begins, ends in self.busy)
        return self.fits(slot) and not is_over and not is_busy and (asked is None or asked > at + CLOSE)


async def _people(crowd: Crowd) -> list[Person]:
    """In the order of joining."""
    found = {}
    for one in await crowd.rows("SELECT * FROM waitlist WHERE business_id = :id ORDER BY joined_at, id"):
        [(begins, ends)] = one["times"]
        over = None if one["status"] in ("waiting", "offered") else one["decided_at"]
        people = frozenset(one["resource_ids"])
        found[one["id"]] = Person(one["id"], one["joined_at"], range(begins // 60, ends // 60), people, over)
    for one in await _offers(crowd):
        person = found[one["entry_id"]]
        person.asked[(one["start_at"] - crowd.first) // HOUR] = one["created_at"]
        person.busy.append((one["created_at"], one["decided_at"]))
    return list(found.values())


async def _offers(crowd: Crowd) -> list[dict[str, Any]]:
    return await crowd.rows("SELECT * FROM waitlist_offers WHERE business_id = :id ORDER BY id")


async def _jumps(crowd: Crowd) -> list[tuple[UUID, UUID, Slot]]:
    """Offers that went to somebody while another, who joined before, wanted the hour and could be asked: whom, who
    was left out, and for which hour."""
    people = await _people(crowd)
    found = []
    for offer in await _offers(crowd):
        [resource] = offer["resource_ids"]
        slot = (resource, (offer["start_at"] - crowd.first) // HOUR)
        for earlier in people:
            if earlier.id == offer["entry_id"]:
                break
            if earlier.could_be_asked(slot, offer["created_at"]):
                found.append((offer["entry_id"], earlier.id, slot))
    return found
