"""The content and recipient of an account e-mail, read at the time of sending."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text

from db.messages.campaign_emails import CampaignContent, CampaignEmailStore
from domain.errors import NotFound
from domain.messages.kinds import AccountEmailKind


@dataclass(frozen=True, slots=True)
class AccountEmailLink:
    """The row behind the link of an e-mail. The token is made from it: ``kid`` is the signing key (None: the current
    one). ``over``: it was used, replaced by a newer one, or belongs to a former address of the login."""

    id: UUID
    expires_at: datetime
    kid: str | None
    over: bool


@dataclass(frozen=True, slots=True)
class AccountEmailContent:
    """Everything that an e-mail's template needs. ``address`` is None if there is none (any more). ``business_name`` is
    bilingual, None for an e-mail about no business; times are aware UTC, to be shown in ``time_zone``. ``user_agent``
    and ``ip`` are of the session that the e-mail is about, ``reason`` is the text of an operator's decision."""

    id: UUID
    business_id: UUID | None
    kind: str
    language: str
    audience: str
    facts: Mapping[str, Any]
    created_at: datetime
    address: str | None
    family_name: str
    given_name: str
    business_name: Mapping[str, str] | None
    time_zone: str
    user_agent: str | None
    ip: str | None
    reason: str | None
    #: Of the entry of the waitlist that the e-mail is about: the service, and who is held for it.
    service_name: Mapping[str, str] | None
    staff: Sequence[Mapping[str, str]]
    #: The business's colour (``#rrggbb``), None for the platform's, and whether it has a logo.
    colour: str | None
    has_logo: bool
    link: AccountEmailLink | None
    #: Of a message of a campaign or an automation.
    campaign: CampaignContent | None = None


# The recipient is a login, else the address named by the facts. The link belongs to the row named by the facts. A new
# kind of recipient needs one more join and `coalesce`, a new kind of link one more `UNION ALL`.
_ACCOUNT_EMAIL = text("""
    SELECT n.id, n.business_id, n.kind, n.language, n.audience, n.facts, n.created_at,
           nullif(CAST(coalesce(u.email, i.email, e.address, w.email) AS text), '') AS address,
           coalesce(u.family_name, w.family_name, '') AS family_name,
           coalesce(u.given_name, w.given_name, '') AS given_name,
           s.name AS business_name, coalesce(s.time_zone, 'Asia/Tokyo') AS time_zone,
           d.user_agent, host(d.ip) AS ip, y.reason, w.service_name,
           (SELECT coalesce(jsonb_agg(r.name ORDER BY r.id), '[]') FROM waitlist_offers o
              JOIN resources r ON r.id = ANY(o.resource_ids) AND r.kind = 'staff'
             WHERE o.id = CAST(n.facts->>'offer_id' AS uuid)) AS staff,
           m.colour, m.logo_media_id IS NOT NULL AS has_logo, l.id AS link_id, l.expires_at, l.kid, l.over
      FROM notification_outbox n
      LEFT JOIN users u ON u.id = n.user_id AND u.deleted_at IS NULL
      LEFT JOIN erasures e ON n.user_id IS NULL AND e.id = CAST(n.facts->>'erasure_id' AS uuid)
      LEFT JOIN businesses s ON s.id = n.business_id
      LEFT JOIN message_brands m ON m.business_id = n.business_id
      LEFT JOIN staff_invitations i ON i.id = CAST(n.facts->>'invitation_id' AS uuid) AND n.user_id IS NULL
      LEFT JOIN user_sessions d ON d.id = CAST(n.facts->>'session_id' AS uuid) AND d.user_id = n.user_id
      LEFT JOIN business_decisions y ON y.id = CAST(n.facts->>'decision_id' AS uuid) AND y.business_id = n.business_id
      LEFT JOIN waitlist w ON w.id = CAST(n.facts->>'waitlist_entry_id' AS uuid) AND w.business_id = n.business_id
      LEFT JOIN LATERAL (
           SELECT v.id, v.expires_at, v.kid, v.used_at IS NOT NULL OR v.email IS DISTINCT FROM u.email OR EXISTS (
                  SELECT 1 FROM email_verifications x WHERE x.user_id = v.user_id AND x.id > v.id) AS over
             FROM email_verifications v
            WHERE v.id = CAST(n.facts->>'verification_id' AS uuid) AND v.user_id = n.user_id
            UNION ALL
           SELECT r.id, r.expires_at, r.kid, r.used_at IS NOT NULL OR r.email IS DISTINCT FROM u.email AS over
             FROM password_resets r
            WHERE r.id = CAST(n.facts->>'reset_id' AS uuid) AND r.user_id = n.user_id
            UNION ALL
           SELECT f.reset_id, f.reset_at, NULL, false
             FROM user_two_factors f
            WHERE n.kind = 'two_factor_reset_planned' AND f.reset_id = CAST(n.facts->>'reset_id' AS uuid)
                  AND f.user_id = n.user_id
            UNION ALL
           SELECT i.id, i.expires_at, NULL, i.accepted_at IS NOT NULL OR i.withdrawn_at IS NOT NULL
            WHERE i.id IS NOT NULL
            UNION ALL
           SELECT d.id, d.expires_at, NULL, d.status <> 'ready'
             FROM data_exports d
            WHERE d.id = CAST(n.facts->>'export_id' AS uuid) AND d.user_id = n.user_id
            UNION ALL
           SELECT w.id, w.ends_at, NULL, CASE n.kind
                      WHEN 'waitlist_proof' THEN w.status <> 'unproven'
                      WHEN 'waitlist_offered' THEN NOT EXISTS (
                           SELECT FROM waitlist_offers o
                            WHERE o.id = CAST(n.facts->>'offer_id' AS uuid) AND o.status = 'open')
                      ELSE w.status NOT IN ('waiting', 'offered') END
            WHERE w.id IS NOT NULL) l ON true
     WHERE n.id = :id AND n.booking_id IS NULL
""")


class AccountEmailStore(CampaignEmailStore):
    """Account e-mails."""

    async def read_account_email(self, notice_id: UUID) -> AccountEmailContent:
        """The content and recipient of an account e-mail. Raises NotFound."""
        row = (await self.session.execute(_ACCOUNT_EMAIL, {"id": notice_id})).mappings().one_or_none()
        if row is None:
            raise NotFound({"notice_id": str(notice_id)})
        values = dict(row)
        link_id, expires_at, kid, over = (values.pop(name) for name in ("link_id", "expires_at", "kid", "over"))
        link = None if link_id is None else AccountEmailLink(link_id, expires_at, kid, over)
        content = AccountEmailContent(**values, link=link)
        if content.kind != AccountEmailKind.CAMPAIGN_MESSAGE:
            return content
        campaign = await self.read_campaign_message(notice_id)
        if campaign.is_test:
            return replace(content, campaign=campaign)
        content = replace(content, family_name=campaign.family_name, given_name=campaign.given_name)
        return replace(content, campaign=campaign, address=campaign.address)
