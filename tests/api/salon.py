"""A salon with everybody in it logged in, and another one that must never be seen."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

from fastapi import FastAPI
from httpx import AsyncClient

from api.access.tokens import Login
from db.engine.session import Database as Pool
from tests.api.conftest import Clock, Person, client_of
from tests.support import data
from tests.support.data import Salon

TOKYO = ZoneInfo("Asia/Tokyo")


@dataclass
class StaffedSalon:
    """``ids`` of a salon with its people; ``other_owner`` owns ``other``, and ``nobody`` has no login."""

    ids: Salon
    owner: Person
    staff: Person
    assistant: Person
    customer: Person
    other: Salon
    other_owner: Person
    nobody: AsyncClient
    day: datetime

    def at(self, hour: int, minute: int = 0, days: int = 0) -> datetime:
        """A time on the first day that is wholly inside the booking window, in Tokyo."""
        return self.day + timedelta(days=days, hours=hour, minutes=minute)

    def booking_body(self, start_at: datetime | None = None, **more: Any) -> dict[str, Any]:
        """The body of a booking."""
        start = (start_at or self.at(10)).isoformat()
        return {"service_id": str(self.ids.service_id), "start_at": start, **more}


def keyed(key: str | None = None) -> dict[str, str]:
    """The header that makes a request count once."""
    return {"Idempotency-Key": key or uuid4().hex}


@asynccontextmanager
async def staffed_salon(app: FastAPI, pool: Pool, clock: Clock, **service: Any) -> AsyncIterator[StaffedSalon]:
    """``service``: columns of the service; prepaid unless they say otherwise."""
    async with data.one_transaction(pool):
        salon = await data.add_salon(pool, **{"payment_mode": "prepay", **service})
        other = await data.add_salon(pool, **{"payment_mode": "prepay", **service})
        staff = await data.add_staff(pool, salon.business_id)
        assistant = await data.add_staff(pool, salon.business_id, role="assistant")
    tomorrow = clock.now().astimezone(TOKYO).date() + timedelta(days=2)
    async with AsyncExitStack() as stack:

        async def person(user_id: UUID) -> Person:
            token = app.state.services.tokens.issue(Login(user_id, False), clock.now())
            http = await stack.enter_async_context(client_of(app, Authorization=f"Bearer {token}"))
            return Person(user_id, "", token, http)

        yield StaffedSalon(
            ids=salon,
            owner=await person(salon.owner_id),
            staff=await person(staff),
            assistant=await person(assistant),
            customer=await person(salon.user_id),
            other=other,
            other_owner=await person(other.owner_id),
            nobody=await stack.enter_async_context(client_of(app)),
            day=datetime.combine(tomorrow, time(), TOKYO),
        )


async def counted(pool: Pool, *tables: str) -> dict[str, int]:
    """How many rows there are: of a refused request none may be left."""
    asked = ", ".join(f"(SELECT count(*) FROM {table}) AS {table}" for table in tables)
    [row] = await data.rows(pool, f"SELECT {asked}")
    return dict(row)


#: Everything that a booking or a payment writes.
WRITTEN = (
    "bookings",
    "booking_items",
    "resource_claims",
    "booking_history",
    "booking_payments",
    "payment_webhooks",
    "refunds",
    "outbox",
    "idempotency_keys",
    "customers",
)
