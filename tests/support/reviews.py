"""Visits that are over, and reviews as rows, for tests of reviews and of what is around them."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from db.engine.session import Database
from db.reviews.tables import Review
from tests.support.data import HOUR, NOW, Salon, add, add_booking, one_transaction

#: The start of a visit that was over two hours before ``NOW``.
LATELY = NOW - 3 * HOUR
DAY = timedelta(days=1)


async def add_visit(pool: Database, salon: Salon, start_at: datetime = LATELY, **values: Any) -> UUID:
    """A completed booking."""
    return await add_booking(pool, salon, start_at, status="completed", **values)


async def add_review(pool: Database, salon: Salon, booking_id: UUID, **values: Any) -> UUID:
    """A published review with five stars of the salon's service and first person; ``values`` say otherwise."""
    row = {
        "business_id": salon.business_id,
        "booking_id": booking_id,
        "user_id": salon.user_id,
        "status": "published",
        "rating": 5,
        "body": f"review of {salon.business_id}",
        "service_ids": [salon.service_id],
        "staff_ids": [salon.resources[0]],
        "visited_on": NOW.date(),
        "editable_until": NOW + 90 * DAY,
        "publish_at": NOW + DAY,
        "published_on": NOW.date(),
        **values,
    }
    made = await add(pool, Review, **row)
    assert made is not None
    return made


async def add_reviewed_visit(pool: Database, salon: Salon, **values: Any) -> UUID:
    """A completed booking with its review; the review's id."""
    async with one_transaction(pool):
        return await add_review(pool, salon, await add_visit(pool, salon), **values)
