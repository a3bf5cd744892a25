"""The ledger of a booking's messages and the statistics of a business."""

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import pytest
import pytest_asyncio

from api.http.envelope import Envelope
from api.v1.messages.ledger.schemas import LedgerRead, MessageStatisticsRead
from db.engine.session import Database as Pool
from domain.messages.kinds import NoticeKind
from domain.messages.sending import AttemptOutcome
from tests.api.conftest import Clock, Login, Person, Statements, error_of, rules_of
from tests.api.messages.test_notifications import queued_notice
from tests.api.platform.audit.test_audit import make_admin
from tests.api.salon import StaffedSalon
from tests.support import data, servers

MINUTE = timedelta(minutes=1)


@pytest_asyncio.fixture
async def admin(log_in: Login, database: servers.Database) -> Person:
    person = await log_in("operator@example.jp")
    await make_admin(person, database)
    return person


async def ledger_of(salon: StaffedSalon, booking: object) -> list[dict[str, Any]]:
    answer = await salon.staff.get("/notifications/ledger", params={"booking_id": str(booking)})
    assert answer.status_code == 200, answer.text
    Envelope[LedgerRead].model_validate_json(answer.content, extra="forbid")
    entries: list[dict[str, Any]] = answer.json()["data"]["entries"]
    return entries


async def booking_of(pool: Pool, notice: str) -> UUID:
    [row] = await data.rows(pool, "SELECT booking_id FROM notification_outbox WHERE id = :id", id=UUID(notice))
    found: UUID = row["booking_id"]
    return found


async def test_ledger_proves_a_message_to_the_minute(salon: StaffedSalon, pool: Pool, clock: Clock) -> None:
    notice = await queued_notice(pool, salon, NoticeKind.BOOKING_CONFIRMED)
    booking, sent = await booking_of(pool, notice), clock.now() + MINUTE
    [waiting] = [one for one in await ledger_of(salon, booking) if one["state"] != "planned"]
    assert (waiting["state"], waiting["late_by"]) == ("due", None)
    async with pool.unit_of_work(salon.ids.scope) as work:
        store = work.messages.notices
        first = await store.open_attempt(UUID(notice), clock.now())
        assert first.id is not None
        await store.finish_attempt(UUID(notice), first.id, AttemptOutcome.UNAVAILABLE, clock.now(), reason="http_429")
        second = await store.open_attempt(UUID(notice), sent)
        assert second.id is not None
        await store.finish_attempt(UUID(notice), second.id, AttemptOutcome.ACCEPTED, sent, message_id="m1")
    [entry] = [one for one in await ledger_of(salon, booking) if one["state"] != "planned"]
    assert entry["notification_id"] == notice
    assert [step["state"] for step in entry["steps"]] == ["promised", "due", "sent"]
    assert [(one["outcome"], one["reason"]) for one in entry["attempts"]] == [
        ("unavailable", "http_429"),
        ("accepted", None),
    ]
    assert entry["late_by"].startswith("PT"), entry


async def test_ledger_of_a_moved_and_cancelled_booking(salon: StaffedSalon, pool: Pool) -> None:
    """The planned reminder follows three moves and ends with the cancellation."""
    booking = await data.add_booking(pool, salon.ids, salon.at(10))
    for days in (1, 4, 2):
        start = salon.at(10, days=days)
        await data.rows(
            pool,
            "UPDATE bookings SET start_at = :start, end_at = :end WHERE id = :id RETURNING id",
            start=start,
            end=start + timedelta(hours=1),
            id=booking,
        )
        [planned] = await ledger_of(salon, booking)
        assert (planned["kind"], planned["state"]) == ("booking_reminder", "planned")
        assert planned["due_at"] == (start - timedelta(days=1)).astimezone(ZoneInfo("UTC")).isoformat().replace(
            "+00:00", "Z"
        )
    await data.rows(pool, "UPDATE bookings SET status = 'cancelled' WHERE id = :id RETURNING id", id=booking)
    assert await ledger_of(salon, booking) == []


async def test_ledger_is_read_in_four_statements(salon: StaffedSalon, pool: Pool, statements: Statements) -> None:
    booking = await booking_of(pool, await queued_notice(pool, salon, NoticeKind.BOOKING_CONFIRMED))
    statements.clear()
    await ledger_of(salon, booking)
    assert len(statements) <= 5, statements


async def test_ledger_is_for_those_who_work_there(salon: StaffedSalon, pool: Pool) -> None:
    booking = await booking_of(pool, await queued_notice(pool, salon, NoticeKind.BOOKING_CONFIRMED))
    asked = {"booking_id": str(booking)}
    assert (await salon.assistant.get("/notifications/ledger", params=asked)).status_code == 200
    assert error_of(await salon.customer.get("/notifications/ledger", params=asked)) == (403, "forbidden")
    theirs = await salon.other_owner.get("/notifications/ledger", params=asked)
    unknown = await salon.other_owner.get("/notifications/ledger", params={"booking_id": str(uuid4())})
    assert error_of(theirs) == error_of(unknown) == (404, "not_found")


