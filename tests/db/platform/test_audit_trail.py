"""The audit trail sees everything that matters, shows no secret, and cannot be rewritten."""

import re
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
import structlog
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from temporalio import activity
from temporalio.worker import ActivityInboundInterceptor, ExecuteActivityInput

from activities.support.errors import ContextInterceptor
from db.engine.context import WORKFLOW, Context
from db.engine.session import Database, Scope
from db.tables import Base
from domain.platform.actor import Actor, ActorKind
from tests.support import data, servers

#: Tables whose changes are not audited, and why that is enough.
UNAUDITED = {
    "audit_logs": "is the trail",
    "booking_history": "append-only, with actor and reason: a trail of its own",
    "payment_transactions": "append-only: a ledger",
    "venue_payments": "append-only: a correction is an entry too",
    "catalogue_versions": "random numbers that say that something changed, which is audited; written by a trigger",
    "booking_items": "written once with its booking, which is audited; a change of time is in the history",
    "resource_claims": "follow their booking; history and exclusion constraint speak for them",
    "series_occurrences": "written once with their bookings, which are audited",
    "waitlist": "the row keeps when and why it ended, and is deleted after its time",
    "waitlist_offers": "written by the platform, one row for each offer, with its outcome and when",
    "reviews": "review_history is their trail; texts of people do not belong into the trail",
    "review_history": "append-only, with actor and reason: a trail of its own",
    "review_reports": "digests of readers, written once",
    "review_statistics": "counted from reviews by a trigger",
    "block_times": "computed from their block, which is audited",
    "customer_totals": "computed from bookings, which are audited; written by a trigger",
    "customer_import_rows": "the report of an import, which is audited, as are the customers that it makes",
    "customer_pairs_apart": "with who said it, and when",
    "customer_merges": "with who merged and undid; what a merge changes in customers and bookings is audited",
    "health_note_reads": "append-only: the record of who read what",
    "customer_search": "repeats customers, which are audited; written by a trigger",
    "marketing_sends": "append-only: which message of an audited campaign or automation a customer got",
    "consents": "append-only: each answer with its proof",
    "booking_reminders": "markers that a reminder was made",
    "channel_addresses": "written by their login alone, each proven; keys of browsers do not belong into the trail",
    "notification_outbox": "messages, with their attempts",
    "notification_attempts": "written by the sender alone, once opened and once closed",
    "outbox": "orders to Temporal",
    "receipts": "append-only: documents with their digests",
    "receipt_files": "append-only: files of documents",
    "receipt_numbers": "counters of documents",
    "payment_webhooks": "provider events as they came",
    "payment_payouts": "what the providers list, read again each night",
    "payment_payout_entries": "what the providers list, read again each night",
    "idempotency_keys": "stored answers, gone after a day",
    "user_sessions": "logins, with where from and how they ended: a trail of its own",
    "refresh_tokens": "digests, exchanged every quarter of an hour",
    "login_failures": "counters by digest, gone after their time",
    "known_devices": "digests of devices",
    "data_exports": "a person's own requests, each with its outcome",
    "erasures": "the row is the proof; the trail must not keep the address",
    "email_verifications": "digests of single-use links; what they change is audited",
    "password_resets": "digests of single-use links; what they change is audited",
    "business_directory": "repeats what approved businesses show, written by a trigger",
    "business_slugs": "names that a business had, which is audited; written by a trigger",
    **dict.fromkeys(
        (
            "analytics_daily",
            "analytics_daily_services",
            "analytics_daily_resources",
            "analytics_daily_hours",
            "analytics_stale_days",
            "analytics_progress",
        ),
        "computed from audited tables, by the platform alone",
    ),
    "command_texts": "free texts of people on their way to a command, deleted by it",
    "rate_limits": "counters, gone within the hour",
    "recovery_codes": "digests; the second factor that they stand in for is audited",
}
#: Columns of audited tables that look like secrets and are none.
HARMLESS: set[str] = set()
SECRET = re.compile(r"password|secret|token|hash|otp|recovery|private|credential")


@pytest_asyncio.fixture
async def pool(database: servers.Database) -> AsyncIterator[Database]:
    async with data.opened(database) as opened:
        yield opened


async def audited(pool: Database) -> set[str]:
    found = await data.rows(
        pool,
        """SELECT c.relname FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_proc p ON p.oid = t.tgfoid
            WHERE p.proname = 'audit_change' AND t.tgtype & 4 > 0 AND t.tgtype & 8 > 0 AND t.tgtype & 16 > 0
              AND t.tgenabled = 'O'""",
    )
    return {row["relname"] for row in found}


async def test_audit_trail_covers_every_table_or_says_why_not(pool: Database) -> None:
    tables = {table.name for table in Base.metadata.sorted_tables}
    covered = await audited(pool)
    assert covered | set(UNAUDITED) == tables
    assert covered & set(UNAUDITED) == set()


async def test_audit_trail_masks_secrets(pool: Database) -> None:
    covered = await audited(pool)
    suspects = [
        (table.name, column.name)
        for table in Base.metadata.sorted_tables
        if table.name in covered
        for column in table.columns
        if SECRET.search(column.name) and f"{table.name}.{column.name}" not in HARMLESS
    ]
    assert ("users", "password_hash") in suspects
    for table, column in suspects:
        [row] = await data.rows(
            pool, "SELECT audit_masked(jsonb_build_object(CAST(:name AS text), 'x')) AS masked", name=column
        )
        assert row["masked"] == {column: "***"}, f"{table}.{column}"


