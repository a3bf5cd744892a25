"""Who reads which figures, and that they are those of the tables."""

import csv
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from io import BytesIO, StringIO
from typing import Any
from zoneinfo import ZoneInfo

import polars as pl
import pytest
import pytest_asyncio

from analytics.days import recompute
from analytics.page import BusinessDay
from db.engine.session import Database as Pool
from db.engine.session import Scope
from tests.analytics.generated import DAYS, Generated, add_history
from tests.api.business_setup import assign, rows
from tests.api.conftest import Login, Person, error_of
from tests.api.platform.audit.test_audit import make_admin
from tests.support import data
from tests.support.servers import Database

FIRST = date(2026, 3, 2)
RANGE = {"from": str(FIRST), "to": str(FIRST + timedelta(days=DAYS - 1))}


@pytest_asyncio.fixture
async def pool(database: Database) -> AsyncIterator[Pool]:
    async with data.opened(database) as opened:
        yield opened


@pytest_asyncio.fixture
async def admin(log_in: Login, database: Database) -> Person:
    person = await log_in()
    await make_admin(person, database)
    return person


async def history(pool: Pool, database: Database, owner: Person, seed: int = 5) -> Generated:
    """A business of ``owner`` with figures for its days."""
    made = await add_history(pool, seed, "Asia/Tokyo", FIRST)
    await rows(database, "UPDATE businesses SET owner_id = $1 WHERE id = $2", owner.id, made.salon.business_id)
    days = [BusinessDay(made.salon.business_id, FIRST + timedelta(days=n)) for n in range(DAYS)]
    async with pool.unit_of_work(Scope.platform()) as work:
        await recompute(work.session, days)
    return made


async def read(person: Person, path: str, **params: Any) -> Any:
    answer = await person.get(path, params=params)
    assert answer.status_code == 200, answer.text
    return answer.json()["data"]


async def test_business_analytics_add_up(pool: Pool, database: Database, owner: Person) -> None:
    """The sums are those of the days, the services add up to the day, and rates follow from counts."""
    made = await history(pool, database, owner)
    found = await read(owner, f"/businesses/{made.salon.business_id}/analytics", **RANGE)
    figures = found["figures"]
    [stored] = await data.rows(
        pool,
        "SELECT sum(bookings)::int AS bookings, sum(net)::int AS net, sum(value)::int AS value,"
        " sum(cancelled)::int AS cancelled, sum(pending + expired + declined)::int AS unmade"
        " FROM analytics_daily WHERE business_id = :id",
        id=made.salon.business_id,
    )
    assert {name: figures[name] for name in ("bookings", "net", "value", "cancelled")} == {
        name: stored[name] for name in ("bookings", "net", "value", "cancelled")
    }
    assert figures["cancellation_rate"] == round(stored["cancelled"] / (stored["bookings"] - stored["unmade"]), 4)
    assert sum(day["net"] for day in found["by_day"]) == stored["net"]
    assert sum(service["net"] for service in found["by_service"]) == stored["net"]
    assert sum(service["value"] for service in found["by_service"]) == stored["value"]
    assert sum(hour["bookings"] for hour in found["by_hour"]) == sum(
        figures[status] for status in ("confirmed", "checked_in", "completed")
    )
    assert (found["previous"], found["changes"]) == (None, None)
    assert found["previous_period"]["last"] == str(FIRST - timedelta(days=1))


async def test_business_analytics_compare_with_the_period_before(pool: Pool, database: Database, owner: Person) -> None:
    made = await history(pool, database, owner)
    half = {"from": str(FIRST + timedelta(days=4)), "to": str(FIRST + timedelta(days=7))}
    found = await read(owner, f"/businesses/{made.salon.business_id}/analytics", **half)
    now, before = found["figures"]["bookings"], found["previous"]["bookings"]
    assert found["changes"]["bookings"] == round((now - before) / before, 4)


async def test_list_and_get_show_the_same_day(pool: Pool, database: Database, owner: Person) -> None:
    """Pages go back in time without a gap."""
    made = await history(pool, database, owner)
    params = {**RANGE, "business_id": str(made.salon.business_id), "limit": "3"}
    seen, cursor = [], None
    while True:
        answer = await owner.get("/analytics", params={**params, **({"cursor": cursor} if cursor else {})})
        seen += answer.json()["data"]
        cursor = answer.json()["meta"]["next_cursor"]
        if cursor is None:
            break
    assert [day["day"] for day in seen] == [str(FIRST + timedelta(days=n)) for n in reversed(range(DAYS))]
    assert await read(owner, f"/analytics/{seen[2]['id']}") == seen[2]


