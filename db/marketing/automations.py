"""Automations: written by people, looked after once a day by their workflow."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import Row, bindparam, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.dialects.postgresql import UUID as PgUUID
from sqlalchemy.exc import IntegrityError

from db.engine.store import Store
from db.marketing.due import DUE_NOW, EVER_DUE
from db.marketing.sends import MarketingSendStore, Sending, Source, read_texts, stored_texts
from db.platform.outbox import AUTOMATION_CHANGED, OutboxStore
from domain.errors import Conflict, NotFound
from domain.marketing.automations import (
    AT,
    DAYS,
    DAYS_APART,
    DRY_RUN_DAYS,
    STILL_DUE,
    AutomationKind,
    check_days,
    check_service,
    due_day,
    events_between,
    next_look,
)
from domain.marketing.campaigns import BETWEEN_PAGES, PAGE, SenderFacts, check_sender
from domain.marketing.dry_run import PastEvent, would_have
from domain.marketing.texts import text_for
from domain.messages.texts import OwnText

_COLUMNS = "id, business_id, kind, days, service_id, texts, enabled, enabled_at, looked_at, created_at, updated_at"
_LIST = text(f"""
    SELECT {_COLUMNS} FROM automations
     WHERE business_id = :business_id AND deleted_at IS NULL AND (CAST(:after AS uuid) IS NULL OR id < :after)
     ORDER BY id DESC LIMIT :limit
""").columns(texts=JSONB)
_GET = text(f"SELECT {_COLUMNS} FROM automations WHERE id = :id AND deleted_at IS NULL").columns(texts=JSONB)
_SERVICE = text("SELECT 1 FROM services WHERE id = :id AND business_id = :business_id AND deleted_at IS NULL")
_ADD = text("""
    INSERT INTO automations (business_id, kind, days, service_id, texts)
    VALUES (:business_id, :kind, :days, :service_id, CAST(:texts AS jsonb)) RETURNING id
""").bindparams(bindparam("service_id", type_=PgUUID))
_CHANGE = text("""
    UPDATE automations SET days = coalesce(:days, days), texts = coalesce(CAST(:texts AS jsonb), texts),
           enabled_at = CASE WHEN CAST(:enabled AS boolean) AND NOT enabled THEN CAST(:now AS timestamptz)
                             ELSE enabled_at END,
           enabled = coalesce(:enabled, enabled)
     WHERE id = :id
""")
_REMOVE = text("UPDATE automations SET deleted_at = :now, enabled = false WHERE id = :id")
# All of the business, so that two of them do not write to one customer at the same time.
_LOCK = text("""
    SELECT a.id FROM automations a
     WHERE a.business_id = (SELECT x.business_id FROM automations x WHERE x.id = :id) ORDER BY a.id FOR NO KEY UPDATE
""")
_STATE = text("""
    SELECT a.id, a.business_id, a.kind, a.days, a.service_id, a.texts, a.enabled, a.enabled_at, a.looked_at,
           s.time_zone, s.status = 'approved' AND s.deleted_at IS NULL AS is_approved
      FROM automations a JOIN businesses s ON s.id = a.business_id WHERE a.id = :id AND a.deleted_at IS NULL
