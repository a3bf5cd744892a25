"""A platform on which all is well, to be broken by the tests of the auditor."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import asyncpg
from temporalio.client import Client

from db.bookings.tables import BookingHistory
from db.engine.session import Database
from db.invariants import Limits
from db.messages.tables import Notice, NoticeAttempt
from db.payments.tables import PaymentWebhook
from db.reviews.tables import ReviewHistory
from stack.audit import report
from stack.audit.invariants import Report
from tests.support import servers
from tests.support.data import HOUR, NOW, Salon, add, add_booking, add_payment, add_salon, rows
from tests.support.reviews import add_review
from tests.support.waitlist import add_offer

PATHS = {
    "pending": ["pending"],
    "confirmed": ["pending", "confirmed"],
    "completed": ["pending", "confirmed", "checked_in", "completed"],
    "cancelled": ["pending", "confirmed", "cancelled"],
    "expired": ["pending", "expired"],
}


@dataclass
class Audited:
    """A platform on which all is well: bookings in five states, money taken and given back, notices sent."""

    servers: servers.Database
    pool: Database
    salon: Salon
    at: datetime
    ids: dict[str, UUID]

    async def plant(self, *statements: str) -> None:
        """Change rows behind the platform's back: as superuser, and with no trigger or foreign key in the way."""
        connection = await asyncpg.connect(self.servers.superuser_url, ssl=False)
        try:
            await connection.execute("SET session_replication_role = replica")
            for statement in statements:
                await connection.execute(statement.format_map(self.ids))
        finally:
            await connection.close()

    async def audit(self, temporal: Client | None = None, limits: Limits | None = None) -> Report:
        return await report.audit(self.pool, temporal, limits, self.at)


async def book(pool: Database, salon: Salon, status: str, hour: int, **values: Any) -> UUID:
    booking_id = await add_booking(pool, salon, NOW + hour * HOUR, status=status, **values)
    before = None
    for step in PATHS[status]:
        await add(
            pool,
            BookingHistory,
            business_id=salon.business_id,
            booking_id=booking_id,
            event=step,
            from_status=before,
            to_status=step,
            actor_kind="system",
        )
        before = step
    return booking_id


async def _paid(pool: Database, salon: Salon, booking_id: UUID, back: int = 0) -> tuple[UUID, UUID | None]:
    """6600 yen captured, ``back`` of it refunded; the ids of payment and refund."""
    payment_id = await add_payment(
        pool,
        salon,
        booking_id,
        status="partially_refunded" if back else "captured",
        captured=6600,
        authorized=0,
        refunded=back,
    )
    [refund] = await rows(pool, "SELECT id FROM refunds WHERE payment_id = :id", id=payment_id) or [{"id": None}]
    return payment_id, refund["id"]


async def _notice(pool: Database, salon: Salon, booking_id: UUID, status: str) -> UUID:
    notice_id = await add(
        pool,
        Notice,
        business_id=salon.business_id,
        booking_id=booking_id,
        customer_id=salon.customer_id,
        kind="booking_confirmed",
        status=status,
        dedupe_key=str(uuid4()),
    )
    assert notice_id is not None
    if status == "delivered":
        await add(
            pool, NoticeAttempt, business_id=salon.business_id, notice_id=notice_id, finished_at=NOW, outcome="accepted"
        )
    return notice_id


async def make_bookings(pool: Database, at: datetime) -> tuple[Salon, dict[str, UUID]]:
    salon = await add_salon(pool)
    paid = {"amount_due": 6600, "payment_mode": "prepay"}
    ids: dict[str, UUID] = {
        "business": salon.business_id,
        "pending": await book(pool, salon, "pending", 72, hold_expires_at=at + timedelta(minutes=10)),
        "confirmed": await book(pool, salon, "confirmed", 74, **paid),
        "completed": await book(pool, salon, "completed", 76, **paid),
        "cancelled": await book(pool, salon, "cancelled", 78, **paid, cancellation_penalty=3300),
        "expired": await book(pool, salon, "expired", 80, **paid),
    }
    ids["entry"], ids["offer"] = await add_offer(pool, salon, at + 500 * HOUR, at + timedelta(minutes=10))
    review = {"status": "pending", "published_on": None, "rating": 4}
    ids["review"] = await add_review(pool, salon, ids["completed"], **review)
    steps: dict[str, Any] = {"business_id": salon.business_id, "review_id": ids["review"], "actor_kind": "system"}
    await add(pool, ReviewHistory, **steps, from_status=None, to_status="pending")
    async with pool.unit_of_work(salon.scope) as work:
        await work.reviews.advance(ids["review"], NOW + timedelta(days=9))
    ids["payment"], _ = await _paid(pool, salon, ids["confirmed"])
    await _paid(pool, salon, ids["completed"])
    ids["returned"], refund = await _paid(pool, salon, ids["cancelled"], back=3300)
    assert refund is not None
    ids["refund"] = refund
    ids["voided"] = await add_payment(pool, salon, ids["expired"], status="voided")
    ids["sent"] = await _notice(pool, salon, ids["confirmed"], "delivered")
    ids["queued"] = await _notice(pool, salon, ids["pending"], "queued")
    webhook = await add(
        pool,
        PaymentWebhook,
        provider="stripe",
        event_id="evt_1",
        event_type="payment_intent.succeeded",
        payment_id=ids["payment"],
        event={},
        event_created_at=NOW,
        applied_at=NOW,
        outcome="captured",
    )
    assert webhook is not None
    ids["webhook"] = webhook
    return salon, ids


@dataclass
class Template:
    """A filled database that each test gets a copy of."""

    name: str
    salon: Salon
    at: datetime
    ids: dict[str, UUID]
