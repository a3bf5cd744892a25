"""Three salons with everything in them, and everybody who might ask for another's."""

from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

from fastapi import FastAPI
from httpx import AsyncClient

from analytics.days import recompute
from analytics.page import BusinessDay
from api.access.callers import ApiServices
from api.access.guest_links import HEADER, MESSAGE_HEADER, WAITLIST_HEADER
from api.access.tokens import Login
from db.analytics.export_tables import AnalyticsExport
from db.bookings.blocks import BlockRequest
from db.bookings.tables import BookingSeries
from db.bookings.waitlist.tables import WaitlistEntry
from db.customers.archive_tables import BusinessArchive
from db.customers.import_tables import CustomerImport
from db.customers.note_tables import CustomerNote
from db.engine.context import Context
from db.engine.session import Database as Pool
from db.engine.session import Scope
from db.identity.tables import UserSession
from db.marketing.tables import Automation, Campaign
from db.media.tables import BusinessMedia
from db.messages.channel_tables import ChannelAddress
from db.onboarding.tables import BusinessDocument, BusinessVerification
from db.payments.account_tables import PaymentAccount
from db.payments.dispute_tables import PaymentDispute
from db.payments.payout_tables import PaymentPayout
from db.payments.tables import Refund
from db.payments.venue_tables import VenuePayment
from db.scheduling.tables import StaffException, StaffInvitation
from db.tables import Base
from domain.messages.kinds import NoticeKind
from domain.platform.actor import Actor, ActorKind
from tests.api.conftest import Clock, client_of
from tests.api.tenancy.asking import operations
from tests.support import data
from tests.support.data import Salon
from tests.support.refunds import succeed_refund
from tests.support.reviews import add_review

#: Who works for a business, who is its customer, who has a link of it, who is nobody, and a customer of the salon that
#: must not be seen, who has nothing to do with what is asked for.
CALLERS = ("owner", "manager", "staff", "assistant", "customer", "guest", "nobody", "fellow")


@dataclass(frozen=True)
class Filled:
    """A salon, one row of each table that an id of the API is of, and the token of its calendar feed."""

    salon: Salon
    rows: Mapping[str, Any]
    feed_token: str


def missing(table: str) -> object:
    """An id that no row of the table has."""
    return 10**15 if table == "audit_logs" else uuid4()


@dataclass
class Tenants:
    """``mine`` is everybody's but the fellow's; ``other`` is open to all, ``hidden`` is suspended."""

    mine: Filled
    other: Filled
    hidden: Filled
    people: Mapping[str, AsyncClient]
    admin: AsyncClient
    soon: datetime

    def ready(self, asked: dict[str, Any]) -> dict[str, Any]:
        """A question with a key, a time that is ahead, and the token of a calendar feed."""
        body = asked.get("json")
        if asked["url"].endswith("/calendar.ics"):
            asked["params"] = {**asked["params"], "token": self.mine.feed_token}
        elif asked["url"].endswith(".ics"):
            asked["url"] = f"{asked['url'].rpartition('/')[0]}/{self.mine.feed_token}.ics"
        if isinstance(body, dict) and "start_at" in body:
            body["start_at"] = self.soon.isoformat()
        if asked["url"].endswith(("/analytics", "/analytics/export")) or "/pictures/" in asked["url"]:
            day = self.soon.date().isoformat()
            asked["params"] = {**asked["params"], "from": day, "to": day}
        if asked["url"].endswith("/notifications/stats"):
            day = self.soon.date().isoformat()
            asked["params"] = {**asked["params"], "first_day": day, "last_day": day}
        if asked["url"].endswith("/channels/push") and body is not None:
            # Of the push services the sandbox alone is known here.
            body["endpoint"] = "http://127.0.0.1/push/b1"
        if "/availability" in asked["url"]:
            day = self.soon.date().isoformat()
            times = (
                {"start": self.soon.isoformat()} if asked["url"].endswith("/resources") else {"from": day, "to": day}
            )
            asked["params"] = {**asked["params"], **times}
        return {**asked, "headers": {"Idempotency-Key": uuid4().hex}}


