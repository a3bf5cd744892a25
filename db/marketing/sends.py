"""Queues the messages of campaigns and automations: who gets which, once."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import text

from db.engine.store import Store
from domain.marketing.texts import LANGUAGES
from domain.messages.kinds import AccountEmailKind
from domain.messages.texts import OwnText

# In the transaction that goes on to the next page, so that a repeat finds these customers behind it. The keys make it
# once also where two transactions see the same customer.
_QUEUE = text("""
    WITH asked AS (
        SELECT * FROM jsonb_to_recordset(CAST(:sends AS jsonb))
                   AS p(customer_id uuid, language text, cause text, dedupe_key text, facts jsonb)
    ), noticed AS (
        INSERT INTO notification_outbox (business_id, customer_id, audience, kind, channel, language, facts, status,
                                         dedupe_key)
        SELECT :business_id, a.customer_id, 'customer', :kind, 'email', a.language, a.facts, 'queued', a.dedupe_key
          FROM asked a ON CONFLICT (dedupe_key) DO NOTHING
        RETURNING id, customer_id, dedupe_key
    ), sent AS (
        INSERT INTO marketing_sends (business_id, customer_id, campaign_id, automation_id, cause, notice_id)
        SELECT :business_id, n.customer_id, :campaign_id, :automation_id, a.cause, n.id
          FROM noticed n JOIN asked a USING (dedupe_key)
    ), commands AS (
        INSERT INTO outbox (business_id, event, aggregate, payload, command, request_id)
        SELECT :business_id, 'notice.queued', 'notice/' || n.id,
               jsonb_build_object('notice_id', n.id, 'business_id', CAST(:business_id AS uuid), 'kind', :kind,
                                  'give_up_at', now() + interval '24 hours'),
               'notice.start', :request_id
          FROM noticed n
    )
    SELECT count(*) FROM noticed
""")


@dataclass(frozen=True, slots=True)
class Sending:
    """One message to one customer. ``cause``: of an automation; it gets one message."""

    customer_id: UUID
    language: str
    cause: str | None = None


@dataclass(frozen=True, slots=True)
class Source:
    """What sends: a campaign or an automation."""

    business_id: UUID
    campaign_id: UUID | None = None
    automation_id: UUID | None = None


class MarketingSendStore(Store):
    """Messages to customers who have consented."""

    async def queue(self, source: Source, sendings: Sequence[Sending]) -> int:
        """Write the messages and the commands that start their runs. Returns how many were new."""
        if not sendings:
            return 0
        values = {
            "sends": json.dumps([_row(source, one) for one in sendings]),
            "business_id": source.business_id,
            "campaign_id": source.campaign_id,
            "automation_id": source.automation_id,
            "kind": AccountEmailKind.CAMPAIGN_MESSAGE.value,
            "request_id": self.context.request_id,
        }
        made: int = (await self.session.execute(_QUEUE, values)).scalar_one()
        return made


def _row(source: Source, one: Sending) -> dict[str, Any]:
    if source.campaign_id is not None:
        facts, key = {"campaign_id": str(source.campaign_id)}, f"campaign:{source.campaign_id}:{one.customer_id}"
    else:
        facts, key = {"automation_id": str(source.automation_id)}, f"automation:{source.automation_id}:{one.cause}"
    return {
        "customer_id": str(one.customer_id),
        "language": one.language,
        "cause": one.cause,
        "dedupe_key": key,
        "facts": facts,
    }


def stored_texts(texts: Mapping[str, OwnText]) -> dict[str, Any]:
    """Texts by language, as JSON."""
    return {language: {"subject": own.subject, "body": own.body} for language, own in texts.items()}


def read_texts(value: Mapping[str, Any]) -> dict[str, OwnText]:
    """Stored texts by language."""
    return {one: OwnText(value[one]["subject"], value[one]["body"]) for one in LANGUAGES if one in value}