async def test_figures_are_hidden_from_others(
    pool: Pool, database: Database, owner: Person, other_owner: Person, customer: Person, log_in: Login
) -> None:
    """Another's figures look like figures that do not exist; staff may not read them, managers may."""
    made = await history(pool, database, owner)
    business = made.salon.business_id
    [day] = await data.rows(pool, "SELECT id FROM analytics_daily WHERE business_id = :id LIMIT 1", id=business)
    query = "from={from}&to={to}".format(**RANGE)
    paths = (
        f"/businesses/{business}/analytics?{query}",
        f"/analytics?business_id={business}&{query}",
        f"/analytics/dashboard?business_id={business}",
        f"/analytics/export?business_id={business}&{query}",
        f"/analytics/{day['id']}",
    )
    for person in (other_owner, customer):
        for path in paths:
            assert error_of(await person.get(path)) == (404, "not_found"), path
        assert error_of(await person.get(f"/admin/analytics?{query}")) == (403, "forbidden")
    assert error_of(await owner.get(f"/analytics?{query}")) == (422, "invalid_input")
    for role, status in (("manager", 200), ("staff", 403)):
        person = await log_in()
        await assign(database, business, person, role)
        for path in paths:
            assert (await person.get(path)).status_code == status, (role, path)


async def test_dashboard_counts_the_present_day(pool: Pool, database: Database, owner: Person) -> None:
    """A booking of this minute is in it, although no night has passed."""
    now = datetime.now(UTC)
    made = await add_history(pool, 6, "Asia/Tokyo", FIRST, bookings=1)
    business = made.salon.business_id
    await rows(database, "UPDATE businesses SET owner_id = $1 WHERE id = $2", owner.id, business)
    before = (await read(owner, "/analytics/dashboard", business_id=str(business)))["live"]["bookings"]
    # Noon, so that neither midnight nor the night before is near.
    noon = now.astimezone(ZoneInfo("Asia/Tokyo")).replace(hour=12, minute=0, second=0, microsecond=0)
    await data.add_booking(pool, made.salon, noon, unit=900)
    found = await read(owner, "/analytics/dashboard", business_id=str(business))
    assert found["live"]["bookings"] == before + 1
    assert found["live"]["value"] == 6600
    assert found["today"] == str(noon.date())
    assert found["last_7_days"]["period"] == {
        "first": str(noon.date() - timedelta(days=7)),
        "last": str(noon.date() - timedelta(days=1)),
    }


@pytest.mark.parametrize("format_", ["csv", "parquet"])
async def test_export_has_every_day(pool: Pool, database: Database, owner: Person, format_: str) -> None:
    made = await history(pool, database, owner)
    answer = await owner.get(
        "/analytics/export", params={**RANGE, "business_id": str(made.salon.business_id), "format": format_}
    )
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-disposition"].endswith(f'.{format_}"')
    if format_ == "csv":
        assert answer.content.startswith(b"\xef\xbb\xbf")
        exported = list(csv.DictReader(StringIO(answer.content.decode("utf-8-sig"))))
    else:
        exported = pl.read_parquet(BytesIO(answer.content)).to_dicts()
    stored = await data.rows(
        pool, "SELECT day, net FROM analytics_daily WHERE business_id = :id ORDER BY day", id=made.salon.business_id
    )
    assert [(str(day["day"]), int(day["net"])) for day in exported] == [(str(day["day"]), day["net"]) for day in stored]


async def test_platform_analytics_add_businesses_by_currency(
    pool: Pool, database: Database, owner: Person, admin: Person
) -> None:
    made = [await history(pool, database, owner, seed) for seed in (5, 6)]
    await rows(
        database, "UPDATE analytics_daily SET currency = 'USD' WHERE business_id = $1", made[1].salon.business_id
    )
    found = await read(admin, "/admin/analytics", **RANGE)
    assert found["businesses"] == 2
    assert {total["currency"] for total in found["totals"]} == {"JPY", "USD"}


async def test_backfill_marks_days_and_orders_the_run_once(
    pool: Pool, database: Database, owner: Person, admin: Person
) -> None:
    made = await history(pool, database, owner)
    await rows(database, "UPDATE businesses SET created_at = '2026-01-01'")
    body = {"first": RANGE["from"], "last": RANGE["to"], "business_id": str(made.salon.business_id)}
    headers = {"Idempotency-Key": "backfill-1"}
    for _ in range(2):
        answer = await admin.post("/admin/analytics/backfill", json=body, headers=headers)
        assert (answer.status_code, answer.json()["data"]) == (202, {"marked": DAYS})
    assert error_of(await owner.post("/admin/analytics/backfill", json=body)) == (403, "forbidden")
    ordered = await data.rows(pool, "SELECT payload FROM outbox WHERE command = 'analytics.compute'")
    assert ordered == [{"payload": {}}]
    [marked] = await data.rows(pool, "SELECT count(*) AS days FROM analytics_stale_days")
    assert marked["days"] == DAYS


