"""One request for a review for each completed visit, at ten in the morning, as the business has chosen."""

from datetime import UTC, datetime
from typing import Any

import pytest

from domain.platform.actor import ActorKind
from tests.support import data
from tests.support.data import HOUR, NOW
from tests.support.desk import Desk

STAFF = ActorKind.STAFF
#: The visit is on 24 November; ten in the morning in Tokyo two days later.
TWO_DAYS_LATER = datetime(2026, 11, 26, 1, 0, tzinfo=UTC)


async def set_up(desk: Desk, **values: Any) -> None:
    for name, value in values.items():
        table, column = ("businesses", "id") if name == "vertical" else ("business_settings", "business_id")
        await data.rows(
            desk.database,
            f"UPDATE {table} SET {name} = :value WHERE {column} = :id",
            value=value,
            id=desk.salon.business_id,
        )


async def requests(desk: Desk) -> list[dict[str, Any]]:
    return await data.rows(
        desk.database,
        """SELECT n.audience, n.due_at, n.channel, o.not_before FROM notification_outbox n
             LEFT JOIN outbox o ON o.aggregate = 'notice/' || n.id
            WHERE n.kind = 'review_requested' AND n.business_id = :id""",
        id=desk.salon.business_id,
    )


@pytest.mark.parametrize(
    ("settings", "asked"),
    [
        ({"review_request_days": 2}, 1),
        ({"review_request_days": None}, 0),
        ({"review_request_days": 2, "vertical": "clinic"}, 0),
    ],
    ids=str,
)
async def test_completing_asks_for_a_review_as_the_business_has_chosen(
    desk: Desk, settings: dict[str, Any], asked: int
) -> None:
    await set_up(desk, **settings)
    booking = await data.add_booking(desk.database, desk.salon, NOW, status="checked_in")
    command = desk.command(booking, STAFF)
    for _ in range(2):
        await desk.execute_command("complete", command, NOW + HOUR)
    found = await requests(desk)
    assert len(found) == asked
    for one in found:
        assert (one["audience"], one["due_at"], one["not_before"]) == ("customer", TWO_DAYS_LATER, TWO_DAYS_LATER)


async def test_completing_that_can_be_undone_asks_when_it_is_final(desk: Desk) -> None:
    await set_up(desk, review_request_days=2, undo_within=HOUR)
    booking = await data.add_booking(desk.database, desk.salon, NOW, status="checked_in")
    await desk.do("complete", booking, STAFF, now=NOW + HOUR)
    assert await requests(desk) == []
    await desk.do("settle_ending", booking, now=NOW + 3 * HOUR)
    assert len(await requests(desk)) == 1


async def test_no_show_is_asked_for_no_review(desk: Desk) -> None:
    await set_up(desk, review_request_days=2)
    booking = await data.add_booking(desk.database, desk.salon, NOW)
    await desk.do("no_show", booking, STAFF, now=NOW + HOUR)
    assert await requests(desk) == []
