"""Brings the schema to the newest revision. The only code that logs in as the owner role."""

import asyncio
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

from runtime.settings import Settings

MIGRATIONS = Path(__file__).parent / "migrations"


def configuration(owner_url: str) -> Config:
    """Alembic's configuration for the owner's asyncpg URL."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.set_main_option("sqlalchemy.url", owner_url.replace("%", "%%"))
    return config


async def upgrade(settings: Settings, revision: str = "head") -> None:
    """Upgrade to ``revision`` and make the audit partitions of the next three months."""
    url = settings.database_owner_url.get_secret_value()
    await asyncio.to_thread(command.upgrade, configuration(url), revision)
    engine = create_async_engine(url)
    try:
        async with engine.begin() as connection:
            await connection.execute(text("SELECT ensure_audit_partitions(3)"))
    finally:
        await engine.dispose()


async def revisions(settings: Settings) -> tuple[str | None, str | None]:
    """The database's revision (None: never migrated) and the code's newest one."""
    newest = ScriptDirectory.from_config(configuration("")).get_current_head()
    engine = create_async_engine(settings.database_url.get_secret_value())
    try:
        async with engine.begin() as connection:
            exists = await connection.scalar(text("SELECT to_regclass('alembic_version') IS NOT NULL"))
            current = await connection.scalar(text("SELECT version_num FROM alembic_version")) if exists else None
    finally:
        await engine.dispose()
    return current, newest
