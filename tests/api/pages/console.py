"""Browsers that are logged in to the console, and bookings for them to see."""

from datetime import timedelta
from uuid import UUID

from fastapi import FastAPI

from db.engine.session import Database as Pool
from runtime.links import Purpose
from tests.api.conftest import Clock, client_of
from tests.api.pages.visitor import Visitor
from tests.api.salon import StaffedSalon, keyed
from tests.support import data


async def entered(app: FastAPI, pool: Pool, clock: Clock, user_id: UUID) -> Visitor:
    """A browser that is logged in."""
    now = clock.now()
    [row] = await data.rows(
        pool,
        """INSERT INTO user_sessions (user_id, last_used_at, expires_at)
           VALUES (:user_id, :now, :until) RETURNING id""",
        user_id=user_id,
        now=now,
        until=now + timedelta(days=7),
    )
    visitor = Visitor(client_of(app))
    token = app.state.services.links.issue(Purpose.PAGE_SESSION, row["id"], now + timedelta(days=1))
    visitor.http.cookies.set("session", token)
    return visitor


async def booked(salon: StaffedSalon, hour: int = 10) -> str:
    """A confirmed visit of a customer to the first of the staff, made by staff."""
    guest = {"family_name": "佐藤", "given_name": "愛", "email": "ai@example.jp"}
    body = salon.booking_body(salon.at(hour), guest=guest, resource_ids=[str(salon.ids.resources[0])])
    answer = await salon.staff.post("/bookings", json=body, headers=keyed())
    assert answer.status_code == 201, answer.text
    return str(answer.json()["data"]["id"])
