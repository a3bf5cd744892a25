"""Rows for tests: a user, a salon with everything that a booking needs, and bookings in any state.

Everything goes in as the application's role in platform scope. Times are relative to ``NOW``, which is no real clock:
pass it on as ``now``.
"""

import secrets
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import insert, literal, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from db.bookings.commands.hold_request import ItemRequest
from db.bookings.tables import Booking, BookingItem, ResourceClaim
from db.businesses.tables import Business, BusinessHours, BusinessSettings
from db.catalogue.tables import CancellationPolicy, Resource, Service, ServiceResource
from db.customers.tables import Customer
from db.engine.base import Base
from db.engine.session import Database, Scope
from db.identity.tables import User
from db.payments.tables import BookingPayment
from db.scheduling.tables import StaffAssignment
from domain.ids import confirmation_code, first_uuid_of
from tests.support import servers
from tests.support.past import PAST, PAST_MOVEMENTS, PAST_REFUNDS

#: A Tuesday, noon in Tokyo.
NOW = datetime(2026, 11, 24, 3, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
#: Free until two days before, half until one day before, all of it later; not coming costs all of it.
POLICY: dict[str, Any] = {
    "tiers": [
        {"hours_before": 48, "penalty_percent": 0},
        {"hours_before": 24, "penalty_percent": 50},
        {"hours_before": 0, "penalty_percent": 100},
    ],
    "no_show_percent": 100,
}

_numbers = count(1)


@asynccontextmanager
async def opened(database: servers.Database, **settings: object) -> AsyncIterator[Database]:
    """The pool of a process that works on a test's own database, closed at the end."""
    async with database.pool(**settings) as pool:
        yield pool


_shared: ContextVar[AsyncSession | None] = ContextVar("_shared", default=None)


@asynccontextmanager
async def one_transaction(database: Database) -> AsyncIterator[None]:
    """Everything that ``add…`` and ``rows`` do inside happens in one transaction: each of their own costs 3 ms.

    Nested, it is the outer transaction. Nothing else sees the rows before the end.
    """
    if _shared.get() is not None:
        yield
        return
    async with database.unit_of_work(Scope.platform()) as work:
        token = _shared.set(work.session)
        try:
            yield
        finally:
            _shared.reset(token)


@asynccontextmanager
async def _session(database: Database) -> AsyncIterator[AsyncSession]:
    shared = _shared.get()
    if shared is not None:
        yield shared
        return
    async with database.unit_of_work(Scope.platform()) as work:
        yield work.session


async def add(database: Database, table: type[Base], **values: Any) -> UUID | None:
    """Insert one row; its ``id`` if the table has one."""
    statement = insert(table).values(**values)
    has_id = "id" in table.__table__.columns
    async with _session(database) as session:
        result = await session.execute(statement.returning(table.__table__.c.id) if has_id else statement)
        return result.scalar_one() if has_id else None


async def add_all(database: Database, table: type[Base], *rows_: Mapping[str, Any]) -> None:
    """Insert several rows with the same columns, in one statement."""
    async with _session(database) as session:
        await session.execute(insert(table).values(list(rows_)))


async def rows(database: Database, sql: str, **values: Any) -> list[dict[str, Any]]:
    """What a statement gives in platform scope, as dictionaries."""
    async with _session(database) as session:
        result = await session.execute(text(sql), values)
        return [dict(row) for row in result.mappings()] if result.returns_rows else []


def _user() -> dict[str, Any]:
    email = f"user{next(_numbers)}-{uuid4().hex[:8]}@example.com"
    return {"email": email, "password_hash": "!", "family_name": "山田"}


def _business(owner_id: UUID) -> dict[str, Any]:
    name = {"ja": "美容室さくら", "en": "Salon Sakura"}
    slug = f"salon-{uuid4().hex[:12]}"
    return {"owner_id": owner_id, "slug": slug, "status": "approved", "vertical": "salon", "name": name}


def _settings(business_id: UUID) -> dict[str, Any]:
    none = timedelta()
    return {
        "business_id": business_id,
        "address_proof_within": none,
        "undo_within": none,
        "review_request_days": None,
    }


def _hours(business_id: UUID) -> list[dict[str, Any]]:
    return [{"business_id": business_id, "weekday": day, "opens": 0, "closes": 1440} for day in range(7)]


def _policy(business_id: UUID) -> dict[str, Any]:
    return {"business_id": business_id, "name": {"ja": "標準", "en": "Standard"}, "is_default": True, **POLICY}


def _resource(business_id: UUID) -> dict[str, Any]:
    return {"business_id": business_id, "kind": "staff", "name": {"ja": "花子", "en": "Hanako"}}


def _service(business_id: UUID) -> dict[str, Any]:
    return {
        "business_id": business_id,
        "name": {"ja": "カット", "en": "Cut"},
        "price": 6600,
        "currency": "JPY",
        "duration_minutes": 60,
        "payment_mode": "at_venue",
        "approval_mode": "instant",
    }


def _requirements(business_id: UUID, service_id: UUID, resources: Sequence[UUID]) -> list[dict[str, Any]]:
    return [
        {"service_id": service_id, "requirement_group": 0, "resource_id": one, "business_id": business_id}
        for one in resources
    ]


def _customer(business_id: UUID) -> dict[str, Any]:
    email = f"customer-{uuid4().hex[:8]}@example.com"
    return {"business_id": business_id, "family_name": "佐藤", "given_name": "愛", "email": email}


async def add_user(database: Database, **values: Any) -> UUID:
    """A login; its password hash fits no password."""
    return await _added(database, User, {**_user(), **values})


async def add_business(database: Database, owner_id: UUID | None = None, **values: Any) -> UUID:
    """An approved business, open every day 0:00–24:00, with the default settings; guests need not prove
    their address, no step can be undone, and nobody is asked for a review."""
    async with one_transaction(database):
        owner = owner_id or await add_user(database, email_verified_at=NOW)
        business_id = await _added(database, Business, {**_business(owner), **values})
        await add(database, BusinessSettings, **_settings(business_id))
        await add_all(database, BusinessHours, *_hours(business_id))
    return business_id


async def add_policy(database: Database, business_id: UUID, **values: Any) -> UUID:
    """The tiers of ``POLICY``, as the business's default."""
    return await _added(database, CancellationPolicy, {**_policy(business_id), **values})


async def add_resource(database: Database, business_id: UUID, **values: Any) -> UUID:
    """A staff member with one unit and the business's hours."""
    return await _added(database, Resource, {**_resource(business_id), **values})


async def add_service(database: Database, business_id: UUID, *resources: UUID, **values: Any) -> UUID:
    """One hour for 6600 yen, confirmed at once, paid at the venue; any one of ``resources`` can do it."""
    async with one_transaction(database):
        service_id = await _added(database, Service, {**_service(business_id), **values})
        if resources:
            await add_all(database, ServiceResource, *_requirements(business_id, service_id, resources))
    return service_id


async def add_customer(database: Database, business_id: UUID, **values: Any) -> UUID:
    """A customer with an e-mail address and no login."""
    return await _added(database, Customer, {**_customer(business_id), **values})


async def add_staff(database: Database, business_id: UUID, user_id: UUID | None = None, **values: Any) -> UUID:
    """The login of somebody who works there (role staff); gives the user's id."""
    async with one_transaction(database):
        user = user_id or await add_user(database)
        await add(database, StaffAssignment, **{"business_id": business_id, "user_id": user, "role": "staff", **values})
    return user


def single(service_id: UUID, resource_ids: Iterable[UUID] = ()) -> tuple[ItemRequest, ...]:
    """The items of a booking of one service."""
    return (ItemRequest(service_id, tuple(resource_ids)),)


@dataclass(frozen=True, slots=True)
class Salon:
    """An approved business with two staff members, one service and one customer who has a login."""

    business_id: UUID
    owner_id: UUID
    resources: tuple[UUID, UUID]
    service_id: UUID
    policy_id: UUID
    customer_id: UUID
    user_id: UUID

    @property
    def scope(self) -> Scope:
        """The tenant scope of this business."""
        return Scope.tenant(self.business_id)


async def add_salon(database: Database, **service: Any) -> Salon:
    """A whole salon, in one statement; ``service`` are columns of its service."""
    salon = Salon(_next_id(), _next_id(), (_next_id(), _next_id()), _next_id(), _next_id(), _next_id(), _next_id())
    business_id, (first, second) = salon.business_id, salon.resources
    jiro = {"id": second, "name": {"ja": "次郎", "en": "Jiro"}}
    await _insert_together(
        database,
        (User, {"id": salon.owner_id, "email_verified_at": NOW, **_user()}),
        (User, {"id": salon.user_id, "email_verified_at": NOW, **_user()}),
        (Business, {"id": business_id, **_business(salon.owner_id)}),
        (BusinessSettings, _settings(business_id)),
        *((BusinessHours, hours) for hours in _hours(business_id)),
        (Resource, {"id": first, **_resource(business_id)}),
        (Resource, {**_resource(business_id), **jiro}),
        (Service, {"id": salon.service_id, **_service(business_id), **service}),
        *((ServiceResource, needs) for needs in _requirements(business_id, salon.service_id, salon.resources)),
        (CancellationPolicy, {"id": salon.policy_id, **_policy(business_id)}),
        (Customer, {"id": salon.customer_id, "user_id": salon.user_id, **_customer(business_id)}),
    )
    return salon


def _next_id() -> UUID:
    """A UUIDv7 of this moment, greater than all that this process made before."""
    return UUID(int=first_uuid_of(datetime.now(UTC)).int | next(_numbers) << 32 | secrets.randbits(32))


async def _insert_together(database: Database, *rows_: tuple[type[Base], Mapping[str, Any]]) -> None:
    """Insert rows of several tables in one statement. Postgres checks foreign keys at its end."""
    by_table: dict[type[Base], list[Mapping[str, Any]]] = {}
    for table, row in rows_:
        by_table.setdefault(table, []).append(row)
    inserts = [insert(table).values(values).cte(table.__tablename__) for table, values in by_table.items()]
    async with _session(database) as session:
        await session.execute(select(literal(1)).add_cte(*inserts))


async def add_booking(
    database: Database,
    salon: Salon,
    start_at: datetime = NOW + 72 * HOUR,
    *,
    resource: int = 0,
    unit: int = 0,
    **values: Any,
) -> UUID:
    """A booking of one hour with its item and one claim; confirmed, nothing due, unless ``values`` say otherwise.

    ``status="pending"`` gets a hold of ten minutes from ``NOW``; a status that is over gets a released claim.
    """
    end_at = start_at + HOUR
    status = values.get("status", "confirmed")
    hold = values.pop("hold_expires_at", NOW + timedelta(minutes=10) if status == "pending" else None)
    defaults = {
        "business_id": salon.business_id,
        "customer_id": salon.customer_id,
        "user_id": salon.user_id,
        "code": confirmation_code(),
        "status": status,
        "start_at": start_at,
        "end_at": end_at,
        "time_zone": "Asia/Tokyo",
        "price": 6600,
        "amount_due": 0,
        "currency": "JPY",
        "payment_mode": "at_venue",
        "needs_approval": False,
        "policy": POLICY,
        "hold_expires_at": hold,
    }
    async with one_transaction(database):
        contact = await _contact_of(database, values.get("customer_id", salon.customer_id))
        booking_id = await _added(database, Booking, {**defaults, **contact, **values})
        await add(
            database,
            BookingItem,
            business_id=salon.business_id,
            booking_id=booking_id,
            service_id=salon.service_id,
            position=0,
            name={"ja": "カット", "en": "Cut"},
            start_at=start_at,
            end_at=end_at,
            buffer_before_minutes=0,
            buffer_after_minutes=0,
            price=6600,
            tax_percent=10,
        )
        await add(
            database,
            ResourceClaim,
            business_id=salon.business_id,
            booking_id=booking_id,
            resource_id=salon.resources[resource],
            unit=unit,
            starts_at=start_at,
            ends_at=end_at,
            holds_until=hold,
            released_at=None if status in {"pending", "confirmed", "checked_in"} else NOW,
        )
    return booking_id


async def _contact_of(database: Database, customer_id: UUID) -> dict[str, Any]:
    [contact] = await rows(
        database, "SELECT family_name, given_name, email, phone FROM customers WHERE id = :id", id=customer_id
    )
    return contact


async def add_payment(database: Database, salon: Salon, booking_id: UUID, **values: Any) -> UUID:
    """An open intent over 6600 yen, captured automatically; totals follow the status unless ``values`` differ."""
    status, amount = values.get("status", "requires_payment"), values.get("amount", 6600)
    manual = values.get("capture_method") == "manual"
    taken = amount if status in {"captured", "partially_refunded", "refunded", "disputed"} else 0
    defaults = {
        "business_id": salon.business_id,
        "booking_id": booking_id,
        "provider": "stripe",
        "provider_intent_id": f"pi_{uuid4().hex[:16]}",
        "status": status,
        "capture_method": "manual" if manual else "automatic",
        "amount": amount,
        "authorized": amount if status == "authorized" or (manual and taken) else 0,
        "captured": taken,
        "currency": "JPY",
        "client_secret": "secret",
    }
    async with one_transaction(database):
        payment_id = await _added(database, BookingPayment, {**defaults, **values})
        await add_past(database, payment_id)
    return payment_id


async def add_past(database: Database, *payment_ids: UUID) -> None:
    """The movements and the refund that led to the totals of payments: without them the database refuses these."""
    await rows(database, PAST_REFUNDS, ids=list(payment_ids))
    await rows(database, PAST_MOVEMENTS, ids=list(payment_ids), past=PAST)


async def _added(database: Database, table: type[Base], values: dict[str, Any]) -> UUID:
    row_id = await add(database, table, **values)
    assert row_id is not None
    return row_id