async def test_audit_trail_has_only_what_changed(pool: Database) -> None:
    salon = await data.add_salon(pool)
    await data.rows(pool, "UPDATE customers SET phone = '+81312345678', language = language")
    await data.rows(pool, "UPDATE customers SET language = language")
    [entry] = await data.rows(
        pool, "SELECT before, after FROM audit_logs WHERE entity = 'customers' AND action = 'update'"
    )
    assert (entry["before"], entry["after"]) == ({"phone": None}, {"phone": "+81312345678"})
    await data.rows(pool, "UPDATE users SET password_hash = 'new' WHERE id = :id", id=salon.user_id)
    [entry] = await data.rows(pool, "SELECT before, after FROM audit_logs WHERE entity = 'users' AND action = 'update'")
    assert (entry["before"], entry["after"]) == ({"password_hash": "***"}, {"password_hash": "***"})


@pytest.mark.parametrize("kind", list(ActorKind))
async def test_audit_trail_names_the_actor(pool: Database, kind: ActorKind) -> None:
    user = await data.add_user(pool)
    context = Context(Actor(kind, user), "req_1", "203.0.113.7", "test/1")
    async with pool.unit_of_work(Scope.platform(), context) as work:
        await work.session.execute(text("UPDATE users SET language = 'en'"))
    [entry] = await data.rows(
        pool,
        "SELECT actor_kind, actor_id, request_id, host(ip) AS ip, user_agent FROM audit_logs WHERE action = 'update'",
    )
    assert entry == {
        "actor_kind": kind.value,
        "actor_id": user,
        "request_id": "req_1",
        "ip": "203.0.113.7",
        "user_agent": "test/1",
    }


async def test_step_of_a_workflow_names_it(pool: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    user = await data.add_user(pool)

    class Step(ActivityInboundInterceptor):
        def __init__(self) -> None:
            pass

        async def execute_activity(self, input: ExecuteActivityInput) -> Any:
            await data.rows(pool, "UPDATE users SET language = 'en' WHERE id = :id", id=user)

    class Info:
        workflow_id = f"erasure/{user}"
        activity_type = "erasures.forget"
        attempt = 1

    monkeypatch.setattr(activity, "info", Info)
    token = WORKFLOW.set(None)
    try:
        nothing_asked = ExecuteActivityInput(fn=len, args=[], executor=None, headers={})
        await ContextInterceptor().intercept_activity(Step()).execute_activity(nothing_asked)
    finally:
        WORKFLOW.reset(token)
        structlog.contextvars.clear_contextvars()
    [entry] = await data.rows(pool, "SELECT actor_kind, request_id FROM audit_logs WHERE action = 'update'")
    assert entry == {"actor_kind": "system", "request_id": f"erasure/{user}"}


async def test_temporary_table_does_not_take_its_place(pool: Database) -> None:
    user = await data.add_user(pool)
    async with pool.unit_of_work(Scope.platform()) as work:
        await work.session.execute(text("CREATE TEMP TABLE audit_logs (LIKE public.audit_logs) ON COMMIT DROP"))
        await work.session.execute(text("UPDATE users SET language = 'en' WHERE id = :id"), {"id": user})
    assert await data.rows(pool, "SELECT 1 FROM audit_logs WHERE entity = 'users' AND action = 'update'")
    functions = await data.rows(
        pool,
        "SELECT p.oid::regprocedure::text AS name, array_to_string(proconfig, ';') AS config FROM pg_proc p"
        " WHERE p.prosecdef AND p.pronamespace = 'public'::regnamespace",
    )
    assert len(functions) >= 3
    assert {row["name"] for row in functions if row["config"] != "search_path=public, pg_temp"} == set()


@pytest.mark.parametrize("verb", ["UPDATE {} SET actor_id = NULL", "DELETE FROM {}", "TRUNCATE {}", "DROP TABLE {}"])
async def test_audit_trail_cannot_be_rewritten(pool: Database, verb: str) -> None:
    """Through the parent and past it, by each of its parts; nor can the application take a part out."""
    await data.add_user(pool)
    found = await data.rows(
        pool, "SELECT inhrelid::regclass::text AS name FROM pg_inherits WHERE inhparent = 'audit_logs'::regclass"
    )
    parts = [row["name"] for row in found]
    assert len(parts) > 3
    for table in ("audit_logs", *parts):
        with pytest.raises(DBAPIError, match=r"permission denied|must be owner"):
            await data.rows(pool, verb.format(table))
    for part in parts:
        for statement in (
            f"ALTER TABLE audit_logs DETACH PARTITION {part}",
            f"ALTER TABLE {part} DISABLE ROW LEVEL SECURITY",
            f"INSERT INTO {part} (id, entity, entity_id, action) OVERRIDING SYSTEM VALUE VALUES (1, 'x', 'x', 'x')",
        ):
            with pytest.raises(DBAPIError, match=r"permission denied|must be owner"):
                await data.rows(pool, statement)
    for table in await audited(pool):
        with pytest.raises(DBAPIError, match="must be owner"):
            await data.rows(pool, f"ALTER TABLE {table} DISABLE TRIGGER audit")
    assert await data.rows(pool, "SELECT 1 FROM audit_logs")
