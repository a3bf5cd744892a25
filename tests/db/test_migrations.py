"""The migrations lead to the models and can be walked back."""

import asyncio

from alembic import command
from alembic.script import ScriptDirectory
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

from db import migrate
from db.engine.session import connect
from tests.support import data
from tests.support.servers import Database


async def test_the_models_are_what_the_migrations_make(database: Database) -> None:
    await asyncio.to_thread(command.check, migrate.configuration(database.owner_url))


async def test_up_down_up(database: Database) -> None:
    config = migrate.configuration(database.owner_url)
    await asyncio.to_thread(command.downgrade, config, "base")
    await migrate.upgrade(database.settings())
    await asyncio.to_thread(command.check, config)
    current, newest = await migrate.revisions(database.settings())
    assert current == newest


async def test_every_step_can_be_taken_back_alone(database: Database) -> None:
    config = migrate.configuration(database.owner_url)
    revisions = list(ScriptDirectory.from_config(config).walk_revisions())
    assert len(revisions) >= 2
    for _ in revisions:
        await asyncio.to_thread(command.downgrade, config, "-1")
    await migrate.upgrade(database.settings())
    await asyncio.to_thread(command.check, config)


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
