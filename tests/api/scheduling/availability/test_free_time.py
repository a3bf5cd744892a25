"""Availability from the catalogue that the process has: one statement, and every change is seen at once."""

import re
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest
from fastapi import FastAPI
from sqlalchemy import text

from db.engine.context import NOBODY, Context
from db.engine.session import Database as Pool
from db.engine.session import Scope
from db.scheduling import free_time
from db.scheduling.availability import _CATALOGUE
from db.scheduling.free_time import Asked
from domain.errors import Unauthenticated
from domain.platform.actor import Actor, ActorKind
from tests.api.conftest import PREFIX, Clock, Statements, error_of
from tests.api.salon import StaffedSalon
from tests.support import data, servers


@pytest.fixture
def direct(monkeypatch: pytest.MonkeyPatch) -> list[asyncpg.Record | None]:
    """What the statement over the driver found, each time."""
    found: list[asyncpg.Record | None] = []
    inner = free_time.fetch_row

    async def noted(*arguments: Any) -> asyncpg.Record | None:
        found.append(await inner(*arguments))
        return found[-1]

    monkeypatch.setattr(free_time, "fetch_row", noted)
    return found


async def ask(salon: StaffedSalon, days: int = 20) -> Any:
    """The answer about some weeks to a login, which is never a cached one; or the error."""
    first = salon.day.date()
    span = {"from": str(first), "to": str(first + timedelta(days=days))}
    answer = await salon.customer.http.get(
        f"{PREFIX}/availability", params={"service_id": str(salon.ids.service_id), **span}
    )
    return answer.json()["data"] if answer.status_code == 200 else error_of(answer)


async def whole(pool: Pool, salon: StaffedSalon, clock: Clock, days: int = 20) -> list[tuple[Any, int]]:
    """The starts as the statements for everything give them."""
    asked = Asked([salon.ids.service_id], salon.day.date(), salon.day.date() + timedelta(days=days))
    async with pool.unit_of_work(Scope.of("service", salon.ids.service_id, None)) as work:
        _, table = await work.scheduling.availability.starts(asked, clock.now(), 1)
    return [(table.zero + timedelta(minutes=at), left) for at, left in table.pairs()]


def shown(answer: Any) -> list[tuple[Any, int]]:
    return [(datetime.fromisoformat(one["start_at"]), one["left"]) for one in answer["starts"]]


async def test_second_question_is_one_statement(salon: StaffedSalon, statements: Statements, direct: list[Any]) -> None:
    first = await ask(salon)
    statements.clear()
    assert await ask(salon) == first
    assert (len(statements), len(direct)) == (0, 1)
    assert len((await ask(salon, days=2))["starts"]) > 0, "another span of the same month needs no other catalogue"
    assert len(statements) == 0


CHANGES = {
    "services": "UPDATE services SET duration_minutes = 95",
    "price": "UPDATE services SET price = price + 100",
    "inactive": "UPDATE services SET is_active = false",
    "deleted": "UPDATE services SET deleted_at = now()",
    "service_resources": "DELETE FROM service_resources WHERE resource_id = :resource",
    "resources": "UPDATE resources SET is_active = false WHERE id = :resource",
    "capacity": "UPDATE resources SET capacity = 3 WHERE id = :resource",
    "businesses": "UPDATE businesses SET status = 'suspended'",
    "zone": "UPDATE businesses SET time_zone = 'Asia/Kathmandu'",
    "settings": "UPDATE business_settings SET slot_interval_minutes = 45",
    "hours": "UPDATE business_hours SET closes = closes - 60",
    "hours_deleted": "DELETE FROM business_hours WHERE weekday = 3",
    "holidays": "INSERT INTO business_holidays (business_id, day, opens) VALUES (:business, :day, '{}')",
    "week": "INSERT INTO staff_working_hours (business_id, resource_id, weekday, opens, closes)"
    " VALUES (:business, :resource, 2, 600, 700)",
    "exceptions": "INSERT INTO staff_exceptions (business_id, resource_id, first_day, last_day, kind)"
    " VALUES (:business, :resource, :day, :day, 'off')",
}