async def test_cohorts_count_customers_who_came_again(pool: Pool, database: Database, owner: Person) -> None:
    """Three came first two months ago; one of them came again this month. Months are those of the business."""
    now = datetime.now(ZoneInfo("Asia/Tokyo"))
    salon = await data.add_salon(pool)
    await rows(database, "UPDATE businesses SET owner_id = $1 WHERE id = $2", owner.id, salon.business_id)
    past = (now.replace(day=1) - timedelta(days=32)).replace(day=10, hour=12, minute=0, second=0, microsecond=0)
    customers = [salon.customer_id, *[await data.add_customer(pool, salon.business_id) for _ in range(2)]]
    for number, customer in enumerate(customers):
        await data.add_booking(
            pool, salon, past + timedelta(days=number), status="completed", customer_id=customer, unit=number
        )
    await data.add_booking(pool, salon, now.replace(day=1, hour=12), status="completed", unit=9)
    found = (await read(owner, f"/businesses/{salon.business_id}/analytics/cohorts"))["cohorts"]
    assert found == [{"month": f"{past:%Y-%m}", "customers": [3, 0, 1]}]


async def test_forecast_follows_the_weekdays_and_what_is_booked(pool: Pool, database: Database, owner: Person) -> None:
    """Two bookings on the same weekday of each of the last four weeks; five are booked for tomorrow."""
    now = datetime.now(UTC)
    salon = await data.add_salon(pool)
    business = salon.business_id
    await rows(database, "UPDATE businesses SET owner_id = $1 WHERE id = $2", owner.id, business)
    noon = now.astimezone(ZoneInfo("Asia/Tokyo")).replace(hour=12, minute=0, second=0, microsecond=0)
    for week in range(1, 5):
        for unit in range(2):
            await data.add_booking(pool, salon, noon - timedelta(weeks=week), status="completed", unit=unit)
    for unit in range(5):
        await data.add_booking(pool, salon, noon + timedelta(days=1), unit=unit)
    days = [BusinessDay(business, noon.date() - timedelta(days=n)) for n in range(1, 40)]
    async with pool.unit_of_work(Scope.platform()) as work:
        await recompute(work.session, days)
    found = await read(owner, f"/businesses/{business}/analytics/forecast")
    assert len(found["days"]) == 28
    assert found["days"][0] == {
        "day": str(noon.date()),
        "expected": 1.6,
        "booked": 0,
    }  # 8 in five weeks
    assert found["days"][1] == {"day": str(noon.date() + timedelta(days=1)), "expected": 5.0, "booked": 5}
    assert found["accuracy"]["days"] > 0


@pytest.mark.parametrize("picture", ["revenue", "occupancy", "cohorts"])
async def test_pictures_are_svg_without_script(pool: Pool, database: Database, owner: Person, picture: str) -> None:
    made = await history(pool, database, owner)
    path = f"/businesses/{made.salon.business_id}/analytics/pictures/{picture}"
    answer = await owner.get(path, params=RANGE)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "image/svg+xml")
    assert answer.text.startswith("<svg")
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert error_of(await owner.get(path.replace(picture, "secrets"), params=RANGE)) == (422, "invalid_input")


async def test_no_shows_name_the_factors_of_the_bookings_ahead(
    pool: Database, owner: Person, database: Database
) -> None:
    """A customer who missed half of their visits has a higher risk than one who came every time, and the answer says
    why; the error over the last month is there."""
    salon = await data.add_salon(pool)
    business = salon.business_id
    await rows(database, "UPDATE businesses SET owner_id = $1 WHERE id = $2", owner.id, business)
    careful = await data.add_customer(pool, business)
    now = datetime.now(UTC)
    async with data.one_transaction(pool):
        for n in range(40):
            at = now - timedelta(days=3 + 3 * n)
            await data.add_booking(
                pool, salon, at, status="no_show" if n % 2 else "completed", created_at=at - timedelta(days=2)
            )
            await data.add_booking(
                pool,
                salon,
                at + 2 * data.HOUR,
                status="completed",
                customer_id=careful,
                created_at=at - timedelta(days=2),
            )
        ahead = [
            await data.add_booking(pool, salon, now + timedelta(days=2), status="confirmed", created_at=now),
            await data.add_booking(
                pool, salon, now + timedelta(days=3), status="confirmed", customer_id=careful, created_at=now
            ),
        ]
    found = await read(owner, f"/businesses/{business}/analytics/no-shows")
    assert [one["booking_id"] for one in found["bookings"]] == [str(booking) for booking in ahead]
    assert found["bookings"][0]["risk"] > 0.3 > found["bookings"][1]["risk"]
    assert found["bookings"][0]["reasons"][0]["fact"] == "missed_before"
    assert found["rate"] == pytest.approx(0.25, abs=0.01)
    assert found["accuracy"]["model"] < found["accuracy"]["same_as_last_week"]


async def test_no_shows_of_a_business_without_visits_are_unknown(
    pool: Database, owner: Person, database: Database
) -> None:
    salon = await data.add_salon(pool)
    await rows(database, "UPDATE businesses SET owner_id = $1 WHERE id = $2", owner.id, salon.business_id)
    found = await read(owner, f"/businesses/{salon.business_id}/analytics/no-shows")
    assert found == {"rate": None, "visits": 0, "factors": [], "bookings": [], "accuracy": None}
