"""Businesses to test with, made through the API; and what the API cannot make yet, written as superuser."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg

from db.engine.session import Database as Pool
from db.engine.session import Scope
from stack.seed import approve_without_review
from tests.api.conftest import Person
from tests.support.servers import Database

NINE_TO_SIX = [{"opens": "09:00", "closes": "18:00"}]
EVERY_DAY = dict.fromkeys(("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"), NINE_TO_SIX)
NAME = {"ja": "サロン花", "en": "Salon Hana"}


@dataclass
class OpenSalon:
    """An approved business, open every day 9:00-18:00, with two staff, a room and a service that needs one staff
    member and the room for an hour."""

    id: UUID
    owner: Person
    staff: list[UUID]
    room: UUID
    service: UUID


async def create_business(owner: Person, **changed: Any) -> dict[str, Any]:
    """A draft."""
    answer = await owner.post("/owner/businesses", json={"name": NAME, "vertical": "salon", **changed})
    assert answer.status_code == 201, answer.text
    data: dict[str, Any] = answer.json()["data"]
    return data


async def create_resource(owner: Person, business_id: UUID | str, kind: str = "staff", **changed: Any) -> UUID:
    """A resource with the business's hours."""
    body = {"business_id": str(business_id), "kind": kind, "name": {"ja": "佐藤"}, **changed}
    answer = await owner.post("/owner/resources", json=body)
    assert answer.status_code == 201, answer.text
    return UUID(answer.json()["data"]["id"])


def service_body(business_id: UUID | str, **changed: Any) -> dict[str, Any]:
    """An hour for 5500 yen, paid at the venue."""
    return {
        "business_id": str(business_id),
        "name": {"ja": "カット", "en": "Haircut"},
        "price": {"amount": 5500, "currency": "JPY"},
        "duration_minutes": 60,
        **changed,
    }


async def create_service(owner: Person, business_id: UUID | str, **changed: Any) -> dict[str, Any]:
    """A service."""
    answer = await owner.post("/owner/services", json=service_body(business_id, **changed))
    assert answer.status_code == 201, answer.text
    data: dict[str, Any] = answer.json()["data"]
    return data


async def approve(pool: Pool, business_id: UUID | str) -> None:
    """What an admin does, of a business whose owner has confirmed the e-mail address."""
    async with pool.unit_of_work(Scope.platform()) as work:
        owner_id = (await work.businesses.get(UUID(str(business_id)))).owner_id
        await work.identity.users.verify_email(owner_id, datetime.now(UTC))
        await approve_without_review(work, UUID(str(business_id)))


async def open_salon(pool: Pool, owner: Person, **changed: Any) -> OpenSalon:
    """See :class:`OpenSalon`."""
    business = UUID((await create_business(owner, **changed))["id"])
    hours = await owner.put(f"/owner/businesses/{business}/hours", json={"weekly": EVERY_DAY})
    assert hours.status_code == 200, hours.text
    staff = [await create_resource(owner, business) for _ in range(2)]
    room = await create_resource(owner, business, "room")
    requirements = [
        {"group": 0, "resource_ids": [str(one) for one in staff]},
        {"group": 1, "resource_ids": [str(room)]},
    ]
    service = UUID((await create_service(owner, business, requirements=requirements))["id"])
    await approve(pool, business)
    return OpenSalon(business, owner, staff, room, service)


async def assign(database: Database, business_id: UUID, person: Person, role: str) -> None:
    """Give somebody a role in a business."""
    connection = await asyncpg.connect(database.superuser_url, ssl=False)
    try:
        await connection.execute(
            "INSERT INTO staff_assignments (business_id, user_id, role) VALUES ($1, $2, $3)",
            business_id,
            person.id,
            role,
        )
    finally:
        await connection.close()


async def put_booking(
    database: Database,
    salon: OpenSalon,
    start_at: datetime,
    *,
    staff: int = 0,
    minutes: int = 60,
    status: str = "confirmed",
) -> UUID:
    """A booking with its claims, as a hold would leave them."""
    end_at = start_at + timedelta(minutes=minutes)
    connection = await asyncpg.connect(database.superuser_url, ssl=False)
    try:
        async with connection.transaction():
            customer = await connection.fetchval(
                "INSERT INTO customers (business_id, family_name) VALUES ($1, '田中') RETURNING id", salon.id
            )
            booking: UUID = await connection.fetchval(
                """INSERT INTO bookings (business_id, customer_id, code, status, start_at, end_at, time_zone, price,
                       amount_due, currency, payment_mode, needs_approval, policy, hold_expires_at)
                   VALUES ($1, $2, left(replace(uuidv4()::text, '-', ''), 8), $3, $4, $5, 'Asia/Tokyo', 5500, 0, 'JPY',
                       'at_venue', false, '{"tiers": [], "no_show_percent": 0}',
                       now() + interval '10 minutes') RETURNING id""",
                salon.id,
                customer,
                status,
                start_at,
                end_at,
            )
            await connection.execute(
                """INSERT INTO booking_items (business_id, booking_id, service_id, position, name, start_at, end_at,
                       buffer_before_minutes, buffer_after_minutes, price, tax_percent)
                   VALUES ($1, $2, $3, 0, '{"ja": "カット"}', $4, $5, 0, 0, 5500, 10)""",
                salon.id,
                booking,
                salon.service,
                start_at,
                end_at,
            )
            for group, resource in enumerate((salon.staff[staff], salon.room)):
                await connection.execute(
                    """INSERT INTO resource_claims (business_id, booking_id, resource_id, requirement_group, unit,
                           starts_at, ends_at) VALUES ($1, $2, $3, $4, 0, $5, $6)""",
                    salon.id,
                    booking,
                    resource,
                    group,
                    start_at,
                    end_at,
                )
    finally:
        await connection.close()
    return booking


async def rows(database: Database, statement: str, *values: object) -> list[asyncpg.Record]:
    """What is really in the database."""
    connection = await asyncpg.connect(database.superuser_url, ssl=False)
    try:
        found: list[asyncpg.Record] = await connection.fetch(statement, *values)
        return found
    finally:
        await connection.close()
