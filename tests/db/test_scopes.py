"""Functions of Postgres that see more than their caller: each gives the scope back, or opens one on purpose, also when
it fails. They are found in the catalogue by their source, so a new one must be named here."""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest
import pytest_asyncio
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession

from db.engine.session import Database, Scope
from tests.support import data, servers
from tests.support.data import Salon


@dataclass(frozen=True)
class Call:
    """How a function is called, with the ids of a salon as parameters. ``enters``: it opens a transaction, and this
    is the scope that it leaves; None gives the caller's back. ``waits_for``: a table that it reads or writes."""

    sql: str
    waits_for: str
    enters: str | None = None
    more: Mapping[str, Any] = field(default_factory=dict)


_BEGIN = """app_begin('public', '', CAST(:user AS text), 'customer', CAST(:user AS text), 'r', '', '', 'business',
                      CAST(:object AS uuid), CAST(:user AS uuid), NULL, NULL, NULL, NULL)"""
_ENTER = "app_enter('business', CAST(:object AS uuid), CAST(:user AS uuid))"
CALLS: Mapping[str, tuple[Call, ...]] = {
    "app_records_of_person": (Call("app_records_of_person(CAST(:user AS uuid))", "customers"),),
    "app_visits_ahead": (Call("app_visits_ahead(CAST(:user AS uuid), now())", "bookings"),),
    "app_begin": (
        Call(_BEGIN, "businesses", "tenant"),
        Call(_BEGIN, "businesses", "public", {"object": str(uuid4())}),
    ),
    "app_enter": (
        Call(_ENTER, "businesses", "tenant"),
        Call(_ENTER, "businesses", "public", {"object": str(uuid4())}),
    ),
    "app_enter_invited": (
        Call("app_enter_invited(CAST(:invitation AS uuid))", "staff_invitations", "tenant"),
        Call("app_enter_invited(CAST(:object AS uuid))", "staff_invitations", "self"),
    ),
    "app_queue_account_email": (
        Call(
            "app_queue_account_email(NULL, CAST(:user AS uuid), 'email_verification', 'ja', '{}', CAST(:key AS text),"
            " 60, 'r')",
            "notification_outbox",
        ),
    ),
    "app_places_sold": (
        Call("app_places_sold(CAST(:object AS uuid), now(), now() + interval '1 day', now(), NULL)", "bookings"),
    ),
    "app_provider_events": (Call("app_provider_events(CAST(:object AS uuid))", "payment_webhooks"),),
    "app_has_unapplied_payment": (Call("app_has_unapplied_payment(CAST(:object AS uuid))", "payment_webhooks"),),
    "app_payment_account": (Call("app_payment_account(CAST(:object AS uuid))", "payment_accounts"),),
    "app_receive_event": (
        Call(
            "app_receive_event('stripe', CAST(:key AS text), 'x', 'pi_x', '{}', now(), NULL, false, NULL, NULL, 'r',"
            " NULL)",
            "booking_payments",
        ),
    ),
    "link_proven_address": (Call("link_proven_address(CAST(:user AS uuid), 'x@example.jp')", "customers"),),
    "app_take_address": (Call("app_take_address('line', 'U1', NULL, now())", "channel_addresses"),),
    "app_queue_command": (Call("app_queue_command('thing.wanted', 'thing/1', '{}', NULL, 'r')", "outbox"),),
}
#: Functions that answer the person and the platform alone.
_OF_ONE_PERSON = frozenset({"app_records_of_person", "app_visits_ahead"})
_EACH = [pytest.param(name, call, id=f"{name}-{n}") for name, calls in CALLS.items() for n, call in enumerate(calls)]
_CURRENT_SCOPE = text("SELECT current_setting('app.scope', true), current_setting('app.business_id', true)")


@pytest_asyncio.fixture(scope="module")
async def base(migrated_postgres: servers.PostgresServer) -> AsyncIterator[servers.Database]:
    """One database for all: each test has a salon of its own."""
    async with servers.copy_of_template(migrated_postgres) as database:
        yield database