""").columns(texts=JSONB)
_LOOKED = text("UPDATE automations SET looked_at = :now WHERE id = :id")
_ZONE = text("SELECT time_zone FROM businesses WHERE id = :id")
_UNIQUE = "uq_automations_kind"


@dataclass(frozen=True, slots=True)
class AutomationRow:
    """One automation."""

    id: UUID
    business_id: UUID
    kind: AutomationKind
    days: int
    service_id: UUID | None
    texts: Mapping[str, OwnText]
    enabled: bool
    enabled_at: datetime | None
    looked_at: datetime | None
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class DryRunRow:
    """Somebody who would have got a message, at ``at``."""

    customer_id: UUID
    family_name: str
    given_name: str
    at: datetime


@dataclass(frozen=True, slots=True)
class AutomationStep:
    """What one step did. ``next_at``: when to look again; None: the automation is off."""

    queued: int
    next_at: datetime | None


class AutomationStore(Store):
    """A message for each cause, once."""

    async def list_automations(self, business_id: UUID, after: UUID | None, limit: int) -> list[AutomationRow]:
        """The newest first."""
        values = {"business_id": business_id, "after": after, "limit": limit}
        return [_automation(row) for row in await self.session.execute(_LIST, values)]

    async def get(self, automation_id: UUID) -> AutomationRow:
        """One automation. Raises NotFound."""
        row = (await self.session.execute(_GET, {"id": automation_id})).one_or_none()
        if row is None:
            raise NotFound
        return _automation(row)

    async def add(
        self,
        business_id: UUID,
        kind: AutomationKind,
        days: int | None,
        service_id: UUID | None,
        texts: Mapping[str, OwnText],
    ) -> AutomationRow:
        """A new automation, switched off. Raises NotFound for an unknown service, InvalidInput, and Conflict for a
        second one of the same kind."""
        wanted = DAYS[kind].usual if days is None else days
        check_days(kind, wanted)
        check_service(kind, service_id is not None)
        if service_id is not None:
            service = {"id": service_id, "business_id": business_id}
            if await self.session.scalar(_SERVICE, service) is None:
                raise NotFound({"service_id": str(service_id)})
        values = {
            "business_id": business_id,
            "kind": kind.value,
            "days": wanted,
            "service_id": service_id,
            "texts": json.dumps(stored_texts(texts)),
        }
        try:
            async with self.session.begin_nested():
                made = (await self.session.execute(_ADD, values)).scalar_one()
        except IntegrityError as error:
            if _UNIQUE not in str(error.orig):
                raise
            raise Conflict({"rule": "automation_exists"}) from error
        return await self.get(made)

    async def change(
        self,
        automation_id: UUID,
        days: int | None,
        texts: Mapping[str, OwnText] | None,
        enabled: bool | None,
        sender: SenderFacts,
        now: datetime,
    ) -> AutomationRow:
        """Change what is not None. It begins with the messages that are due from the next look on. Raises NotFound,
        InvalidInput, and for a switch to on what `check_sender` raises."""
        await self.session.execute(_LOCK, {"id": automation_id})
        row = await self.get(automation_id)
        if days is not None:
            check_days(row.kind, days)
        if enabled:
            check_sender(sender)
        values = {
            "id": automation_id,
            "days": days,
            "texts": None if texts is None else json.dumps(stored_texts(texts)),
            "enabled": enabled,
            "now": now,
        }
        await self.session.execute(_CHANGE, values)
        if enabled is not None:
            await self._announce(row)
        return await self.get(automation_id)

    async def remove(self, automation_id: UUID, now: datetime) -> None:
        """Delete it; who got its messages is kept. Raises NotFound."""
        row = await self.get(automation_id)
        await self.session.execute(_REMOVE, {"id": automation_id, "now": now})
        await self._announce(row)

    async def look(self, automation_id: UUID, now: datetime) -> AutomationStep:
        """Queue the messages that are due, a page at a time, in one transaction. A repeat finds the others."""
        await self.session.execute(_LOCK, {"id": automation_id})
        row = (await self.session.execute(_STATE, {"id": automation_id})).one_or_none()
        if row is None or not row.enabled:
            return AutomationStep(0, None)
        from_now_on = next_look(now, row.time_zone)
        since = max(row.enabled_at, row.looked_at or row.enabled_at)
        if (at := next_look(since, row.time_zone)) > now:
            return AutomationStep(0, at)
        if not row.is_approved:
            return AutomationStep(0, from_now_on)
        kind, today = AutomationKind(row.kind), now.astimezone(ZoneInfo(row.time_zone)).date()
        begun = next_look(row.enabled_at, row.time_zone).astimezone(ZoneInfo(row.time_zone)).date()
        values = self._bound(row, kind, max(begun, today - timedelta(days=STILL_DUE)), today, row.time_zone)
        found = (
            await self.session.execute(
                DUE_NOW[kind], {**values, "id": automation_id, "now": now, "apart": DAYS_APART, "limit": PAGE}
            )
        ).all()
        texts = read_texts(row.texts)
        sendings = [Sending(one.customer_id, text_for(texts, one.language)[0], one.cause) for one in found]
        source = Source(row.business_id, automation_id=automation_id)
        queued = await MarketingSendStore(self.session, self.context).queue(source, sendings)
        if len(found) == PAGE:
            return AutomationStep(queued, now + BETWEEN_PAGES)
        await self.session.execute(_LOOKED, {"id": automation_id, "now": now})
        return AutomationStep(queued, from_now_on)

    async def dry_run(
        self, automation_id: UUID, now: datetime, after: tuple[datetime, UUID] | None, limit: int
    ) -> list[DryRunRow]:
        """Who would have got a message in the last month, and when, the newest first. Raises NotFound."""
        row = await self.get(automation_id)
        zone: str = (await self.session.execute(_ZONE, {"id": row.business_id})).scalar_one()
        today = now.astimezone(ZoneInfo(zone)).date()
        first, last = today - timedelta(days=DRY_RUN_DAYS), today - timedelta(days=1)
        others_since = datetime.combine(first - timedelta(days=DAYS_APART), AT, ZoneInfo(zone))
        values = {"id": row.id, "others_since": others_since, **self._bound(row, row.kind, first, last, zone)}
        found = (await self.session.execute(EVER_DUE[row.kind], values)).all()
        names = {one.customer_id: (one.family_name, one.given_name) for one in found}
        wanted = would_have((_past(one) for one in found), last, zone)
        page = [one for one in wanted if after is None or (one.at, one.customer_id) < after][:limit]
        return [DryRunRow(one.customer_id, *names[one.customer_id], one.at) for one in page]

    def _bound(self, row: Any, kind: AutomationKind, first: date, last: date, zone: str) -> dict[str, Any]:
        """The parameters of the statements for messages that are due from ``first`` to ``last``."""
        first_event, last_event = events_between(kind, row.days, first, last)
        return {
            "business_id": row.business_id,
            "zone": zone,
            "first": first_event,
            "last": last_event,
            "days": (due_day(kind, row.days, first_event) - first_event).days,
            "at": AT,
            "service_id": row.service_id,
        }

    async def _announce(self, row: AutomationRow) -> None:
        payload = {"automation_id": row.id, "business_id": row.business_id}
        await OutboxStore(self.session, self.context).add(
            "automation.changed", f"automation/{row.id}", row.business_id, payload, AUTOMATION_CHANGED
        )


def _past(row: Row[Any]) -> PastEvent:
    answers = tuple(zip(row.answered_at, row.answers, strict=True))
    return PastEvent(row.customer_id, row.person, row.cause, row.due, row.ended_at, answers, row.others)


def _automation(row: Row[Any]) -> AutomationRow:
    return AutomationRow(
        **{**row._mapping, "kind": AutomationKind(row.kind), "texts": read_texts(row.texts)},
    )
