"""Every operation with a database that breaks under it, at each of its statements and at its commit: a coded answer
that says nothing of the inside, and nothing half written.

What is asked comes from the routes, so a new operation is in it from its first day.
"""

import itertools
import re
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pytest
import pytest_asyncio
from fastapi import FastAPI
from httpx import AsyncClient, Response
from sqlalchemy import event

from db.bookings.waitlist import offers
from db.engine.session import Database as Pool
from db.tables import Base
from tests.api.conftest import PREFIX, Clock, Login, error_of
from tests.api.payments.stripe_events import event as webhook_event
from tests.api.payments.stripe_events import signature
from tests.api.tenancy.asking import Operation, operations
from tests.api.tenancy.world import Tenants, opened_world
from tests.support import data, sampling, servers
from tests.support.changed import Changed, counting_changes

CALLERS = ("owner", "customer", "admin", "newcomer")
#: What an error says that no answer may.
SECRET = "Geheimnis-4711"

_GONE = "SELECT pg_terminate_backend(pg_backend_pid())"


def _raising(state: str) -> str:
    return (
        f"DO $$ BEGIN RAISE EXCEPTION 'INSERT INTO users: {SECRET}' USING ERRCODE = '{state}', TABLE = 'users',"
        f" DETAIL = '{SECRET}', CONSTRAINT = 'uq_of_nothing'; END $$"
    )


#: What happens instead of a statement, and the answer. Postgres itself raises all but the bug.
FAULTS: dict[str, tuple[str | None, tuple[int, str]]] = {
    "connection lost": (_GONE, (503, "unavailable")),
    "lock time-out": (_raising("55P03"), (503, "unavailable")),
    "deadlock": (_raising("40P01"), (503, "unavailable")),
    "too many connections": (_raising("53300"), (503, "unavailable")),
    "unexpected duplicate": (_raising("23505"), (500, "internal_error")),
    "rule of a table": (_raising("23514"), (500, "internal_error")),
    "bug": (None, (500, "internal_error")),
}
#: Every request is broken there at the latest: one that went through would change the world of those after it.
AT_COMMIT = "at commit"

#: It says what it knew of the flags while they cannot be read.
STANDS_BY = f"GET {PREFIX}/feature-flags/check/{{name}}"
#: What their examples hold opens nothing, and is seen to before Postgres is asked.
UNOPENED = {
    f"POST {PREFIX}/auth/verify-email",
    f"POST {PREFIX}/auth/reset-password",
    f"POST {PREFIX}/auth/2fa/cancel-reset",
    f"POST {PREFIX}/auth/2fa/verify",
    f"POST {PREFIX}/auth/export/fetch",
    f"POST {PREFIX}/staff/invitations/accept",
    # Channels without keys are off, which the settings say.
    f"PUT {PREFIX}/notifications/channels/line",
    f"POST {PREFIX}/notifications/channels/push",
    f"GET {PREFIX}/admin/notices/stats",  # needs two days, which this walk does not know
    f"GET {PREFIX}/postal-codes/{{postal_code}}",  # asks a list on the disk
    f"POST {PREFIX}/payments/webhook/{{provider}}/{{account_id}}",  # reads its account over the driver
}

_INSIDE = re.compile(r"traceback|select|insert|update |sqlalchemy|asyncpg|psycopg|zerodivision|\.py\b", re.IGNORECASE)
_TABLES = re.compile(r"\b(?:" + "|".join(table.name for table in Base.metadata.sorted_tables) + r")\b")


@dataclass
class Trouble:
    """Breaks the ``at``-th statement of a request, and every commit. ``hit``: what broke. ``undone``: it broke inside a
    savepoint, and the request went on without what that held, to its commit. Only the turns of waitlists, which their
    runs take again, may be left so (``turns_left``)."""

    fault: str = "bug"
    at: int = 0
    seen: int = 0
    hit: str = ""
    in_savepoint: bool = False
    undone: bool = False
    turns_left: int = 0

    def info(self, event: str, **_: Any) -> None:
        """Called with what the waitlist logs."""
        self.turns_left += event == "waitlist.left_to_its_run"

    def statement(self, cursor: Any, _statement: str, _parameters: Any, context: Any) -> None:
        """Called before every statement."""
        self.seen += 1
        # A connection that is found dead at the first statement is replaced without a word: so is the next one lost.
        if self.seen == self.at or (self.hit == "connection lost" and self.seen == self.at + 1):
            self.hit = self.fault
            self.in_savepoint = context.root_connection.in_nested_transaction()
            self.strike(cursor.execute)

    def commit(self, connection: Any) -> None:
        """Called before every commit."""
        if not self.hit:
            self.hit, self.at = AT_COMMIT, 0
            connection.exec_driver_sql(_GONE)
        elif self.in_savepoint and not self.undone:
            self.undone = True
            connection.exec_driver_sql(_GONE)

    def strike(self, execute: Any) -> None:
        """The trouble itself."""
        sql = FAULTS[self.fault][0]
        if sql is None:
            raise ZeroDivisionError(f"SELECT {SECRET} FROM users")
        execute(sql, ())


