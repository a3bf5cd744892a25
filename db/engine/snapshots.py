"""Several transactions that read the same rows at the same time.

Source: PostgreSQL's manual, "Snapshot Synchronization Functions" and SET TRANSACTION.
"""

import asyncio
from collections.abc import Awaitable, Callable

from sqlalchemy import Connection, event, text

from db.engine.session import Database, Scope, UnitOfWork

Step = Callable[[UnitOfWork], Awaitable[None]]

_EXPORT = text("SELECT pg_export_snapshot()")


async def read_together(database: Database, count: int, step: Step) -> None:
    """Run ``step`` ``count`` times at once, each time in a transaction of its own. None of them can write, and all see
    the rows of one moment. Raises what the first one that fails raises; the others are then ended."""
    reading = Database(database.engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True))
    try:
        async with asyncio.TaskGroup() as group, reading.unit_of_work(Scope.platform()) as work:
            snapshot = str(await work.session.scalar(_EXPORT))
            begun = [asyncio.Event() for _ in range(count - 1)]
            for one in begun:
                group.create_task(_follow(reading, snapshot, one, step))
            # A snapshot can be taken over only while the transaction that gave it is open.
            for one in begun:
                await one.wait()
            await step(work)
    except ExceptionGroup as failed:
        raise failed.exceptions[0] from failed


async def _follow(reading: Database, snapshot: str, begun: asyncio.Event, step: Step) -> None:
    engine = reading.engine.execution_options()

    def take_over(connection: Connection) -> None:
        connection.exec_driver_sql(f"SET TRANSACTION SNAPSHOT '{snapshot}'")

    # Of this engine alone, which has the connections of the other.
    event.listen(engine.sync_engine, "begin", take_over)
    async with Database(engine).unit_of_work(Scope.platform()) as work:
        begun.set()
        await step(work)