@pytest.mark.parametrize("change", CHANGES)
async def test_change_of_the_catalogue_is_seen_by_the_next_question(
    salon: StaffedSalon, pool: Pool, clock: Clock, direct: list[Any], change: str
) -> None:
    before = await ask(salon)
    assert await ask(salon) == before
    values = {"business": salon.ids.business_id, "resource": salon.ids.resources[0], "day": salon.day.date()}
    sql = CHANGES[change]
    await data.rows(pool, sql, **{key: value for key, value in values.items() if f":{key}" in sql})
    after = await ask(salon)
    assert after != before
    if isinstance(after, dict):
        assert shown(after) == await whole(pool, salon, clock)
        assert await ask(salon) == after
    assert len(direct) >= 2, "the process had a catalogue"


async def test_catalogue_has_a_new_version_after_a_change_of_any_of_its_tables(pool: Pool) -> None:
    made = await data.rows(
        pool,
        """SELECT r.relname AS table, (SELECT array_agg(a.attname) FROM pg_attribute a
                                        WHERE a.attrelid = r.oid AND a.attnum = ANY(t.tgattr)) AS columns
             FROM pg_trigger t JOIN pg_class r ON r.oid = t.tgrelid
            WHERE t.tgname = 'note_catalogue_change' AND t.tgdeferrable AND t.tginitdeferred""",
    )
    watched = {row["table"]: set(row["columns"] or ()) for row in made}
    read = set(re.findall(r"(?:FROM|JOIN) ([a-z_]+) [a-z]\b", _CATALOGUE)) - {"asked", "used", "catalogue_versions"}
    assert len(read) == 10
    assert read == watched.keys()
    assert set(re.findall(r"\bb\.([a-z_]+)", _CATALOGUE)) - {"id"} <= watched["businesses"]
    assert {name for name, columns in watched.items() if columns} == {"businesses"}


async def test_claims_are_seen_at_once_and_lapse_in_time(salon: StaffedSalon, pool: Pool, clock: Clock) -> None:
    """Bookings, blocks, more units than there are, releases, and a hold whose time passes without a sweep."""
    await ask(salon)
    resource = salon.ids.resources[0]

    async def same() -> Any:
        answer = await ask(salon)
        assert shown(answer) == await whole(pool, salon, clock)
        return answer["starts"]

    free = await same()
    booking = await data.add_booking(pool, salon.ids, salon.at(10))
    taken = await same()
    assert taken != free
    beyond = {"r": resource, "b": salon.ids.business_id, "k": booking, "s": salon.at(13), "e": salon.at(15, 1)}
    await data.rows(
        pool,
        "INSERT INTO resource_claims (business_id, booking_id, resource_id, unit, starts_at, ends_at)"
        " SELECT :b, :k, :r, unnest(ARRAY[0, 1000]), CAST(:s AS timestamptz) + interval '30 seconds', :e",
        **beyond,
    )
    overbooked = await same()
    assert overbooked != taken
    await data.rows(
        pool, "UPDATE resource_claims SET released_at = now() WHERE unit = 0 AND starts_at > :s", s=salon.at(13)
    )
    assert await same() == overbooked, "what is freed belongs to the booking beyond"
    await data.rows(pool, "UPDATE resource_claims SET released_at = now() WHERE released_at IS NULL")
    assert await same() == free
    until = clock.now() + timedelta(minutes=1)
    await data.rows(
        pool,
        "INSERT INTO resource_claims (business_id, booking_id, resource_id, unit, starts_at, ends_at, holds_until)"
        " VALUES (:b, :k, :r, 0, :s, :e, :u)",
        **beyond,
        u=until,
    )
    assert await same() != free
    clock.ahead = timedelta(minutes=2)
    assert await same() == free