@pytest_asyncio.fixture(scope="module")
async def pool(base: servers.Database) -> AsyncIterator[Database]:
    async with data.opened(base, database_pool_size=2) as opened:
        yield opened


@pytest_asyncio.fixture
async def salon(pool: Database) -> Salon:
    return await data.add_salon(pool)


async def current_scope(session: AsyncSession) -> tuple[str, str]:
    scope, business_id = (await session.execute(_CURRENT_SCOPE)).one()
    return scope, business_id or ""


async def ids_of(pool: Database, salon: Salon, call: Call) -> dict[str, Any]:
    """Parameters of a call, those that it has."""
    invitation = await _invited(pool, salon)
    known = {"user": str(salon.user_id), "object": str(salon.business_id), "invitation": str(invitation)}
    known |= {"key": uuid4().hex, **call.more}
    return {name: value for name, value in known.items() if f":{name}" in call.sql}


async def _invited(pool: Database, salon: Salon) -> UUID:
    """An invitation of the salon's customer to work there."""
    [row] = await data.rows(
        pool,
        """INSERT INTO staff_invitations (business_id, email, role, language, invited_by, expires_at)
           SELECT :business, u.email, 'staff', 'ja', :owner, now() + interval '1 day' FROM users u WHERE u.id = :user
           RETURNING id""",
        business=salon.business_id,
        owner=salon.owner_id,
        user=salon.user_id,
    )
    found: UUID = row["id"]
    return found


async def test_functions_that_change_the_scope_are_all_tried(pool: Database) -> None:
    found = await data.rows(
        pool,
        """SELECT proname FROM pg_proc
            WHERE pronamespace = 'public'::regnamespace AND prosrc ~* 'set_config|set\\s+local'
              AND prorettype <> 'trigger'::regtype
        """,
    )
    assert {row["proname"] for row in found} == CALLS.keys()


@pytest.mark.parametrize(("name", "call"), _EACH)
@pytest.mark.parametrize("own", ["tenant", "self"])
async def test_afterwards_the_caller_sees_what_it_may(
    pool: Database, salon: Salon, name: str, call: Call, own: str
) -> None:
    if own == "tenant" and name in _OF_ONE_PERSON:
        pytest.skip("refused to a business: tests/api/privacy")
    values = await ids_of(pool, salon, call)
    scope = salon.scope if own == "tenant" else Scope.self_(salon.user_id)
    async with pool.unit_of_work(scope) as work:
        before = await current_scope(work.session)
        if name == "app_enter_invited" and own == "tenant":
            # Somebody who is in a business asks for himself no longer: nothing is entered, and nothing left.
            call = Call(call.sql, call.waits_for)
        await work.session.execute(text(f"SELECT * FROM {call.sql}"), values)
        after = await current_scope(work.session)
        if call.enters is None:
            assert after == before
        else:
            assert after[0] == call.enters
            assert after[1] == str(salon.business_id) or call.enters != "tenant"


@pytest.mark.parametrize(("name", "call"), _EACH)
async def test_failure_inside_gives_the_scope_back(
    pool: Database, salon: Salon, base: servers.Database, name: str, call: Call
) -> None:
    """The table that it needs is locked by somebody else, so that it fails after it has changed the scope."""
    values = await ids_of(pool, salon, call)
    other = await asyncpg.connect(base.superuser_url, ssl=False)
    try:
        async with other.transaction(), pool.unit_of_work(Scope.self_(salon.user_id)) as work:
            await other.execute(f"LOCK TABLE {call.waits_for} IN ACCESS EXCLUSIVE MODE")
            await work.session.execute(text("SET LOCAL lock_timeout = '100ms'"))
            before = await current_scope(work.session)
            with pytest.raises(DBAPIError, match="lock timeout"):
                async with work.session.begin_nested():
                    await work.session.execute(text(f"SELECT * FROM {call.sql}"), values)
            assert await current_scope(work.session) == before
            assert before[0] == "self", name
    finally:
        await other.close()
