"""Two businesses never see each other: proven by walking the catalogue of Postgres, not by listing tables here."""

from collections.abc import AsyncIterator
from uuid import UUID

import pytest
import pytest_asyncio
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from db.bookings.commands.hold_request import HoldRequest
from db.engine.session import Database, Scope
from db.tables import Base
from tests.support import data, servers
from tests.support.data import HOUR, NOW, Salon, single

#: Tables without ``business_id`` and who may see them instead.
WITHOUT_TENANT = {
    "users": "logins belong to no business; only stores of identity read them",
    "email_verifications": "of a login; found by the id that its signed token carries",
    "password_resets": "of a login; found by the id that its signed token carries",
    "idempotency_keys": "found by subject and key alone",
    "rate_limits": "callers by class and address; written by one function",
    "payment_webhooks": "platform scope alone, by policy",
    **dict.fromkeys(("feature_flags", "flag_rollouts"), "platform scope alone, by policy"),
    "analytics_progress": "platform scope alone, by policy",
    "data_exports": "the person's own, by policy",
    "channel_addresses": "the person's own, by policy; a business reads those of the recipients of its messages",
    "erasures": "the person's own, by policy",
    "businesses": "is the tenant itself, by policy on its id",
    **dict.fromkeys(
        ("user_sessions", "refresh_tokens", "login_failures", "user_two_factors", "recovery_codes", "known_devices"),
        "belongs to a login, as users do; only stores of identity read it",
    ),
    "business_directory": "what approved businesses show to everybody, by policy; written by a trigger alone",
}


@pytest_asyncio.fixture
async def pool(database: servers.Database) -> AsyncIterator[Database]:
    async with data.opened(database) as opened:
        yield opened


@pytest_asyncio.fixture
async def two(pool: Database) -> tuple[Salon, Salon]:
    """Two salons, each with rows in as many tenant tables as one booking and its money reach."""
    salons = (await data.add_salon(pool, payment_mode="prepay"), await data.add_salon(pool, payment_mode="prepay"))
    for salon in salons:
        await data.add_staff(pool, salon.business_id)
        booking_id = await data.add_booking(pool, salon, status="confirmed")
        await data.add_payment(pool, salon, booking_id, status="captured")
        async with pool.unit_of_work(salon.scope) as work:
            await work.bookings.holds.hold(
                HoldRequest(single(salon.service_id), NOW + 24 * HOUR, user_id=salon.user_id), NOW
            )
    return salons


def tenant_tables() -> list[str]:
    return sorted(table.name for table in Base.metadata.sorted_tables if "business_id" in table.c)


async def test_tenant_tables_force_row_level_security(pool: Database) -> None:
    secured = await data.rows(
        pool,
        """SELECT c.relname, c.relrowsecurity AND c.relforcerowsecurity AS forced,
                  EXISTS (SELECT 1 FROM pg_policy p WHERE p.polrelid = c.oid) AS has_policy
             FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
            WHERE n.nspname = 'public' AND c.relkind IN ('r', 'p') AND NOT c.relispartition""",
    )
    state = {row["relname"]: row["forced"] and row["has_policy"] for row in secured}
    open_tables = {name for name, safe in state.items() if not safe} - {"alembic_version"}
    by_policy = {name for name, why in WITHOUT_TENANT.items() if "by policy" in why}
    assert open_tables == set(WITHOUT_TENANT) - by_policy
    columns = await data.rows(
        pool, "SELECT table_name FROM information_schema.columns WHERE column_name = 'business_id'"
    )
    for row in columns:
        assert state.get(row["table_name"], True), f"{row['table_name']} has a business_id and no policy"
    for name in {table.name for table in Base.metadata.sorted_tables} - set(tenant_tables()):
        assert name in WITHOUT_TENANT


async def test_audit_partitions_are_closed_to_the_application(pool: Database) -> None:
    parts = await data.rows(
        pool, "SELECT inhrelid::regclass::text AS name FROM pg_inherits WHERE inhparent = 'audit_logs'::regclass"
    )
    assert parts
    for part in parts:
        with pytest.raises(DBAPIError, match="permission denied"):
            await data.rows(pool, f"SELECT 1 FROM {part['name']}")