async def fill(pool: Pool, soon: datetime) -> Filled:
    """A salon with a row in every table that an operation takes an id of. Add what a new table needs here."""
    async with data.one_transaction(pool):
        salon = await data.add_salon(pool)
        booking = await data.add_booking(
            pool, salon, soon + timedelta(days=1), special_requests=f"for {salon.business_id}"
        )
        payment = await data.add_payment(pool, salon, booking, status="captured")
        refund = {"payment_id": payment, "booking_id": booking, "amount": 100, "currency": "JPY", "reason": "requested"}
        refunded = await data.add(pool, Refund, business_id=salon.business_id, command_id="r", **refund)
    await succeed_refund(pool, refunded)
    async with pool.unit_of_work(salon.scope) as work:
        await work.messages.notices.queue(NoticeKind.BOOKING_CONFIRMED, booking, salon.business_id, str(booking))
        await work.platform.attention.file(
            "visit_unattended", str(booking), business_id=salon.business_id, booking_id=booking
        )
    later = soon + timedelta(days=7)
    async with data.one_transaction(pool):
        await data.add(pool, UserSession, user_id=salon.owner_id, last_used_at=soon, expires_at=later)
        await data.add_staff(pool, salon.business_id, resource_id=salon.resources[0])
        day = later.date()
        off = {"resource_id": salon.resources[0], "first_day": day, "last_day": day, "kind": "off"}
        await data.add(pool, StaffException, business_id=salon.business_id, **off)
        recurring = {
            "user_id": salon.user_id,
            "start_at": soon,
            "recurrence": {"frequency": "weekly", "count": 2},
            "time_zone": "Asia/Tokyo",
        }
        await data.add(pool, BookingSeries, business_id=salon.business_id, customer_id=salon.customer_id, **recurring)
    async with pool.unit_of_work(salon.scope) as work:
        blocked = BlockRequest(salon.resources[0], later, later + timedelta(hours=1), reason=f"for {salon.business_id}")
        await work.bookings.blocks.add_block(salon.business_id, blocked, soon, confirm=False)
    maker = Context(Actor(ActorKind.STAFF, salon.owner_id))
    async with pool.unit_of_work(salon.scope, maker) as work:
        _, feed_token = await work.bookings.feeds.add_feed(salon.business_id, salon.resources[0])
    async with data.one_transaction(pool):
        invited = {
            "email": "new@example.jp",
            "role": "staff",
            "language": "ja",
            "expires_at": later,
            "invited_by": salon.owner_id,
        }
        await data.add(pool, StaffInvitation, business_id=salon.business_id, **invited)
        document = {"kind": "permit", "content_type": "application/pdf", "object_key": f"documents/{salon.business_id}"}
        await data.add(pool, BusinessDocument, business_id=salon.business_id, **document)
        await data.add(pool, BusinessVerification, business_id=salon.business_id)
        taken = {"kind": "payment", "method": "cash", "amount": 1000, "currency": "JPY", "day": soon.date()}
        of = {"booking_id": booking, "taken_by": salon.owner_id, "command_id": "c"}
        await data.add(pool, VenuePayment, business_id=salon.business_id, **taken, **of)
        sealed = {"public_key": "pk_test_of_the_world", "secrets_encrypted": b"sealed", "key_id": "k1"}
        await data.add(pool, PaymentAccount, business_id=salon.business_id, provider="stripe", **sealed)
        disputed = {
            "payment_id": payment,
            "booking_id": booking,
            "amount": 1,
            "currency": "JPY",
            "reason": "fraudulent",
        }
        await data.add(pool, PaymentDispute, business_id=salon.business_id, provider_dispute_id="du_world", **disputed)
        paid_out = {
            "provider_payout_id": f"po_{salon.business_id}",
            "status": "paid",
            "currency": "JPY",
            "made_at": soon,
        }
        sums = {"provider": "stripe", "amount": 100, "entries_net": 100, "fees": 0}
        await data.add(pool, PaymentPayout, business_id=salon.business_id, **paid_out, **sums)
        picture = {"kind": "image", "content_type": "image/jpeg", "upload_key": f"uploads/{salon.business_id}"}
        await data.add(pool, BusinessMedia, business_id=salon.business_id, status="ready", **picture)
        waits = {"first_day": day, "last_day": day, "service_name": {"ja": "カット"}, "time_zone": "Asia/Tokyo"}
        who = {"service_id": salon.service_id, "user_id": salon.user_id, "status": "waiting", "joined_at": soon}
        await data.add(pool, WaitlistEntry, business_id=salon.business_id, ends_at=later, **who, **waits)
    await add_review(pool, salon, booking)
    async with pool.unit_of_work(Scope.platform()) as work:
        await recompute(work.session, [BusinessDay(salon.business_id, soon.date())])
    async with data.one_transaction(pool):
        about = {"customer_id": salon.customer_id, "kind": "general", "body": f"of {salon.business_id}"}
        await data.add(pool, CustomerNote, business_id=salon.business_id, **about)
        file = {"digest": "d", "encoding": "utf-8", "header": ["氏名"], "columns": ["name"]}
        await data.add(pool, CustomerImport, business_id=salon.business_id, **file)
        await data.add(pool, BusinessArchive, business_id=salon.business_id)
        days = {"first_day": day, "last_day": day, "format": "csv", "requested_by": salon.owner_id}
        await data.add(pool, AnalyticsExport, business_id=salon.business_id, **days)
        texts = {"ja": {"subject": f"of {salon.business_id}", "body": "本文"}}
        await data.add(pool, Campaign, business_id=salon.business_id, name="夏", texts=texts, count_days=14)
        await data.add(pool, Automation, business_id=salon.business_id, kind="birthday", days=0, texts=texts)
        phone = {"channel": "sms", "address": "+819012345678", "proven_at": soon}
        await data.add(pool, ChannelAddress, user_id=salon.owner_id, **phone)
    found: dict[str, Any] = {"businesses": salon.business_id, "users": salon.owner_id}
    async with data.one_transaction(pool):
        for table in {place.table for operation in operations() for place in operation.places} - set(found):
            of_business = "business_id" in Base.metadata.tables[table].c
            whose = ("business_id", salon.business_id) if of_business else ("user_id", salon.owner_id)
            rows = await data.rows(
                pool, f"SELECT id FROM {table} WHERE {whose[0]} = :id ORDER BY id LIMIT 1", id=whose[1]
            )
            assert rows, f"tests/api/tenancy/world.py puts no row into {table}"
            found[table] = rows[0]["id"]
    return Filled(salon, found, feed_token)


