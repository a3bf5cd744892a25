"""Campaigns: written, started, commanded, and sent page by page."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, bindparam, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.dialects.postgresql import UUID as PgUUID

from db.engine.store import Store
from db.marketing.segments import MATCHES, MAY_GET, SAME_PERSON, TYPED, read, stored, values_of
from db.marketing.sends import MarketingSendStore, Sending, Source, read_texts, stored_texts
from db.messages.commands.queue import AccountEmail, NoticeQueueStore
from db.platform.outbox import START_CAMPAIGN, OutboxStore
from domain.errors import NotFound, WrongState
from domain.marketing.campaigns import (
    ACTIVE,
    BETWEEN_PAGES,
    LOOK_AGAIN,
    PAGE,
    READ,
    CampaignCommand,
    CampaignStatus,
    HeldBecause,
    SenderFacts,
    after_command,
    held_because,
    start_at,
)
from domain.marketing.segments import Segment
from domain.marketing.texts import text_for
from domain.messages.kinds import AccountEmailKind
from domain.messages.preferences import quiet_until
from domain.messages.texts import OwnText

_IS_APPROVED = "s.status = 'approved' AND s.deleted_at IS NULL AS is_approved"
_SELECT = f"""
    SELECT g.id, g.business_id, g.name, g.status, g.segment, g.texts, g.count_days, g.starts_at, g.finished_at,
           g.created_at, g.updated_at, {_IS_APPROVED}
      FROM campaigns g JOIN businesses s ON s.id = g.business_id"""
_LIST = text(f"""{_SELECT}
     WHERE g.business_id = :business_id AND (CAST(:after AS uuid) IS NULL OR g.id < :after)
     ORDER BY g.id DESC LIMIT :limit
""").columns(segment=JSONB, texts=JSONB)
_GET = text(f"{_SELECT} WHERE g.id = :id").columns(segment=JSONB, texts=JSONB)
_ADD = text("""
    INSERT INTO campaigns (business_id, name, segment, texts, count_days, created_by)
    VALUES (:business_id, :name, CAST(:segment AS jsonb), CAST(:texts AS jsonb), :count_days, :user_id) RETURNING id
""")
_CHANGE = text("""
    UPDATE campaigns SET name = coalesce(:name, name), segment = coalesce(CAST(:segment AS jsonb), segment),
           texts = coalesce(CAST(:texts AS jsonb), texts), count_days = coalesce(:count_days, count_days)
     WHERE id = :id
""")
#: Services that were deleted since count too: customers have come for them.
_SERVICES = text("SELECT count(*) FROM services WHERE id = ANY(:ids) AND business_id = :business_id").bindparams(
    bindparam("ids", type_=ARRAY(PgUUID))
)
_REMOVE = text("DELETE FROM campaigns WHERE id = :id")
_LOCK = text(f"""
    SELECT g.id, g.business_id, g.status, g.segment, g.texts, g.starts_at, g.cursor, s.time_zone, {_IS_APPROVED}
      FROM campaigns g JOIN businesses s ON s.id = g.business_id WHERE g.id = :id FOR NO KEY UPDATE OF g
""").columns(segment=JSONB, texts=JSONB)
_SENDER = text(f"""
    SELECT s.status, {_IS_APPROVED},
           coalesce(s.address ?| array['ja', 'en'], false) AS has_address,
           coalesce(nullif(s.phone, ''), nullif(s.email, '')) IS NOT NULL AS has_contact
      FROM businesses s WHERE s.id = :business_id
""")
_START = text("""
    UPDATE campaigns SET status = 'scheduled', starts_at = :starts_at, started_by = :user_id WHERE id = :id
""")
_STATUS = text("""
    UPDATE campaigns SET status = :status, finished_at = CASE WHEN :over THEN CAST(:now AS timestamptz) END
     WHERE id = :id
