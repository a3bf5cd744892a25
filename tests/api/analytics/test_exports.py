"""Exports of many business days over HTTP: when a file is written, who may have it, and the link."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import pytest_asyncio

from api.http.error_sentences import field_message
from api.http.request_info import Language
from db.engine.session import Database as Pool
from db.engine.session import Scope
from domain.platform.files import FILE_LASTS
from providers.cache.interface import Cache
from tests.api.bookings.test_contact import limited_app
from tests.api.business_setup import open_salon
from tests.api.conftest import Clock, Login, Person, error_of
from tests.api.platform.audit.test_audit import make_admin
from tests.api.salon import staffed_salon
from tests.support import data
from tests.support.servers import Database

#: 368 days, one more than an answer has.
LONG = {"from": "2024-01-01", "to": "2025-01-02"}
SHORT = {"from": "2024-01-01", "to": "2025-01-01"}


@pytest_asyncio.fixture
async def admin(log_in: Login, database: Database) -> AsyncIterator[Person]:
    person = await log_in()
    await make_admin(person, database)
    yield person


async def ask(person: Person, **params: Any) -> Any:
    answer = await person.get("/analytics/export", params=params)
    assert answer.status_code == 202, answer.text
    assert answer.headers["location"] == f"/api/v1/analytics/exports/{answer.json()['data']['id']}"
    return answer.json()["data"]


async def make_ready(pool: Pool, clock: Clock, export_id: str) -> None:
    async with pool.unit_of_work(Scope.platform()) as work:
        assert await work.analytics.exports.mark_ready(UUID(export_id), 9, clock.now(), clock.now() + FILE_LASTS)


async def test_export_of_more_than_367_days_is_a_file(owner: Person, pool: Pool, clock: Clock) -> None:
    """Asked for twice it is one, until it is an hour old; its link is signed, and is gone with the file."""
    salon = await open_salon(pool, owner)
    business = str(salon.id)
    assert (await owner.get("/analytics/export", params={**SHORT, "business_id": business})).status_code == 200
    first = await ask(owner, **LONG, business_id=business)
    assert (first["status"], first["first_day"], first["format"]) == ("queued", LONG["from"], "csv")
    assert (await ask(owner, **LONG, business_id=business))["id"] == first["id"]
    assert (await ask(owner, **LONG, business_id=business, format="parquet"))["id"] != first["id"]
    path = f"/analytics/exports/{first['id']}"
    assert error_of(await owner.post(f"{path}/link")) == (410, "gone")
    await make_ready(pool, clock, first["id"])
    assert (await ask(owner, **LONG, business_id=business))["status"] == "ready"
    link = (await owner.post(f"{path}/link")).json()["data"]
    assert f"analytics-exports/{first['id']}.csv" in link["url"]
    trail = "SELECT actor_id FROM audit_logs WHERE entity = 'analytics_exports' AND entity_id = :id AND action = :verb"
    for verb in ("insert", "update"):
        assert owner.id in {row["actor_id"] for row in await data.rows(pool, trail, id=first["id"], verb=verb)}
    commands = await data.rows(pool, "SELECT 1 FROM outbox WHERE command = 'analytics_export.start'")
    assert len(commands) == 2
    await data.rows(
        pool, "UPDATE analytics_exports SET ready_at = now() - interval '2 hours', expires_at = now() RETURNING 1"
    )
    assert error_of(await owner.post(f"{path}/link")) == (410, "gone")
    assert (await ask(owner, **LONG, business_id=business))["id"] != first["id"]


async def test_export_is_for_those_who_may_read_the_figures_now(
    owner: Person, other_owner: Person, log_in: Login, pool: Pool, clock: Clock
) -> None:
    """A manager who is no manager any more gets no link; nobody does of a business that is deleted."""
    salon = await open_salon(pool, owner)
    business = str(salon.id)
    staff, manager = await log_in(), await log_in()
    await data.add_staff(pool, salon.id, staff.id, role="staff")
    await data.add_staff(pool, salon.id, manager.id, role="manager")
    asked = {**LONG, "business_id": business}
    export = await ask(manager, **asked)
    await make_ready(pool, clock, export["id"])
    path = f"/analytics/exports/{export['id']}"
    for person, refused in ((staff, (403, "forbidden")), (other_owner, (404, "not_found"))):
        assert error_of(await person.get("/analytics/export", params=asked)) == refused
        assert error_of(await person.get(path)) == refused
        assert error_of(await person.post(f"{path}/link")) == refused
        assert error_of(await person.get("/analytics/exports", params={"business_id": business})) == refused
    assert error_of(await owner.get("/analytics/exports")) == (422, "invalid_input")
    assert error_of(await owner.get("/analytics/export", params=LONG)) == (422, "invalid_input")
    listed = (await owner.get("/analytics/exports", params={"business_id": business})).json()["data"]
    assert [one["id"] for one in listed] == [export["id"]]
    await data.rows(pool, "UPDATE businesses SET status = 'suspended' WHERE id = :id RETURNING 1", id=salon.id)
    assert (await owner.post(f"{path}/link")).status_code == 200
    await data.rows(
        pool, "UPDATE staff_assignments SET ended_at = now() WHERE user_id = :id RETURNING 1", id=manager.id
    )
    assert error_of(await manager.post(f"{path}/link")) == (404, "not_found")
    await data.rows(pool, "UPDATE businesses SET deleted_at = now() WHERE id = :id RETURNING 1", id=salon.id)
    assert error_of(await owner.post(f"{path}/link")) == (404, "not_found")


async def test_export_of_all_businesses_is_for_operators(
    owner: Person, admin: Person, pool: Pool, clock: Clock
) -> None:
    """Always a file, however few days."""
    await open_salon(pool, owner)
    export = await ask(admin, **{"from": "2026-01-01", "to": "2026-01-01"})
    assert export["business_id"] is None
    path = f"/analytics/exports/{export['id']}"
    assert error_of(await owner.get(path)) == (404, "not_found")
    assert error_of(await owner.post(f"{path}/link")) == (404, "not_found")
    assert [one["id"] for one in (await admin.get("/analytics/exports")).json()["data"]] == [export["id"]]
    await make_ready(pool, clock, export["id"])
    assert (await admin.get(path)).json()["data"]["status"] == "ready"
    assert (await admin.post(f"{path}/link")).status_code == 200


async def test_export_refuses_more_than_ten_years_in_a_sentence(owner: Person, pool: Pool) -> None:
    salon = await open_salon(pool, owner)
    params = {"from": "2010-01-01", "to": "2026-01-01", "business_id": str(salon.id)}
    answer = await owner.get("/analytics/export", params=params)
    [field] = answer.json()["error"]["details"]["fields"]
    assert (answer.status_code, field["rule"]) == (422, "too_many_days_of_file")
    assert "3,653 days" in field_message("too_many_days_of_file", Language.EN)


async def test_export_waits_with_at_most_two_others_of_the_same_person(owner: Person, pool: Pool, clock: Clock) -> None:
    """Four at the same time: one of them is refused; a repeat of one that waits is not."""
    salon = await open_salon(pool, owner)
    days = [
        {**LONG, "from": f"2024-01-0{day}", "to": "2025-02-01", "business_id": str(salon.id)} for day in range(1, 5)
    ]
    answers = await asyncio.gather(*(owner.get("/analytics/export", params=one) for one in days))
    [(refused, again)] = [(one, days[at]) for at, one in enumerate(answers) if one.status_code != 202]
    assert refused.status_code == 422
    assert refused.json()["error"]["details"]["rule"] == "too_many_exports"
    taken = [days[at] for at, one in enumerate(answers) if one.status_code == 202]
    first = await ask(owner, **taken[0])
    await make_ready(pool, clock, first["id"])
    assert (await ask(owner, **again))["status"] == "queued"


async def test_export_requests_for_files_are_counted_strictly(
    database: Database, pool: Pool, clock: Clock, redis_cache: Cache
) -> None:
    """Those that are answered at once are not."""
    async with (
        limited_app(database, pool, clock, redis_cache, rate_limit_strict="1/15m") as app,
        staffed_salon(app, pool, clock) as salon,
    ):
        business = {"business_id": str(salon.ids.business_id)}
        codes = [
            (await salon.owner.get("/analytics/export", params={**asked, **business})).status_code
            for asked in (SHORT, LONG, LONG, SHORT)
        ]
    assert codes == [200, 202, 429, 200]
