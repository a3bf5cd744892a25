"""Rows of the outbox carry the trace of their transaction, and no other."""

from db.engine.session import Database, Scope
from runtime import tracing
from runtime.settings import Environment, Settings
from tests.support import data


async def _write(pool: Database, aggregate: str) -> None:
    async with pool.unit_of_work(Scope.platform()) as work:
        await work.platform.outbox.add_platform_command("seen", aggregate, {}, "maintenance.none")
        await work.platform.outbox.add("seen", aggregate, None, {})


async def test_outbox_row_has_the_trace_of_its_transaction_alone(pool: Database) -> None:
    await _write(pool, "a/1")
    # Carried on in any case; none is sent.
    settings = Settings(environment=Environment.TEST, traces_endpoint="http://127.0.0.1:1/v1/traces", traces_share=0)
    with tracing.running(settings, "test"):
        await _write(pool, "a/2")
        with tracing.request("POST /", None):
            carried = tracing.carrier()
            await _write(pool, "a/3")
        await _write(pool, "a/4")
    rows = await data.rows(pool, "SELECT aggregate, trace_context FROM outbox WHERE event = 'seen' ORDER BY aggregate")
    wanted = [("a/1", None), ("a/2", None), ("a/3", carried), ("a/4", None)]
    assert [(row["aggregate"], row["trace_context"]) for row in rows] == [each for each in wanted for _ in range(2)]