@contextmanager
def broken(pool: Pool, fault: str, at: int) -> Iterator[Trouble]:
    """The database of one request."""
    trouble, engine = Trouble(fault, at), pool.engine.sync_engine
    listeners = {"do_execute": trouble.statement, "do_executemany": trouble.statement, "commit": trouble.commit}
    for name, listener in listeners.items():
        event.listen(engine, name, listener)
    logged, offers._log = offers._log, trouble
    try:
        yield trouble
    finally:
        offers._log = logged
        for name, listener in listeners.items():
            event.remove(engine, name, listener)


@pytest_asyncio.fixture
async def world(app: FastAPI, pool: Pool, clock: Clock) -> AsyncIterator[Tenants]:
    async with opened_world(app, pool, clock) as opened:
        yield opened


@pytest_asyncio.fixture
async def changed(database: servers.Database) -> AsyncIterator[Changed]:
    """Counts what is written from here on."""
    async with counting_changes(database) as counter:
        yield counter


def says_nothing(response: Response) -> tuple[int, str]:
    """Status and code of an answer in the envelope, without a word of the inside."""
    found = error_of(response)
    assert SECRET not in response.text
    assert not _INSIDE.search(response.text), response.text
    assert not _TABLES.search(response.text), response.text
    return found


async def ask(http: AsyncClient, pool: Pool, world: Tenants, operation: Operation, fault: str, at: int) -> Trouble:
    """One request with its trouble; what is not answered as it should be raises AssertionError."""
    asked = world.ready(operation.ask(world.mine.rows, None, None))
    with broken(pool, fault, at) as trouble:
        answer = await http.request(**asked)
    name = f"{operation.name}, {trouble.hit} at {at}: {answer.text}"
    if operation.name == STANDS_BY and answer.status_code == 200:
        return trouble
    assert trouble.undone == bool(trouble.turns_left), f"{operation.name}: {trouble.hit} at {at} was swallowed"
    if trouble.hit == AT_COMMIT or trouble.undone:
        assert says_nothing(answer) == (503, "unavailable"), name
    elif trouble.hit:
        assert says_nothing(answer) == FAULTS[fault][1], name
    return trouble


@pytest.mark.parametrize("caller", CALLERS)
async def test_database_that_breaks_is_a_coded_answer_and_nothing_half_written(
    world: Tenants, pool: Pool, changed: Changed, caller: str, log_in: Login
) -> None:
    """One request for every statement of every second operation, of every one in a whole run. What breaks it takes
    turns; so do the callers, but for a whole run."""
    newcomer = await log_in()
    people = {**world.people, "admin": world.admin, "newcomer": newcomer.http}
    faults, requests = itertools.cycle(FAULTS), 0
    for operation in sampling.share(operations(), CALLERS.index(caller), 2 * len(CALLERS)):
        before = await changed.rows()
        for at in itertools.count(1):
            requests += 1
            trouble = await ask(people[caller], pool, world, operation, next(faults), at)
            if trouble.hit in {"", AT_COMMIT}:
                break
        assert await changed.rows() == before, operation.name
    assert requests > 40


@pytest.mark.parametrize("fault", FAULTS)
async def test_operations_say_that_the_database_failed(world: Tenants, pool: Pool, fault: str, log_in: Login) -> None:
    """Every trouble at the first statement: whose transaction it is."""
    newcomer, unopened = await log_in(), set()
    asked = sampling.share(operations(), list(FAULTS).index(fault), 6)
    for operation in asked:
        hits = {(await ask(http, pool, world, operation, fault, 1)).hit for http in (newcomer.http, world.admin)}
        unopened |= set() if fault in hits else {operation.name}
    assert unopened == UNOPENED & {operation.name for operation in asked}


@pytest.mark.parametrize("fault", FAULTS)
async def test_webhook_is_refused_while_the_database_fails(
    client: AsyncClient, pool: Pool, changed: Changed, fault: str
) -> None:
    """Anything but a 2xx, so that the provider sends them again."""
    body, before = webhook_event("pi_1"), await changed.rows()
    await data.rows(pool, "SELECT 1")  # the first connection of a pool asks Postgres what it is
    for at in itertools.count(1):
        with broken(pool, fault, at) as trouble:
            answer = await client.post(f"{PREFIX}/payments/webhook/stripe", content=body, headers=signature(body))
        expected = (503, "unavailable") if trouble.hit == AT_COMMIT else FAULTS[fault][1]
        assert says_nothing(answer) == expected
        if trouble.hit == AT_COMMIT:
            break
    assert at > 2
    assert await changed.rows() == before


@pytest.mark.parametrize("fault", FAULTS)
async def test_health_says_no_more_than_that(client: AsyncClient, pool: Pool, fault: str) -> None:
    for path in ("/health", "/health/ready"):
        with broken(pool, fault, 1):
            assert says_nothing(await client.get(path)) == (503, "unavailable")


async def test_operation_without_trouble_is_seen_to_write(world: Tenants, changed: Changed) -> None:
    """The control: the counters see a change, and the trouble is over with its request."""
    before = await changed.rows()
    path = f"{PREFIX}/owner/businesses/{world.mine.rows['businesses']}"
    answer = await world.people["owner"].put(path, json={"city": "港区"})
    assert answer.status_code == 200, answer.text
    assert (await changed.rows())["businesses"] == before["businesses"] + 1


def test_leak_check_sees_what_answers_may_not_say() -> None:
    for text in (f"x {SECRET}", "SELECT 1", "File app.py", "(sqlalchemy.exc.DBAPIError)", 'relation "bookings"'):
        assert SECRET in text or _INSIDE.search(text) or _TABLES.search(text), text
