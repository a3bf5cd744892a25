"""What has had its time goes, what has not stays; a second round finds nothing."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import pytest_asyncio
from sqlalchemy.exc import DBAPIError
from temporalio.testing import ActivityEnvironment

from activities.platform import maintenance
from activities.platform.maintenance import MaintenanceActivities, PartitionsInput, SweepInput
from db.engine.session import Database
from domain.ids import first_uuid_of
from domain.platform.retention import KEEP, RetainedData
from tests.support import data, servers

NOW = datetime(2027, 3, 10, 4, 10, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


@pytest_asyncio.fixture
async def pool(database: servers.Database) -> AsyncIterator[Database]:
    async with data.opened(database) as opened:
        yield opened


@pytest.fixture
def steps(pool: Database) -> MaintenanceActivities:
    return MaintenanceActivities(pool, lambda: NOW)


async def plant_idempotency_key(pool: Database, name: str, at: datetime, **_: Any) -> None:
    await data.rows(
        pool,
        "INSERT INTO idempotency_keys (subject, key, fingerprint, created_at) VALUES ('me', :name, '', :at)",
        name=name,
        at=at,
    )


async def plant_outbox(pool: Database, name: str, at: datetime, **values: Any) -> None:
    row = {"command": "notice.start", "delivered_at": at, **values}
    await data.rows(
        pool,
        "INSERT INTO outbox (id, event, aggregate, command, created_at, delivered_at)"
        " VALUES (:id, :name, 'x/1', :command, :at, :delivered_at)",
        id=first_uuid_of(at),
        name=name,
        at=at,
        **row,
    )


async def plant_session(pool: Database, name: str, at: datetime, **_: Any) -> None:
    user_id = await data.add_user(pool)
    await data.rows(
        pool,
        """WITH session AS (
               INSERT INTO user_sessions (id, user_id, user_agent, last_used_at, expires_at)
               VALUES (:id, :user_id, :name, :at, :at) RETURNING id)
           INSERT INTO refresh_tokens (token_hash, session_id, expires_at)
           SELECT convert_to(:name, 'UTF8'), id, :at FROM session""",
        id=first_uuid_of(at - timedelta(days=7)),
        user_id=user_id,
        name=name,
        at=at,
    )


async def plant_login_failures(pool: Database, name: str, at: datetime, **_: Any) -> None:
    await data.rows(
        pool,
        "INSERT INTO login_failures (subject_hash, failed_at, forget_at) VALUES (convert_to(:name, 'UTF8'), '{}', :at)",
        name=name,
        at=at,
    )


async def plant_rate_limit(pool: Database, name: str, at: datetime, **_: Any) -> None:
    await data.rows(
        pool,
        "INSERT INTO rate_limits (subject, newest, counts, expires_at) VALUES (:name, 0, '{1}', :at)",
        name=name,
        at=at,
    )


def plant_link(table: str) -> Any:
    async def plant(pool: Database, name: str, at: datetime, **_: Any) -> None:
        await data.rows(
            pool,
            f"INSERT INTO {table} (id, user_id, email, token_hash, kid, expires_at)"
            " VALUES (:id, :user_id, :name, '', 'k1', :at)",
            id=first_uuid_of(at - timedelta(hours=24)),
            user_id=await data.add_user(pool),
            name=name,
            at=at,
        )

    return plant


async def plant_command_text(pool: Database, name: str, at: datetime, **_: Any) -> None:
    await data.rows(
        pool,
        "INSERT INTO command_texts (business_id, command_id, body, created_at) VALUES (:business, :name, '', :at)",
        business=(await data.add_salon(pool)).business_id,
        name=name,
        at=at,
    )


async def plant_waitlist(pool: Database, name: str, at: datetime, **_: Any) -> None:
    salon = await data.add_salon(pool)
    await data.rows(
        pool,
        """INSERT INTO waitlist (business_id, service_id, service_name, time_zone, user_id, family_name, status,
                                 first_day, last_day, joined_at, ends_at, decided_at)
           VALUES (:business, :service, '{"ja": "カット"}', 'Asia/Tokyo', :user_id, :name, 'left', :day, :day, :at,
                   :at, :at)""",
        business=salon.business_id,
        service=salon.service_id,
        user_id=salon.user_id,
        name=name,
        day=at.date(),
        at=at,
    )


PLANT = {
    RetainedData.COMMAND_TEXTS: plant_command_text,
    RetainedData.SESSIONS: plant_session,
    RetainedData.LOGIN_FAILURES: plant_login_failures,
    RetainedData.RATE_LIMITS: plant_rate_limit,
    RetainedData.EMAIL_VERIFICATIONS: plant_link("email_verifications"),
    RetainedData.PASSWORD_RESETS: plant_link("password_resets"),
    RetainedData.IDEMPOTENCY_KEYS: plant_idempotency_key,
    RetainedData.OUTBOX: plant_outbox,
    RetainedData.WAITLIST: plant_waitlist,
}
NAMES = {
    RetainedData.WAITLIST: "SELECT family_name AS name FROM waitlist",
    RetainedData.COMMAND_TEXTS: "SELECT command_id AS name FROM command_texts",
    RetainedData.IDEMPOTENCY_KEYS: "SELECT key AS name FROM idempotency_keys",
    RetainedData.OUTBOX: "SELECT event AS name FROM outbox",
    RetainedData.SESSIONS: """SELECT user_agent AS name FROM user_sessions
                      UNION SELECT convert_from(token_hash, 'UTF8') FROM refresh_tokens""",
    RetainedData.RATE_LIMITS: "SELECT subject AS name FROM rate_limits",
    RetainedData.LOGIN_FAILURES: "SELECT convert_from(subject_hash, 'UTF8') AS name FROM login_failures",
    RetainedData.EMAIL_VERIFICATIONS: "SELECT CAST(email AS text) AS name FROM email_verifications",
    RetainedData.PASSWORD_RESETS: "SELECT CAST(email AS text) AS name FROM password_resets",
}


async def left(pool: Database, what: RetainedData) -> set[str]:
    return {row["name"] for row in await data.rows(pool, NAMES[what])}


async def sweep(steps: MaintenanceActivities, what: RetainedData) -> int:
    return int(await ActivityEnvironment().run(steps.sweep, SweepInput(what)))


@pytest.mark.parametrize("what", list(RetainedData))
async def test_old_goes_and_the_fresh_stays(
    pool: Database, steps: MaintenanceActivities, what: RetainedData, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(maintenance, "BATCH", 2)
    for number in range(5):
        await PLANT[what](pool, f"old {number}", NOW - KEEP[what] - (number + 1) * MINUTE)
    await PLANT[what](pool, "fresh", NOW - KEEP[what] + MINUTE)
    await PLANT[what](pool, "new", NOW + MINUTE)
    assert await sweep(steps, what) == 5
    assert await left(pool, what) == {"fresh", "new"}
    assert await sweep(steps, what) == 0
    assert await left(pool, what) == {"fresh", "new"}


async def test_sweep_keeps_undelivered_rows_and_deletes_old_events(
    pool: Database, steps: MaintenanceActivities
) -> None:
    old = NOW - timedelta(days=90)
    await plant_outbox(pool, "stuck", old, delivered_at=None)
    await plant_outbox(pool, "late", old + MINUTE, delivered_at=NOW - timedelta(days=1))
    await plant_outbox(pool, "history", old + 2 * MINUTE, command=None, delivered_at=None)
    assert await sweep(steps, RetainedData.OUTBOX) == 1
    assert await left(pool, RetainedData.OUTBOX) == {"stuck", "late"}


async def test_interrupted_sweep_counts_on(pool: Database, steps: MaintenanceActivities) -> None:
    await plant_idempotency_key(pool, "old", NOW - timedelta(days=2))
    env = ActivityEnvironment()
    beats: list[Any] = []
    env.on_heartbeat = lambda *details: beats.append(details)
    env.info = replace(env.default_info(), heartbeat_details=[2000])
    assert await env.run(steps.sweep, SweepInput(RetainedData.IDEMPOTENCY_KEYS)) == 2001
    assert beats == [(2001,)]


async def partitions(pool: Database) -> set[str]:
    found = await data.rows(
        pool, "SELECT inhrelid::regclass::text AS name FROM pg_inherits WHERE inhparent = 'audit_logs'::regclass"
    )
    return {row["name"] for row in found}


async def test_partitions_are_made_ahead_by_the_application(pool: Database, steps: MaintenanceActivities) -> None:
    before = await partitions(pool)
    for _ in range(2):
        await ActivityEnvironment().run(steps.make_audit_partitions, PartitionsInput(6))
    after = await partitions(pool)
    assert len(after) == len(before) + 3
    for name in after:
        with pytest.raises(DBAPIError, match="permission denied"):
            await data.rows(pool, f"SELECT 1 FROM {name}")


@pytest.mark.parametrize("months", [0, 13, -1])
async def test_partition_function_makes_nothing_else(pool: Database, months: int) -> None:
    with pytest.raises(DBAPIError, match="between 1 and 12"):
        await data.rows(pool, "SELECT app_ensure_audit_partitions(:months)", months=months)
    with pytest.raises(DBAPIError, match="permission denied"):
        await data.rows(pool, "SELECT ensure_audit_partitions(1)")