async def test_statistics_count_by_kind_channel_and_day(salon: StaffedSalon, pool: Pool, clock: Clock) -> None:
    for status in ("delivered", "delivered", "delivered", "bounced", "dropped", "queued"):
        notice = await queued_notice(pool, salon, NoticeKind.BOOKING_CONFIRMED)
        await data.rows(
            pool,
            "UPDATE notification_outbox SET status = :status WHERE id = :id RETURNING id",
            status=status,
            id=UUID(notice),
        )
    late = await queued_notice(pool, salon, NoticeKind.BOOKING_CANCELLED)
    await data.rows(
        pool,
        "UPDATE notification_outbox SET due_at = due_at + interval '1 day' WHERE id = :id RETURNING id",
        id=UUID(late),
    )
    today = clock.now().astimezone(ZoneInfo("Asia/Tokyo")).date()
    asked = {"business_id": str(salon.ids.business_id), "first_day": str(today)}
    answer = await salon.owner.get("/notifications/stats", params={**asked, "last_day": str(today)})
    Envelope[MessageStatisticsRead].model_validate_json(answer.content, extra="forbid")
    [counted] = answer.json()["data"]["counts"]
    assert (counted["kind"], counted["channel"], counted["day"]) == ("booking_confirmed", "email", str(today))
    assert counted["promised"] == 6
    assert counted["delivery_rate"] == 0.75
    both = await salon.owner.get("/notifications/stats", params={**asked, "last_day": str(today + timedelta(days=1))})
    assert [one["kind"] for one in both.json()["data"]["counts"]] == ["booking_confirmed", "booking_cancelled"]


@pytest.mark.parametrize(("days", "rule"), [(-1, "not_before_first_day"), (92, "at_most_92_days")])
async def test_statistics_refuse_other_ranges(salon: StaffedSalon, clock: Clock, days: int, rule: str) -> None:
    today = clock.now().date()
    asked = {
        "business_id": str(salon.ids.business_id),
        "first_day": str(today),
        "last_day": str(today + timedelta(days=days)),
    }
    answer = await salon.owner.get("/notifications/stats", params=asked)
    assert rules_of(answer) == {("last_day", rule)}


async def test_statistics_are_of_one_business(salon: StaffedSalon, pool: Pool, clock: Clock) -> None:
    await queued_notice(pool, salon, NoticeKind.BOOKING_CONFIRMED)
    today = clock.now().astimezone(ZoneInfo("Asia/Tokyo")).date()
    asked = {"first_day": str(today), "last_day": str(today)}
    hidden = await salon.other_owner.get(
        "/notifications/stats", params={**asked, "business_id": str(salon.ids.business_id)}
    )
    assert error_of(hidden) == (404, "not_found")
    own = await salon.other_owner.get(
        "/notifications/stats", params={**asked, "business_id": str(salon.other.business_id)}
    )
    assert own.json()["data"]["counts"] == []


async def test_statistics_of_all_count_every_business_for_operators(
    salon: StaffedSalon, admin: Person, pool: Pool, clock: Clock
) -> None:
    await queued_notice(pool, salon, NoticeKind.BOOKING_CONFIRMED)
    other = await data.add_salon(pool)
    booking = await data.add_booking(pool, other)
    async with pool.unit_of_work(other.scope) as work:
        await work.messages.notices.queue(NoticeKind.BOOKING_CONFIRMED, booking, other.business_id, "theirs")
    await data.rows(
        pool,
        "INSERT INTO notification_outbox (user_id, kind, channel, dedupe_key, status)"
        " VALUES (:user, 'phone_code', 'sms', 'code/1', 'delivered') RETURNING id",
        user=salon.customer.id,
    )
    today = str(clock.now().astimezone(ZoneInfo("Asia/Tokyo")).date())
    asked = {"first_day": today, "last_day": today}
    answer = await admin.get("/admin/notices/stats", params=asked)
    Envelope[MessageStatisticsRead].model_validate_json(answer.content, extra="forbid")
    counted = {(one["kind"], one["channel"]): one["promised"] for one in answer.json()["data"]["counts"]}
    assert counted["booking_confirmed", "email"] == 2
    assert counted["phone_code", "sms"] == 1
    assert error_of(await salon.owner.get("/admin/notices/stats", params=asked)) == (403, "forbidden")
    long = {"first_day": today, "last_day": str(clock.now().date() + timedelta(days=40))}
    assert rules_of(await admin.get("/admin/notices/stats", params=long)) == {("last_day", "at_most_31_days")}
