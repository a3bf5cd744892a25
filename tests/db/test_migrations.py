"""The migrations lead to the models and can be walked back; a changed SQL function has a migration."""

import asyncio
import re
from collections.abc import Mapping

from alembic import command
from alembic.script import Script, ScriptDirectory
from sqlalchemy import CheckConstraint, text
from sqlalchemy.ext.asyncio import create_async_engine

from db import migrate
from db.engine.session import connect
from db.migrations.statements import SQL, digest, split_statements
from db.tables import Base
from tests.support import data
from tests.support.servers import Database


async def test_models_are_what_the_migrations_make(database: Database) -> None:
    await asyncio.to_thread(command.check, migrate.configuration(database.owner_url))


def chain() -> list[Script]:
    """All migrations, the first one first."""
    return list(reversed(list(ScriptDirectory.from_config(migrate.configuration("")).walk_revisions())))


async def test_check_constraints_are_the_models(database: Database) -> None:
    """Alembic does not compare check constraints."""
    owner = create_async_engine(database.owner_url)
    async with owner.begin() as connection:
        found = await connection.scalars(
            text("""
                SELECT c.conname FROM pg_constraint c JOIN pg_class t ON t.oid = c.conrelid
                 WHERE c.contype = 'c' AND c.connamespace = 'public'::regnamespace AND NOT t.relispartition
            """)
        )
        in_database = sorted(found)
    await owner.dispose()
    tables = Base.metadata.tables.values()
    rules = [rule for table in tables for rule in table.constraints if isinstance(rule, CheckConstraint)]
    assert in_database == sorted(str(rule.name) for rule in rules)


def test_names_sort_in_the_order_of_the_chain() -> None:
    names = [script.revision for script in chain()]
    assert names == sorted(names)
    assert all(re.fullmatch(r"\d{4}_\d{2}_\d{2}_\d{4}_[a-z0-9_]+", name) for name in names), names
    assert [f"{name}.py" for name in names] == [script.path.rsplit("/", 1)[1] for script in chain()]


def test_sql_file_of_a_function_is_its_last_migration() -> None:
    """A file that is changed without a migration would never reach a database that exists already."""
    applied: dict[str, str] = {}
    for script in chain():
        functions: Mapping[str, str] = getattr(script.module, "FUNCTIONS", {})
        applied |= functions
    now = {path.stem: digest(path.stem) for path in SQL.glob("*.sql")}
    assert applied == now, "a changed file needs a new migration with this digest; see db/migrations/README.md"


def test_files_of_functions_hold_the_function_of_their_name() -> None:
    for path in SQL.glob("*.sql"):
        script = path.read_text(encoding="utf-8")
        assert re.findall(r"^CREATE OR REPLACE FUNCTION (\w+)\(", script, re.MULTILINE) == [path.stem]
        assert script.startswith("-- "), f"{path.name}: say what it does"


def test_statements_are_split_outside_of_bodies_texts_and_comments() -> None:
    script = "-- one; two\nSELECT ';'; CREATE FUNCTION f() AS $$ a; b $$; DO $x$ $$ ; $$ $x$;\n"
    assert list(split_statements(script)) == [
        "-- one; two\nSELECT ';'",
        "CREATE FUNCTION f() AS $$ a; b $$",
        "DO $x$ $$ ; $$ $x$",
    ]


async def test_migrations_go_up_down_and_up(database: Database) -> None:
    config = migrate.configuration(database.owner_url)
    await asyncio.to_thread(command.downgrade, config, "base")
    await migrate.upgrade(database.settings())
    await asyncio.to_thread(command.check, config)
    current, newest = await migrate.revisions(database.settings())
    assert current == newest


async def test_migration_steps_can_be_reverted_alone(database: Database) -> None:
    config = migrate.configuration(database.owner_url)
    for _ in chain():
        await asyncio.to_thread(command.downgrade, config, "-1")
    await migrate.upgrade(database.settings())
    await asyncio.to_thread(command.check, config)


async def _migrate_again_from(database: Database, revision: str) -> None:
    """Back to a revision and forward to the newest, with the rows that are there."""
    await asyncio.to_thread(command.downgrade, migrate.configuration(database.owner_url), revision)
    await migrate.upgrade(database.settings())


async def test_migrations_mark_the_vouchers_that_are_there(database: Database) -> None:
    """A row of before: the owner of the tables is under their policies too, and would find none without a scope."""
    pool = connect(database.settings())
    salon = await data.add_salon(pool)
    booking = await data.add_booking(pool, salon, status="pending", amount_due=6600, payment_mode="prepay")
    voucher = {"expires_at": "2027-01-04T14:59:59Z", "codes": []}
    await data.add_payment(pool, salon, booking, voucher=voucher)
    await pool.close()
    await _migrate_again_from(database, "2026_11_30_1822_outbox_traces")
    pool = connect(database.settings())
    marked = await data.rows(pool, "SELECT voucher_ordered_at IS NOT NULL AS yes FROM booking_payments")
    await pool.close()
    assert [row["yes"] for row in marked] == [True]


async def test_migrations_keep_what_messages_about_another_card_say(database: Database) -> None:
    pool = connect(database.settings())
    salon = await data.add_salon(pool)
    booking = await data.add_booking(pool, salon, status="confirmed", amount_due=6600, payment_mode="card_hold")
    await data.rows(pool, "UPDATE bookings SET card_due = now() WHERE id = :id", id=booking)
    for number, cancels in enumerate((False, True)):
        sql = (
            "INSERT INTO notification_outbox (business_id, booking_id, kind, audience, dedupe_key, facts) VALUES"
            " (:business, :booking, 'payment_renew', 'customer', :key,"
            " jsonb_build_object('cancels', CAST(:cancels AS boolean)))"
        )
        key = f"payment_renew:{number}"
        values = {"business": salon.business_id, "booking": booking, "key": key, "cancels": cancels}
        await data.rows(pool, sql, **values)
    await pool.close()
    await _migrate_again_from(database, "2026_11_30_2255_payment_pages")
    pool = connect(database.settings())
    kept = await data.rows(pool, "SELECT card_due_cancels FROM bookings")
    await pool.close()
    assert [row["card_due_cancels"] for row in kept] == [True]


async def test_months_without_a_migration_are_caught_up_with(database: Database) -> None:
    """What was audited before its month had a table is moved there; nothing is lost and nothing is refused."""
    owner = create_async_engine(database.owner_url)
    async with owner.begin() as connection:
        parts = await connection.scalars(
            text("SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = 'audit_logs'::regclass")
        )
        for part in [name for name in parts if name.startswith("audit_logs_2")]:
            await connection.execute(text(f"DROP TABLE {part}"))
    await data.add_user(pool := connect(database.settings()))
    async with owner.begin() as connection:
        await connection.execute(text("SELECT ensure_audit_partitions(3)"))
        await connection.execute(text("SELECT ensure_audit_partitions(3)"))
    held = await data.rows(pool, "SELECT tableoid::regclass::text AS held FROM audit_logs WHERE entity = 'users'")
    assert [row["held"].startswith("audit_logs_2") for row in held] == [True]
    await data.add_user(pool)
    assert len(await data.rows(pool, "SELECT 1 FROM audit_logs WHERE entity = 'users'")) == 2
    await pool.close()
    await owner.dispose()