""")
_GO_ON = text("UPDATE campaigns SET cursor = :cursor WHERE id = :id")
# Each address once, also where two records have it, and each person once, also where two records were merged since.
# A count, not an EXISTS, and no second join of customers: neither can become a loop over all customers for each one of
# the page, which the planner chooses as long as it knows no statistics of the table (after an import).
_READ = "c.id, c.business_id, c.language, c.email_key, c.tags, c.birthday, c.deleted_at"
_MATCHING = f"""
          JOIN businesses s ON s.id = c.business_id
         WHERE {MAY_GET} AND {MATCHES}
           AND (SELECT count(*) FROM marketing_sends x
                 WHERE x.campaign_id = :id AND x.customer_id = ANY(ARRAY({SAME_PERSON}))) = 0"""
# A record that was still to come may be merged into one that was passed, and which gets its consent or its address with
# that. Such records are looked at again until the cursor has passed the merged one too. An hour: clocks differ.
_PAGE = (
    text(f"""
    WITH RECURSIVE read AS MATERIALIZED (
        SELECT {_READ} FROM customers c
         WHERE c.business_id = :business_id AND c.deleted_at IS NULL
           AND (CAST(:cursor AS uuid) IS NULL OR c.id > :cursor) ORDER BY c.id LIMIT :read),
    merged AS (
        SELECT o.merged_into AS id FROM customers o
         WHERE o.business_id = :business_id AND o.merged_into IS NOT NULL AND o.id > CAST(:cursor AS uuid)
           AND o.deleted_at > CAST(:starts_at AS timestamptz) - interval '1 hour'
         UNION
        SELECT (SELECT o.merged_into FROM customers o WHERE o.id = m.id) FROM merged m WHERE m.id IS NOT NULL),
    passed AS MATERIALIZED (
        SELECT {_READ} FROM customers c
         WHERE c.id = ANY(ARRAY(SELECT m.id FROM merged m WHERE m.id <= CAST(:cursor AS uuid)))
           AND c.deleted_at IS NULL),
    found AS (SELECT c.id, c.language, c.email_key FROM read c {_MATCHING} ORDER BY c.id LIMIT :page),
    again AS (SELECT c.id, c.language, c.email_key FROM passed c {_MATCHING}),
    once AS (
        SELECT DISTINCT ON (email_key) id, language FROM (SELECT * FROM again UNION ALL SELECT * FROM found) f
         ORDER BY email_key, id)
    SELECT (SELECT count(*) FROM found) AS found, (SELECT count(*) FROM read) AS read,
           (SELECT id FROM found ORDER BY id DESC LIMIT 1) AS last_found,
           (SELECT id FROM read ORDER BY id DESC LIMIT 1) AS last_read,
           (SELECT coalesce(jsonb_agg(jsonb_build_array(id, language) ORDER BY id), '[]') FROM once) AS recipients
""")
    .bindparams(*TYPED)
    .columns(recipients=JSONB)
)
_COUNT = (
    text(f"""
    WITH found AS (
        SELECT DISTINCT ON (c.email_key) c.id, c.family_name, c.given_name, c.language
          FROM customers c JOIN businesses s ON s.id = c.business_id
         WHERE c.business_id = :business_id AND {MAY_GET} AND {MATCHES} ORDER BY c.email_key, c.id)
    SELECT (SELECT count(*) FROM found) AS recipients,
           (SELECT count(*) FROM customers c JOIN businesses s ON s.id = c.business_id
             WHERE c.business_id = :business_id AND c.deleted_at IS NULL AND {MATCHES}) AS matching,
           (SELECT coalesce(jsonb_agg(to_jsonb(x)), '[]') FROM (SELECT * FROM found ORDER BY id LIMIT :sample) x)
               AS sample
