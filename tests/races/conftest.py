"""A salon of the test's own in a database that the tests of one process share, and guards that can be taken off."""

from collections.abc import AsyncIterator, Callable

import pytest
import pytest_asyncio
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

from db.bookings.commands import expire as expiry
from db.bookings.commands import transition
from db.engine.session import Database
from db.payments import payments
from tests.support import servers
from tests.support.data import add_salon, opened
from tests.support.desk import Desk

_LOCKS = (
    (transition, "_LOCK"),
    (expiry, "_LAPSED"),
    (payments, "_LOCK_BOOKING"),
    (payments, "_LOCK"),
    (payments, "_LOCK_CURRENT"),
)


@pytest_asyncio.fixture(scope="session")
async def pool(shared_database: servers.Database) -> AsyncIterator[Database]:
    """Connections as the application's role."""
    async with opened(shared_database) as shared:
        yield shared


@pytest_asyncio.fixture
async def desk(pool: Database) -> Desk:
    """The desk of a new salon."""
    return Desk(pool, await add_salon(pool))


@pytest_asyncio.fixture
async def unguarded_desk(database: servers.Database) -> AsyncIterator[Desk]:
    """The desk of a salon whose database lets two bookings claim one unit at one time."""
    owner = create_async_engine(database.owner_url)
    async with owner.begin() as connection:
        await connection.execute(
            text("ALTER TABLE resource_claims DROP CONSTRAINT ex_resource_claims_no_double_booking")
        )
    await owner.dispose()
    async with opened(database) as pool:
        yield Desk(pool, await add_salon(pool))


@pytest.fixture
def without_locks(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Call it to take every lock on bookings and payments off: everybody reads what is committed and goes on."""

    def take_off() -> None:
        for module, name in _LOCKS:
            statement = getattr(module, name).text
            unlocked = statement.replace("FOR NO KEY UPDATE SKIP LOCKED", "").replace("FOR NO KEY UPDATE", "")
            assert unlocked != statement
            monkeypatch.setattr(module, name, text(unlocked))

    return take_off
