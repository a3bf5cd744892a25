"""Salons and customers, straight into the database: registering hundreds over HTTP would test the password hash."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from sqlalchemy import text

from db.engine.session import Database, Scope
from tests.chaos.customers import BookableSalon
from tests.chaos.plan import Plan
from tests.support import data

STAFF = 6
#: So many bookings per salon that hours are scarce, and that a mailbox can be looked at in one piece.
_PER_SALON = 150
#: Hours in a row that can be booked; six staff make 6 x 36 places for 150 customers who prefer the first.
_HOURS = 36
_MAIL = "example.jp"


@dataclass(frozen=True, slots=True)
class Population:
    """``users``: (id, e-mail address) of the customers. ``mailboxes`` of the salons."""

    salons: Sequence[BookableSalon]
    users: Sequence[tuple[UUID, str]]
    mailboxes: Sequence[str]


async def make(database: Database, plan: Plan) -> Population:
    """As many salons as the bookings need, each with staff and one service that is paid in advance."""
    # From 20 hours ahead, so that every tier of the cancellation policy is met.
    first = datetime.now(UTC).replace(minute=0, second=0, microsecond=0) + timedelta(hours=20)
    starts = [first + timedelta(hours=number) for number in range(_HOURS)]
    salons, mailboxes = [], []
    for number in range(max(-(-plan.bookings // _PER_SALON), len(plan.providers))):
        mailboxes.append(f"salon{number}@{_MAIL}")
        provider = plan.providers[number % len(plan.providers)]
        business_id = await data.add_business(database, email=mailboxes[-1], payment_provider=provider)
        staff = [await data.add_resource(database, business_id) for _ in range(STAFF)]
        await data.add_policy(database, business_id)
        service_id = await data.add_service(database, business_id, *staff, payment_mode="prepay")
        await data.rows(
            database,
            "UPDATE business_settings SET hold_for = :hold, lead_time = '0', slot_interval_minutes = 60"
            " WHERE business_id = :id",
            hold=plan.hold,
            id=business_id,
        )
        salons.append(BookableSalon(business_id, service_id, plan.hold, starts, provider))
    return Population(salons, await _users(database, plan.bookings), mailboxes)


async def _users(database: Database, count: int) -> list[tuple[UUID, str]]:
    statement = text("""
        INSERT INTO users (email, password_hash, family_name, email_verified_at)
        SELECT 'customer' || n || :domain, '!', '田中', now() FROM generate_series(1, :count) n RETURNING id, email
    """)
    async with database.unit_of_work(Scope.platform()) as work:
        made = await work.session.execute(statement, {"count": count, "domain": f"@{_MAIL}"})
        return [(row.id, str(row.email)) for row in made]
