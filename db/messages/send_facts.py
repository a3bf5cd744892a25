"""The facts about a message that is to be sent, and the count of its recipient's messages."""

from uuid import UUID

from sqlalchemy import text

from db.engine.store import Store
from db.platform.rate_limits import RateLimitStore
from domain.errors import NotFound
from domain.messages.kinds import AccountEmailKind, NoticeKind
from domain.messages.send_decision import MessageLimits, SendDecision, SendFacts, decide_send, window_of

# The address of a business is proven by its owner's link, or by the operators who approved the business; by nobody
# while a changed identity waits for its review. Nobody has proven the address of an invitation. An entry of the
# waitlist has the network of its caller until the address is proven.
_FACTS = text("""
    SELECT n.kind, n.booking_id IS NULL AS is_account_email, n.audience = 'business' AS to_business,
           CASE WHEN w.id IS NOT NULL THEN joined.is_proven
                WHEN n.booking_id IS NULL THEN u.email_verified_at IS NOT NULL
                WHEN n.audience = 'business' AND (coalesce(s.email, '') = '' OR s.email = CAST(o.email AS text))
                     THEN o.email_verified_at IS NOT NULL OR reviewed.yes
                WHEN n.audience = 'business' THEN reviewed.yes
                ELSE b.contact_proven_at IS NOT NULL OR (v.email_verified_at IS NOT NULL AND v.email = b.email)
           END AS is_proven,
           coalesce(s.status = 'approved', false) AS is_approved,
           coalesce(s.status IN ('approved', 'suspended'), false) AS was_approved,
           o.email_verified_at IS NOT NULL AS owner_is_proven,
           u.email_verified_at IS NOT NULL AS login_is_proven,
           EXISTS (SELECT FROM booking_history h WHERE h.booking_id = b.id AND h.event = 'held'
                                                   AND h.actor_kind IN ('staff', 'admin'))
           OR coalesce(w.by_staff, false) AS by_staff,
           v.id IS NOT NULL OR w.user_id IS NOT NULL AS has_login,
           CASE WHEN w.id IS NOT NULL THEN joined.is_proven
                ELSE v.email_verified_at IS NOT NULL OR b.contact_proven_at IS NOT NULL END AS booker_is_proven
      FROM notification_outbox n
      LEFT JOIN users u ON u.id = n.user_id AND u.deleted_at IS NULL
      LEFT JOIN businesses s ON s.id = n.business_id
      LEFT JOIN users o ON o.id = s.owner_id AND o.deleted_at IS NULL
      LEFT JOIN bookings b ON b.id = n.booking_id
      LEFT JOIN users v ON v.id = b.user_id AND v.deleted_at IS NULL
      LEFT JOIN waitlist w ON w.id = CAST(n.facts->>'waitlist_entry_id' AS uuid) AND w.business_id = n.business_id
      LEFT JOIN users m ON m.id = w.user_id AND m.deleted_at IS NULL
     CROSS JOIN LATERAL (
           SELECT CASE WHEN w.user_id IS NOT NULL THEN m.email_verified_at IS NOT NULL
                       ELSE w.proven_at IS NOT NULL END AS is_proven) joined
     CROSS JOIN LATERAL (
           SELECT coalesce(s.status IN ('approved', 'suspended'), false) AND NOT EXISTS (
                  SELECT FROM business_verifications w
                   WHERE w.business_id = s.id AND w.status IN ('waiting', 'info_requested')) AS yes) reviewed
     WHERE n.id = :id
""")
# A dropped message counts again when a person sends it again; a repeated call for one that was sent does not.
_COUNTED = text("""
    SELECT EXISTS (SELECT FROM notification_attempts
                    WHERE notice_id = :id AND id <> :attempt_id AND outcome IS DISTINCT FROM 'dropped')
""")


class SendDecisionStore(Store):
    """Decides by the rules of the domain whether a message is sent."""

    async def decide_send(self, notice_id: UUID, attempt_id: UUID, address: str, limits: MessageLimits) -> SendDecision:
        """Whether the message may be sent to ``address``, and whether with typed texts. If so, it is counted for
        its recipient, once for all its attempts. ``attempt_id``: the open one. Raises NotFound."""
        facts = await self._read(notice_id)
        decision = decide_send(facts)
        counted: bool = (await self.session.execute(_COUNTED, {"id": notice_id, "attempt_id": attempt_id})).scalar_one()
        if decision.drop is not None or counted:
            return decision
        [result] = await RateLimitStore(self.session, self.context).count([window_of(facts, address, limits)])
        return decide_send(facts, is_full=not result.allowed)

    async def _read(self, notice_id: UUID) -> SendFacts:
        row = (await self.session.execute(_FACTS, {"id": notice_id})).mappings().one_or_none()
        if row is None:
            raise NotFound({"notice_id": str(notice_id)})
        values = dict(row)
        kind = (AccountEmailKind if values.pop("is_account_email") else NoticeKind)(values["kind"])
        flags = {name: bool(value) for name, value in values.items() if name != "kind"}
        return SendFacts(kind, **flags)