async def test_tables_show_no_tenant_another(pool: Database, two: tuple[Salon, Salon]) -> None:
    mine, other = two
    filled = 0
    for table in tenant_tables():
        async with pool.unit_of_work(mine.scope) as work:
            owners: set[UUID] = set(await work.session.scalars(text(f"SELECT business_id FROM {table}")))
            reached = await work.session.scalar(
                text(f"SELECT count(*) FROM {table} WHERE business_id = :other"), {"other": other.business_id}
            )
        filled += bool(owners)
        assert owners <= {mine.business_id}, table
        assert reached == 0, table
    assert filled >= 15  # the test would prove nothing on empty tables


@pytest.mark.parametrize("scope", [Scope.public(), Scope.tenant(UUID(int=0)), Scope.self_(UUID(int=1))])
async def test_anonymous_callers_see_no_private_row(pool: Database, two: tuple[Salon, Salon], scope: Scope) -> None:
    public = {"business_settings", "business_hours", "business_holidays", "cancellation_policies"}
    public |= {"services", "resources", "service_resources", "business_slugs"}
    for table in set(tenant_tables()) - public:
        async with pool.unit_of_work(scope) as work:
            assert await work.session.scalar(text(f"SELECT count(*) FROM {table}")) == 0, table


async def test_public_shows_approved_businesses_alone(pool: Database, two: tuple[Salon, Salon]) -> None:
    shown, hidden = two
    await data.rows(pool, "UPDATE businesses SET status = 'suspended' WHERE id = :id", id=hidden.business_id)
    for table in ("services", "resources", "business_hours", "cancellation_policies"):
        async with pool.unit_of_work(Scope.public()) as work:
            owners = set(await work.session.scalars(text(f"SELECT business_id FROM {table}")))
        assert owners == {shown.business_id}, table


async def test_tables_show_nothing_without_a_scope(pool: Database, two: tuple[Salon, Salon]) -> None:
    async with pool.engine.connect() as connection:
        for table in (*tenant_tables(), "businesses", "payment_webhooks"):
            assert await connection.scalar(text(f"SELECT count(*) FROM {table}")) == 0, table


async def test_scope_ends_with_its_transaction(pool: Database, two: tuple[Salon, Salon]) -> None:
    async with pool.unit_of_work(two[0].scope) as work:
        connection = await work.session.connection()
        assert await work.session.scalar(text("SELECT count(*) FROM bookings")) == 2
        await work.session.rollback()
        del connection
        assert await work.session.scalar(text("SELECT count(*) FROM bookings")) == 0


async def test_tenant_cannot_write_into_another(pool: Database, two: tuple[Salon, Salon]) -> None:
    mine, other = two
    for statement in (
        "INSERT INTO customers (business_id, family_name) VALUES (:other, 'x')",
        "INSERT INTO outbox (business_id, event, aggregate) VALUES (:other, 'x', 'x')",
        "INSERT INTO attention (business_id, kind, dedupe_key) VALUES (:other, 'x', 'x')",
    ):
        with pytest.raises(DBAPIError, match="row-level security"):
            async with pool.unit_of_work(mine.scope) as work:
                await work.session.execute(text(statement), {"other": other.business_id})
    async with pool.unit_of_work(mine.scope) as work:
        changed = await work.session.execute(
            text("UPDATE bookings SET price = 0 WHERE business_id = :other"), {"other": other.business_id}
        )
    assert changed.rowcount == 0  # type: ignore[attr-defined]


@pytest.mark.parametrize("table", ["audit_logs", "booking_history", "payment_transactions"])
@pytest.mark.parametrize("verb", ["UPDATE {} SET business_id = NULL", "DELETE FROM {}", "TRUNCATE {}"])
async def test_append_only_tables_cannot_be_changed(pool: Database, table: str, verb: str) -> None:
    with pytest.raises(DBAPIError, match="permission denied"):
        await data.rows(pool, verb.format(table))


async def test_application_cannot_write_the_audit_trail_itself(pool: Database) -> None:
    with pytest.raises(DBAPIError, match="permission denied"):
        await data.rows(pool, "INSERT INTO audit_logs (entity, entity_id, action) VALUES ('x', 'x', 'x')")


async def test_application_role_owns_nothing_and_bypasses_nothing(pool: Database) -> None:
    [role] = await data.rows(
        pool,
        """SELECT rolsuper, rolbypassrls, rolcreatedb, rolcreaterole,
                  (SELECT count(*) FROM pg_class WHERE relowner = r.oid) AS owns
             FROM pg_roles r WHERE rolname = current_user""",
    )
    assert role == {"rolsuper": False, "rolbypassrls": False, "rolcreatedb": False, "rolcreaterole": False, "owns": 0}