async def test_claim_of_ten_years_is_cut_at_the_asked_time(
    salon: StaffedSalon, pool: Pool, clock: Clock, direct: list[asyncpg.Record | None]
) -> None:
    free = await ask(salon)
    booking = await data.add_booking(pool, salon.ids, salon.at(10))
    await data.rows(
        pool,
        "INSERT INTO resource_claims (business_id, booking_id, resource_id, unit, starts_at, ends_at)"
        " SELECT :b, :k, :r, 0, now() - interval '5 years', now() + interval '5 years'",
        **{"b": salon.ids.business_id, "k": booking, "r": salon.ids.resources[1]},
    )
    answer = await ask(salon)
    assert shown(answer) == await whole(pool, salon, clock) != shown(free)
    found = direct[-1]
    assert found is not None
    assert all(free_time._claimed(one).minutes.bit_length() < 60 * 24 * 60 for one in found["claims"])


async def test_question_of_people_and_other_tenants(salon: StaffedSalon, pool: Pool) -> None:
    """The role is judged for each question; what staff see is not what the next caller sees."""
    public = await ask(salon)
    day = salon.day.date()
    params = {"service_id": str(salon.ids.service_id), "from": str(day), "to": str(day + timedelta(days=20))}
    for person in (salon.owner, salon.other_owner, salon.customer):
        answer = await person.http.get(f"{PREFIX}/availability", params=params)
        assert answer.json()["data"]["starts"] == public["starts"]
    late = {**params, "from": str(day + timedelta(days=400)), "to": str(day + timedelta(days=401))}
    for _ in range(2):
        assert (await salon.owner.http.get(f"{PREFIX}/availability", params=late)).json()["data"]["starts"] != []
        assert (await salon.nobody.get(f"{PREFIX}/availability", params=late)).json()["data"]["starts"] == []
    await data.rows(pool, "UPDATE businesses SET status = 'suspended'")
    assert (await salon.other_owner.http.get(f"{PREFIX}/availability", params=params)).status_code == 404


async def test_ended_session_and_former_admin_are_refused(salon: StaffedSalon, pool: Pool, clock: Clock) -> None:
    asked = Asked([salon.ids.service_id], salon.day.date(), salon.day.date())
    async with pool.unit_of_work(Scope.of("service", salon.ids.service_id, None)) as work:
        catalogue, _ = await work.scheduling.availability.starts(asked, clock.now(), 1)
    pool.free_time.hold(asked, catalogue)
    ended = replace(NOBODY, session_id=uuid4())
    with pytest.raises(Unauthenticated) as refused:
        await pool.free_time.find(asked, clock.now(), None, ended)
    assert refused.value.details == {"reason": "session_ended"}
    session: UUID = (
        await data.rows(
            pool,
            "INSERT INTO user_sessions (user_id, last_used_at, expires_at) VALUES (:u, now(), now()) RETURNING id",
            u=salon.owner.id,
        )
    )[0]["id"]
    admin = Context(Actor(ActorKind.ADMIN, salon.owner.id), session_id=session)
    with pytest.raises(Unauthenticated) as refused:
        await pool.free_time.find(asked, clock.now(), salon.owner.id, admin)
    assert refused.value.details == {"reason": "role_changed"}


async def test_broken_connections_are_replaced(app: FastAPI, salon: StaffedSalon, database: servers.Database) -> None:
    first = await ask(salon)
    other = await asyncpg.connect(database.superuser_url)
    try:
        await other.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database()"
            " AND pid <> pg_backend_pid()"
        )
    finally:
        await other.close()
    assert await ask(salon) == first
    assert await ask(salon) == first


async def test_transactions_that_change_one_catalogue_do_not_wait_for_each_other(
    salon: StaffedSalon, pool: Pool
) -> None:
    """The version is written at the commit, and a second one in the same transaction changes nothing."""
    [before] = await data.rows(
        pool, "SELECT version FROM catalogue_versions WHERE business_id = :b", b=salon.ids.business_id
    )
    async with pool.unit_of_work(Scope.platform()) as one:
        await one.session.execute(
            text("UPDATE services SET price = price + 1 WHERE id = :s"), {"s": salon.ids.service_id}
        )
        async with pool.unit_of_work(Scope.platform()) as other:
            await other.session.execute(
                text("UPDATE business_settings SET slot_interval_minutes = 10 WHERE business_id = :b"),
                {"b": salon.ids.business_id},
            )
    [after] = await data.rows(
        pool, "SELECT version FROM catalogue_versions WHERE business_id = :b", b=salon.ids.business_id
    )
    assert after != before
