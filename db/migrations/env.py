"""Alembic's entry: runs migrations as the owner role, over asyncpg, with lock and statement time-outs."""

import asyncio

from alembic import context
from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import create_async_engine

from db.tables import Base


def _is_ours(_object: object, name: str | None, kind: str, _reflected: bool, _to: object) -> bool:
    # ``ensure_partitions`` makes and removes monthly partitions; they are not part of the model.
    return not (kind == "table" and name is not None and name.startswith("audit_logs_"))


def _run(connection: Connection) -> None:
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        include_object=_is_ours,
        compare_type=True,
    )
    with context.begin_transaction():
        connection.execute(text("SET LOCAL lock_timeout = '5s'"))
        connection.execute(text("SET LOCAL statement_timeout = '5min'"))
        context.run_migrations()


async def _main() -> None:
    url = context.config.get_main_option("sqlalchemy.url")
    if url is None:
        raise RuntimeError("no database URL was given; run migrations by `omotenashi migrate`")
    engine = create_async_engine(url)
    try:
        async with engine.begin() as connection:
            await connection.run_sync(_run)
    finally:
        await engine.dispose()


asyncio.run(_main())
