"""Customers who have consented, campaigns and automations, for tests."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from db.engine.context import Context
from db.engine.session import Database
from db.marketing.campaigns import CampaignPage
from db.messages.preference_tables import Consent
from domain.marketing.automations import AutomationKind
from domain.marketing.campaigns import BETWEEN_PAGES, SenderFacts
from domain.marketing.segments import Segment
from domain.messages.texts import OwnText
from domain.platform.actor import Actor, ActorKind
from tests.support import data
from tests.support.data import NOW, Salon

TEXTS = {
    "ja": OwnText("{{ business }}です", "{{ customer }}様"),
    "en": OwnText("From {{ business }}", "For {{ customer }}"),
}
SENDER = SenderFacts(True, True, True, "approved")
PLACE: Mapping[str, Any] = {"address": {"ja": "神宮前4-99-1"}, "phone": "+81355500123"}


async def complete_profile(pool: Database, salon: Salon) -> None:
    """What an advertising e-mail must say."""
    await data.rows(
        pool,
        """UPDATE businesses SET address = '{"ja": "神宮前4-99-1"}', prefecture = '東京都', phone = '+81355500123'
            WHERE id = :id""",
        id=salon.business_id,
    )


async def consent(
    pool: Database, salon: Salon, customer: UUID, granted: bool = True, at: datetime | None = None
) -> None:
    """What a customer said about advertising."""
    said = {"purpose": "offers", "granted": granted, "source": "staff", "language": "ja", "wording": "?"}
    when = {"created_at": at or NOW - timedelta(days=400)}
    await data.add(
        pool, Consent, business_id=salon.business_id, customer_id=customer, actor_id=salon.owner_id, **said, **when
    )


async def willing(pool: Database, salon: Salon, **values: Any) -> UUID:
    """A customer who has consented."""
    customer = await data.add_customer(pool, salon.business_id, **values)
    await consent(pool, salon, customer)
    return customer


async def many_willing(pool: Database, salon: Salon, number: int) -> None:
    """Many of them, in two statements."""
    await data.rows(
        pool,
        """WITH made AS (
               INSERT INTO customers (business_id, family_name, email)
               SELECT :id, '佐藤', 'many-' || n || '@example.com' FROM generate_series(1, :number) n RETURNING id)
           INSERT INTO consents (business_id, customer_id, purpose, granted, source, language, wording, actor_id)
           SELECT :id, id, 'offers', true, 'staff', 'ja', '?', :owner FROM made""",
        id=salon.business_id,
        number=number,
        owner=salon.owner_id,
    )


async def draft(pool: Database, salon: Salon, segment: Segment | None = None) -> UUID:
    """A campaign that was not started."""
    async with pool.unit_of_work(salon.scope, Context(Actor(ActorKind.STAFF, salon.owner_id))) as work:
        row = await work.marketing.campaigns.add(salon.business_id, "夏", segment or Segment(), TEXTS, 14)
        return row.id


async def started(pool: Database, salon: Salon, segment: Segment | None = None, now: datetime = NOW) -> UUID:
    """A campaign whose first page is due."""
    campaign = await draft(pool, salon, segment)
    async with pool.unit_of_work(salon.scope) as work:
        await work.marketing.campaigns.start(campaign, None, now)
    return campaign


async def page(pool: Database, salon: Salon, campaign: UUID, now: datetime = NOW) -> CampaignPage:
    """One step of its run."""
    async with pool.unit_of_work(salon.scope) as work:
        return await work.marketing.campaigns.take_page(campaign, now)


async def all_pages(pool: Database, salon: Salon, campaign: UUID, now: datetime = NOW) -> int:
    """Every step; how many messages were queued."""
    queued = 0
    for _ in range(1000):
        step = await page(pool, salon, campaign, now)
        queued, now = queued + step.queued, now + BETWEEN_PAGES
        if step.next_at is None:
            return queued
    raise AssertionError("the campaign does not end")


async def recipients(pool: Database, salon: Salon) -> list[UUID]:
    """Who got a message, in the order of the rows."""
    rows = await data.rows(
        pool, "SELECT customer_id FROM marketing_sends WHERE business_id = :id ORDER BY id", id=salon.business_id
    )
    return [row["customer_id"] for row in rows]


async def automation(
    pool: Database, salon: Salon, kind: AutomationKind, *, days: int | None = None, since: datetime, **more: Any
) -> UUID:
    """One that is on since then."""
    async with pool.unit_of_work(salon.scope) as work:
        row = await work.marketing.automations.add(salon.business_id, kind, days, more.get("service_id"), TEXTS)
        await work.marketing.automations.change(row.id, None, None, True, SENDER, since)
    return row.id
