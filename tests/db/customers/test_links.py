"""A login is linked to a record of a customer by an address that both have proven, and by nothing else."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from uuid import UUID

import pytest
import pytest_asyncio
from sqlalchemy import text

from db.engine.session import Database, Scope
from tests.support import data, servers
from tests.support.data import NOW, Salon

ADDRESS = "Ai@example.com"


@pytest_asyncio.fixture
async def pool(database: servers.Database) -> AsyncIterator[Database]:
    async with data.opened(database) as opened:
        yield opened


@dataclass
class Guest:
    """A customer without a login, with one booking."""

    salon: Salon
    customer: UUID
    booking: UUID


async def guest(pool: Database, *, proven: bool, typed: str = ADDRESS, record: str | None = ADDRESS) -> Guest:
    salon = await data.add_salon(pool)
    customer = await data.add_customer(pool, salon.business_id, email=record)
    at = {"contact_proven_at": NOW} if proven else {}
    booking = await data.add_booking(pool, salon, customer_id=customer, user_id=None, email=typed, **at)
    return Guest(salon, customer, booking)


async def verify(pool: Database, user: UUID) -> None:
    """As the link of the verification does it, in the scope of the login."""
    await data.rows(pool, "UPDATE users SET email_verified_at = :now WHERE id = :id", now=NOW, id=user)


async def login_of(pool: Database, customer: UUID) -> UUID | None:
    [row] = await data.rows(pool, "SELECT user_id FROM customers WHERE id = :id", id=customer)
    found: UUID | None = row["user_id"]
    return found


async def test_link_follows_the_proof_of_a_login(pool: Database) -> None:
    first, second = await guest(pool, proven=True), await guest(pool, proven=True)
    user = await data.add_user(pool, email=ADDRESS.lower())
    assert await login_of(pool, first.customer) is None
    await verify(pool, user)
    assert [await login_of(pool, one.customer) for one in (first, second)] == [user, user]


async def test_link_follows_the_proof_of_a_booking(pool: Database) -> None:
    one = await guest(pool, proven=False)
    user = await data.add_user(pool, email=ADDRESS, email_verified_at=NOW)
    await data.rows(pool, "UPDATE bookings SET contact_proven_at = :now WHERE id = :id", now=NOW, id=one.booking)
    assert await login_of(pool, one.customer) == user


@pytest.mark.parametrize(
    "case",
    [
        {"proven": False},
        {"proven": True, "typed": "other@example.com"},
        {"proven": True, "record": "other@example.com"},
        {"proven": True, "record": None},
    ],
    ids=str,
)
async def test_link_needs_both_proofs_of_one_address(pool: Database, case: dict[str, object]) -> None:
    one = await guest(pool, **case)  # type: ignore[arg-type]
    await verify(pool, await data.add_user(pool, email=ADDRESS))
    assert await login_of(pool, one.customer) is None


async def test_link_is_not_made_twice_and_not_for_what_is_gone(pool: Database) -> None:
    """One record of a business for one login; a deleted record and another login's stay as they are."""
    one, gone, taken = [await guest(pool, proven=True) for _ in range(3)]
    again = await data.add_customer(pool, one.salon.business_id, email=ADDRESS)
    await data.add_booking(
        pool, one.salon, NOW + 99 * data.HOUR, customer_id=again, user_id=None, email=ADDRESS, contact_proven_at=NOW
    )
    await data.rows(pool, "UPDATE customers SET deleted_at = :now WHERE id = :id", now=NOW, id=gone.customer)
    other = await data.add_user(pool)
    await data.rows(pool, "UPDATE customers SET user_id = :user WHERE id = :id", user=other, id=taken.customer)
    user = await data.add_user(pool, email=ADDRESS)
    await verify(pool, user)
    assert [await login_of(pool, each) for each in (one.customer, again)] == [user, None]
    assert await login_of(pool, gone.customer) is None
    assert await login_of(pool, taken.customer) == other


async def test_unlink_is_not_undone_by_the_next_proof(pool: Database) -> None:
    one = await guest(pool, proven=True)
    user = await data.add_user(pool, email=ADDRESS)
    await verify(pool, user)
    async with pool.unit_of_work(one.salon.scope) as work:
        assert (await work.customers.unlink(one.customer)).user_id is None
    await data.rows(pool, "UPDATE users SET email_verified_at = NULL WHERE id = :id", id=user)
    await verify(pool, user)
    assert await login_of(pool, one.customer) is None


async def test_link_leaves_the_scope_of_the_transaction(pool: Database) -> None:
    await guest(pool, proven=True)
    user = await data.add_user(pool, email=ADDRESS)
    async with pool.unit_of_work(Scope.self_(user)) as work:
        await work.identity.users.verify_email(user, NOW)
        assert await work.session.scalar(text("SELECT current_setting('app.scope')")) == "self"