""")
    .bindparams(*TYPED)
    .columns(sample=JSONB)
)
#: Customers that a preview shows.
SAMPLE = 5


@dataclass(frozen=True, slots=True)
class CampaignRow:
    """One campaign. ``held_because``: why nothing is sent of it now although it is scheduled or running."""

    id: UUID
    business_id: UUID
    name: str
    status: CampaignStatus
    held_because: HeldBecause | None
    segment: Segment
    texts: Mapping[str, OwnText]
    count_days: int
    starts_at: datetime | None
    finished_at: datetime | None
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class SampledCustomer:
    """A customer who would get the message."""

    id: UUID
    family_name: str
    given_name: str
    language: str


@dataclass(frozen=True, slots=True)
class Audience:
    """Who would get a campaign now. ``matching`` customers meet the conditions; ``recipients`` of them have consented
    and have an address, which is counted once."""

    matching: int
    recipients: int
    sample: list[SampledCustomer]


@dataclass(frozen=True, slots=True)
class CampaignPage:
    """What one step of a campaign did. ``next_at``: when to take the next one; None when none is to come while the
    status stays as it is."""

    status: CampaignStatus
    queued: int
    next_at: datetime | None


class CampaignStore(Store):
    """Written by people, sent by the workflow."""

    async def list_campaigns(self, business_id: UUID, after: UUID | None, limit: int) -> list[CampaignRow]:
        """The newest first."""
        values = {"business_id": business_id, "after": after, "limit": limit}
        return [_campaign(row) for row in await self.session.execute(_LIST, values)]

    async def get(self, campaign_id: UUID) -> CampaignRow:
        """One campaign. Raises NotFound."""
        row = (await self.session.execute(_GET, {"id": campaign_id})).one_or_none()
        if row is None:
            raise NotFound
        return _campaign(row)

    async def add(
        self, business_id: UUID, name: str, segment: Segment, texts: Mapping[str, OwnText], count_days: int
    ) -> CampaignRow:
        """A new draft. Raises NotFound for an unknown service."""
        await self._check_services(business_id, segment)
        values = {
            "business_id": business_id,
            "name": name,
            "segment": json.dumps(stored(segment)),
            "texts": json.dumps(stored_texts(texts)),
            "count_days": count_days,
            "user_id": self.context.actor.user_id,
        }
        return await self.get((await self.session.execute(_ADD, values)).scalar_one())

    async def change(
        self,
        campaign_id: UUID,
        name: str | None,
        segment: Segment | None,
        texts: Mapping[str, OwnText] | None,
        count_days: int | None,
    ) -> CampaignRow:
        """Change a draft; None leaves a field. Raises NotFound (also for an unknown service) and WrongState."""
        draft = await self._lock_draft(campaign_id)
        if segment is not None:
            await self._check_services(draft.business_id, segment)
        values = {
            "id": campaign_id,
            "name": name,
            "segment": None if segment is None else json.dumps(stored(segment)),
            "texts": None if texts is None else json.dumps(stored_texts(texts)),
            "count_days": count_days,
        }
        await self.session.execute(_CHANGE, values)
        return await self.get(campaign_id)

    async def remove(self, campaign_id: UUID) -> None:
        """Delete a draft. Raises NotFound and WrongState."""
        await self._lock_draft(campaign_id)
        await self.session.execute(_REMOVE, {"id": campaign_id})

    async def audience(self, business_id: UUID, segment: Segment, now: datetime) -> Audience:
        """Who would get a campaign at ``now``."""
        values = {"business_id": business_id, "now": now, "sample": SAMPLE, **values_of(segment)}
        row = (await self.session.execute(_COUNT, values)).one()
        people = [SampledCustomer(**{**one, "id": UUID(one["id"])}) for one in row.sample]
        return Audience(row.matching, row.recipients, people)

    async def sender(self, business_id: UUID) -> SenderFacts:
        """What the profile of the business says about itself. Raises NotFound."""
        row = (await self.session.execute(_SENDER, {"business_id": business_id})).one_or_none()
        if row is None:
            raise NotFound
        return SenderFacts(**row._mapping)

    async def start(self, campaign_id: UUID, asked: datetime | None, now: datetime) -> CampaignRow:
        """Start a draft; its run begins at its time. Two starts at once: the second is refused. Raises NotFound,
        WrongState, SenderIncomplete and InvalidInput."""
        row = await self._lock(campaign_id)
        starts_at = start_at(CampaignStatus(row.status), await self.sender(row.business_id), asked, now)
        user_id = self.context.actor.user_id
        await self.session.execute(_START, {"id": campaign_id, "starts_at": starts_at, "user_id": user_id})
        payload = {"campaign_id": campaign_id, "business_id": row.business_id}
        await OutboxStore(self.session, self.context).add(
            "campaign.started", f"campaign/{campaign_id}", row.business_id, payload, START_CAMPAIGN
        )
        return await self.get(campaign_id)

    async def command(self, campaign_id: UUID, command: CampaignCommand, now: datetime) -> CampaignStatus:
        """Pause, resume or stop. Waits for a page that is being taken. Raises NotFound and WrongState."""
        row = await self._lock(campaign_id)
        status = after_command(CampaignStatus(row.status), command, row.starts_at or now, now)
        if status.value != row.status:
            await self._set(campaign_id, status, now)
        return status

    async def send_test(self, campaign_id: UUID, language: str, user_id: UUID, key: str) -> None:
        """The message as a customer would get it, to the caller's own login. ``key``: the same gives one message."""
        campaign = await self.get(campaign_id)
        chosen, _ = text_for(campaign.texts, language)
        await NoticeQueueStore(self.session, self.context).queue_account_email(
            AccountEmail(
                AccountEmailKind.CAMPAIGN_MESSAGE,
                user_id,
                f"campaign_test:{campaign_id}:{key}",
                {"campaign_id": str(campaign_id), "test": True},
                campaign.business_id,
                chosen,
            )
        )

    async def take_page(self, campaign_id: UUID, now: datetime) -> CampaignPage:
        """Queue the next messages, in one transaction. Nothing happens before the campaign's time, in quiet hours,
        while it is paused, and while its business is suspended. A repeat goes on behind the last customer that was
        read. Raises NotFound."""
        row = await self._lock(campaign_id)
        status = CampaignStatus(row.status)
        if status not in ACTIVE:
            return CampaignPage(status, 0, None)
        if row.starts_at > now:
            return CampaignPage(status, 0, row.starts_at)
        if held_because(status, is_approved=row.is_approved) is not None:
            return CampaignPage(status, 0, now + LOOK_AGAIN)
        if until := quiet_until(now, row.time_zone, None):
            return CampaignPage(status, 0, until)
        if status is CampaignStatus.SCHEDULED:
            status = CampaignStatus.RUNNING
            await self._set(campaign_id, status, now)
        about = {"id": campaign_id, "business_id": row.business_id, "starts_at": row.starts_at}
        values = {**about, "cursor": row.cursor, "now": now}
        limits = {"page": PAGE, "read": READ, **values_of(read(row.segment))}
        page = (await self.session.execute(_PAGE, {**values, **limits})).one()
        texts = read_texts(row.texts)
        sendings = [Sending(UUID(one), text_for(texts, language)[0]) for one, language in page.recipients]
        source = Source(row.business_id, campaign_id=campaign_id)
        queued = await MarketingSendStore(self.session, self.context).queue(source, sendings)
        if page.found < PAGE and page.read < READ:
            await self._set(campaign_id, CampaignStatus.DONE, now)
            return CampaignPage(CampaignStatus.DONE, queued, None)
        cursor = page.last_found if page.found == PAGE else page.last_read
        await self.session.execute(_GO_ON, {"id": campaign_id, "cursor": cursor})
        return CampaignPage(status, queued, now + BETWEEN_PAGES if queued else now)

    async def _set(self, campaign_id: UUID, status: CampaignStatus, now: datetime) -> None:
        over = status in {CampaignStatus.DONE, CampaignStatus.STOPPED}
        await self.session.execute(_STATUS, {"id": campaign_id, "status": status.value, "over": over, "now": now})

    async def _lock(self, campaign_id: UUID) -> Row[Any]:
        row = (await self.session.execute(_LOCK, {"id": campaign_id})).one_or_none()
        if row is None:
            raise NotFound
        return row

    async def _lock_draft(self, campaign_id: UUID) -> Row[Any]:
        row = await self._lock(campaign_id)
        if row.status != CampaignStatus.DRAFT:
            raise WrongState({"status": row.status, "wanted": CampaignStatus.DRAFT.value})
        return row

    async def _check_services(self, business_id: UUID, segment: Segment) -> None:
        wanted = list(set(segment.service_ids))
        if not wanted:
            return
        if await self.session.scalar(_SERVICES, {"ids": wanted, "business_id": business_id}) != len(wanted):
            raise NotFound({"service_ids": [str(one) for one in segment.service_ids]})


def _campaign(row: Row[Any]) -> CampaignRow:
    values = dict(row._mapping)
    values["status"] = status = CampaignStatus(row.status)
    values["held_because"] = held_because(status, is_approved=values.pop("is_approved"))
    return CampaignRow(**{**values, "segment": read(row.segment), "texts": read_texts(row.texts)})
