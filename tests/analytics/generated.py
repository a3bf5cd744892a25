"""Businesses with random bookings: night hours, clock changes, one-off days, several services, payments, refunds."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from random import Random
from typing import Any
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

from db.bookings.tables import Booking, BookingItem, ResourceClaim
from db.businesses.tables import BusinessHoliday
from db.engine.session import Database
from db.payments.tables import BookingPayment
from db.payments.venue_tables import VenuePayment
from db.reviews.tables import Review
from db.scheduling.tables import StaffException, StaffWorkingHours
from domain.booking_status import BookingStatus
from domain.ids import confirmation_code
from tests.support.data import (
    POLICY,
    Salon,
    add,
    add_all,
    add_customer,
    add_past,
    add_salon,
    add_service,
    one_transaction,
    rows,
)

DAYS = 8


@dataclass(frozen=True, slots=True)
class Generated:
    """A business and the days on which it has bookings."""

    salon: Salon
    services: tuple[UUID, ...]
    first: date

    @property
    def last(self) -> date:
        """The last business day."""
        return self.first + timedelta(days=DAYS - 1)


async def add_history(pool: Database, seed: int, zone: str, first: date, bookings: int = 60) -> Generated:
    """A business in ``zone`` with random bookings on ``DAYS`` days from ``first``, past midnight on some."""
    random = Random(seed)
    async with one_transaction(pool):
        salon = await add_salon(pool)
        business = salon.business_id
        await rows(pool, "UPDATE businesses SET time_zone = :zone WHERE id = :id", zone=zone, id=business)
        await _set_hours(pool, salon, first, random)
        services = (salon.service_id, await add_service(pool, business, *salon.resources, price=3300))
        customers = [salon.customer_id, *[await add_customer(pool, business) for _ in range(6)]]
        made = [_booking(random, salon, services, customers, zone, first, number) for number in range(bookings)]
        await add_all(pool, Booking, *(one["booking"] for one in made))
        await add_all(pool, BookingItem, *(item for one in made for item in one["items"]))
        await add_all(pool, ResourceClaim, *(claim for one in made for claim in one["claims"]))
        payments = [payment for one in made for payment in one["payments"]]
        if payments:
            await add_all(pool, BookingPayment, *payments)
            made_ids = await rows(pool, "SELECT id FROM booking_payments WHERE business_id = :id", id=business)
            await add_past(pool, *(one["id"] for one in made_ids))
        taken = [entry for one in made for entry in one["venue"]]
        if taken:
            await add_all(pool, VenuePayment, *taken)
        reviews = [review for one in made for review in one["reviews"]]
        if reviews:
            await add_all(pool, Review, *reviews)
    return Generated(salon, services, first)


async def _set_hours(pool: Database, salon: Salon, first: date, random: Random) -> None:
    """10:00 to 26:00 on Friday and Saturday, to 20:00 else; one day has other hours, one is closed."""
    await rows(
        pool,
        "UPDATE business_hours SET opens = 600, closes = CASE WHEN weekday IN (4, 5) THEN 1560 ELSE 1200 END"
        " WHERE business_id = :id",
        id=salon.business_id,
    )
    other, closed = random.sample(range(1, DAYS), 2)
    for day, opens in ((other, [[720, 1500]]), (closed, [])):
        await add(pool, BusinessHoliday, business_id=salon.business_id, day=first + timedelta(days=day), opens=opens)
    for weekday in range(5):
        await add(
            pool,
            StaffWorkingHours,
            business_id=salon.business_id,
            resource_id=salon.resources[0],
            weekday=weekday,
            opens=660,
            closes=1080,
        )
    await add(
        pool,
        StaffException,
        business_id=salon.business_id,
        resource_id=salon.resources[1],
        first_day=first + timedelta(days=2),
        last_day=first + timedelta(days=3),
        kind="off",
        ranges=[],
    )


def _booking(
    random: Random,
    salon: Salon,
    services: tuple[UUID, ...],
    customers: list[UUID],
    zone: str,
    first: date,
    number: int,
) -> dict[str, Any]:
    day = first + timedelta(days=random.randrange(DAYS + 1))
    minute = random.choice([0, 30, 59, 90, 119, 120, 600, 615, 720, 1000, 1190, 1380, 1439])
    start_at = (datetime.combine(day, time.min, ZoneInfo(zone)) + timedelta(minutes=minute)).astimezone(UTC)
    status = random.choice(list(BookingStatus)).value
    booking_id = uuid4()
    prices = [random.choice([0, 1, 3300, 6601]) for _ in range(random.choice([1, 1, 2, 3]))]
    key = {"business_id": salon.business_id, "booking_id": booking_id}
    captured = random.choice([0, 0, sum(prices)])
    length = timedelta(minutes=45)
    items = [
        key
        | {
            "service_id": random.choice(services),
            "position": position,
            "name": {"ja": "カット"},
            "start_at": start_at + position * length,
            "end_at": start_at + (position + 1) * length,
            "buffer_before_minutes": 0,
            "buffer_after_minutes": 0,
            "price": price,
            "tax_percent": 10,
        }
        for position, price in enumerate(prices)
    ]
    claims = [
        key
        | {
            "resource_id": random.choice(salon.resources),
            "item_position": item["position"],
            # Every item has a unit of its own: these tests are not about who may have the time.
            "unit": number * 5 + item["position"],
            "starts_at": item["start_at"],
            "ends_at": item["end_at"] + timedelta(minutes=10),
            "released_at": start_at if status in {"cancelled", "declined", "expired"} else None,
        }
        for item in items
    ]
    payments = [
        key
        | {
            "provider": "stripe",
            "provider_intent_id": f"pi_{booking_id.hex}",
            "status": "captured",
            "capture_method": "automatic",
            "amount": captured,
            "captured": captured,
            "refunded": random.choice([0, captured // 3, captured]),
            "currency": "JPY",
        }
        for _ in range(1 if captured else 0)
    ]
    booking = {
        "id": booking_id,
        "business_id": salon.business_id,
        "customer_id": random.choice(customers),
        "code": confirmation_code(),
        "status": status,
        "start_at": start_at,
        "end_at": start_at + len(prices) * length,
        "time_zone": zone,
        "party_size": random.choice([1, 2, 5]),
        "price": sum(prices),
        "amount_due": 0,
        "currency": "JPY",
        "payment_mode": "at_venue",
        "needs_approval": False,
        "policy": POLICY,
        "hold_expires_at": start_at if status == "pending" else None,
    }
    venue = _venue(random, salon, booking_id, day) if random.random() < 0.3 else []
    reviews = [_review(random, salon, booking_id, start_at)] if random.random() < 0.3 else []
    return {
        "booking": booking,
        "items": items,
        "claims": claims,
        "payments": payments,
        "venue": venue,
        "reviews": reviews,
    }


def _venue(random: Random, salon: Salon, booking_id: UUID, day: date) -> list[dict[str, Any]]:
    """A payment at the venue, sometimes with a refund of a part; often on another day than the visit."""
    entry = {
        "business_id": salon.business_id,
        "booking_id": booking_id,
        "method": random.choice(["cash", "card"]),
        "currency": "JPY",
        "day": day + timedelta(days=random.choice([0, 0, 3])),
        "taken_by": salon.owner_id,
    }
    paid = entry | {"kind": "payment", "amount": 3301, "command_id": f"pay-{booking_id}"}
    back = entry | {"kind": "refund", "amount": -random.choice([1, 3301]), "command_id": f"refund-{booking_id}"}
    return [paid, back] if random.random() < 0.5 else [paid]


def _review(random: Random, salon: Salon, booking_id: UUID, start_at: datetime) -> dict[str, Any]:
    status = random.choice(["published", "published", "pending"])
    is_deleted = random.random() < 0.2
    return {
        "business_id": salon.business_id,
        "booking_id": booking_id,
        "status": status,
        "rating": random.choice([1, 3, 4, 5]),
        "body": None if is_deleted else "review",
        "service_ids": [salon.service_id],
        "staff_ids": [],
        "visited_on": start_at.date(),
        "editable_until": start_at + timedelta(days=90),
        "publish_at": start_at + timedelta(days=1),
        "published_on": start_at.date() if status == "published" else None,
        "deleted_at": start_at if is_deleted else None,
    }