async def content(pool: Pool, salon: Salon) -> dict[str, list[dict[str, Any]]]:
    """Every row of the salon, by table."""
    tables = [table.name for table in Base.metadata.sorted_tables if "business_id" in table.c]
    async with data.one_transaction(pool):
        found = {
            table: await data.rows(
                pool, f"SELECT * FROM {table} t WHERE business_id = :id ORDER BY t::text", id=salon.business_id
            )
            for table in tables
        }
        found["businesses"] = await data.rows(pool, "SELECT * FROM businesses WHERE id = :id", id=salon.business_id)
    return found


@asynccontextmanager
async def opened_world(app: FastAPI, pool: Pool, clock: Clock) -> AsyncIterator[Tenants]:
    """The world, with a client for everybody in it."""
    day = clock.now().astimezone(ZoneInfo("Asia/Tokyo")).date() + timedelta(days=2)
    soon = datetime.combine(day, time(10), ZoneInfo("Asia/Tokyo"))
    mine, other, hidden = [await fill(pool, soon) for _ in range(3)]
    await data.rows(pool, "UPDATE businesses SET status = 'suspended' WHERE id = :id", id=hidden.salon.business_id)
    services: ApiServices = app.state.services
    async with AsyncExitStack() as stack:

        async def person(user_id: UUID, is_admin: bool = False) -> AsyncClient:
            token = services.tokens.issue(Login(user_id, is_admin), clock.now())
            return await stack.enter_async_context(client_of(app, Authorization=f"Bearer {token}"))

        people = {"owner": await person(mine.salon.owner_id), "customer": await person(mine.salon.user_id)}
        for role in ("manager", "staff", "assistant"):
            people[role] = await person(await data.add_staff(pool, mine.salon.business_id, role=role))
        fellow = await data.add_user(pool)
        for filled in (other, hidden):
            await data.add_customer(pool, filled.salon.business_id, user_id=fellow)
        link = services.booking_links.token(mine.rows["bookings"])
        people["fellow"] = await person(fellow)
        entry = services.waitlist_links.token(mine.rows["waitlist"])
        message = services.message_links.token(mine.rows["notification_outbox"])
        shown = {HEADER: link, WAITLIST_HEADER: entry, MESSAGE_HEADER: message}
        people["guest"] = await stack.enter_async_context(client_of(app, **shown))
        people["nobody"] = await stack.enter_async_context(client_of(app))
        admin = await data.add_user(pool, platform_role="admin")
        yield Tenants(mine, other, hidden, people, await person(admin, is_admin=True), soon)
