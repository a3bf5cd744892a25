"""What a message of a campaign or an automation says, and whether its customer still may get it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.dialects.postgresql import JSONB

from db.engine.store import Store

# A test goes to a login of the business, which needs no consent. What ends a message that is queued: the campaign was
# stopped, the automation switched off, or the customer has booked since.
_CONTENT = text("""
    SELECT n.facts ? 'test' AS is_test, coalesce(g.texts, a.texts) AS texts, c.email_key AS address,
           coalesce(c.family_name, '') AS family_name, coalesce(c.given_name, '') AS given_name, s.slug,
           s.address AS business_address, s.postal_code, s.prefecture, s.city, s.phone, s.phone_as_typed,
           nullif(s.email, '') AS email,
           coalesce((SELECT o.granted FROM consents o WHERE o.customer_id = c.id AND o.purpose = 'offers'
                      ORDER BY o.id DESC LIMIT 1), false) AS has_consented,
           coalesce(g.texts, a.texts) IS NULL OR c.deleted_at IS NOT NULL
           OR coalesce(g.status = 'stopped' AND NOT n.facts ? 'test', false) OR coalesce(NOT a.enabled, false)
           OR coalesce(a.kind IN ('no_visit', 'rebook'), false) AND EXISTS (
                  SELECT FROM bookings b WHERE b.customer_id = c.id AND b.created_at > n.created_at
                                           AND b.status IN ('pending', 'confirmed', 'checked_in', 'completed'))
           AS is_over
      FROM notification_outbox n
      JOIN businesses s ON s.id = n.business_id
      LEFT JOIN customers c ON c.id = n.customer_id
      LEFT JOIN campaigns g ON g.id = CAST(n.facts->>'campaign_id' AS uuid) AND g.business_id = n.business_id
      LEFT JOIN automations a ON a.id = CAST(n.facts->>'automation_id' AS uuid) AND a.business_id = n.business_id
     WHERE n.id = :id
""").columns(texts=JSONB)


@dataclass(frozen=True, slots=True)
class CampaignContent:
    """A business's own ``texts`` by language, the customer's ``address`` (None for none, and for a test), and what the
    business's profile says about itself. ``is_over``: the message is outdated."""

    is_test: bool
    texts: Mapping[str, Any] | None
    address: str | None
    family_name: str
    given_name: str
    slug: str
    business_address: Mapping[str, str] | None
    postal_code: str | None
    prefecture: str | None
    city: str | None
    phone: str | None
    phone_as_typed: str | None
    email: str | None
    has_consented: bool
    is_over: bool


class CampaignEmailStore(Store):
    """Messages of campaigns and automations."""

    async def read_campaign_message(self, notice_id: UUID) -> CampaignContent:
        """What the message says. The caller has read its row."""
        row = (await self.session.execute(_CONTENT, {"id": notice_id})).one()
        return CampaignContent(**row._mapping)
