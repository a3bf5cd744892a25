"""Queues messages.

A queued message is a row in ``notification_outbox``, written in the transaction of the change that it reports.
Recipient and language are set there; the address stays with the customer or the business and is read at the time of
sending."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import ARRAY, Double, Text, bindparam, text
from sqlalchemy.dialects.postgresql import UUID as PgUUID

from db.engine.store import Store
from domain.booking_status import BookingStatus
from domain.errors import NotFound
from domain.messages.again import check_again
from domain.messages.channels import SHORT_NOTICES
from domain.messages.kinds import AccountEmailKind, Audience, CodeKind, NoticeKind

# One statement for any number of notices, because every booking executes it. For a customer without any address the
# message is only shown in the app: no workflow is started. The number of a guest without an e-mail address gets the
# request for its proof, and once it is proven what has a short text. A message that is to be sent begins with the
# channel ``email``; the first try decides. A reminder is useless after the visit has begun, so sending ends then.
_QUEUE = text("""
    WITH asked AS (
        SELECT p.*, b.start_at, b.user_id AS booking_user_id, b.customer_id AS booking_customer_id,
               b.language AS customer_language, b.email AS booking_email,
               coalesce(b.email, '') = '' AND b.phone IS NOT NULL AND (
                   p.kind = 'booking_proof' OR b.contact_proven_at IS NOT NULL AND p.kind = ANY(:short)) AS by_sms
          FROM jsonb_to_recordset(CAST(:notices AS jsonb))
               AS p(kind text, booking_id uuid, business_id uuid, dedupe_key text, facts jsonb, audience text,
                    not_before timestamptz)
          JOIN bookings b ON b.id = p.booking_id AND b.business_id = p.business_id
    ), made AS (
        INSERT INTO notification_outbox (business_id, booking_id, user_id, customer_id, audience, kind, channel,
                                         language, facts, status, dedupe_key, due_at, sent_at)
        SELECT a.business_id, a.booking_id,
               CASE a.audience WHEN 'business' THEN s.owner_id ELSE coalesce(c.user_id, a.booking_user_id) END,
               CASE a.audience WHEN 'business' THEN NULL ELSE a.booking_customer_id END,
               a.audience, a.kind, x.channel,
               CASE a.audience WHEN 'business' THEN coalesce(t.language, 'ja') ELSE a.customer_language END,
               a.facts, CASE x.channel WHEN 'email' THEN 'queued' ELSE 'sent' END, a.dedupe_key,
               coalesce(a.not_before, now()), CASE x.channel WHEN 'email' THEN NULL ELSE now() END
          FROM asked a
          JOIN businesses s ON s.id = a.business_id
          JOIN customers c ON c.id = a.booking_customer_id
          LEFT JOIN business_settings t ON t.business_id = a.business_id
         CROSS JOIN LATERAL (SELECT CASE WHEN a.audience = 'business' OR a.booking_email <> '' OR a.by_sms OR EXISTS (
                                              SELECT FROM channel_addresses h
                                               WHERE h.user_id = coalesce(c.user_id, a.booking_user_id)
                                                     AND h.proven_at IS NOT NULL) THEN 'email'
                                         ELSE 'in_app' END AS channel) x
        ON CONFLICT (dedupe_key) DO NOTHING
        RETURNING id, business_id, kind, channel, dedupe_key
    ), commands AS (
        INSERT INTO outbox (business_id, event, aggregate, payload, command, request_id, not_before)
        SELECT m.business_id, 'notice.queued', 'notice/' || m.id,
               jsonb_build_object('notice_id', m.id, 'business_id', m.business_id, 'kind', m.kind, 'give_up_at',
                   CASE m.kind WHEN 'booking_reminder'
                        THEN least(greatest(a.start_at, now()), coalesce(a.not_before, now()) + interval '24 hours')
                        ELSE coalesce(a.not_before, now()) + interval '24 hours' END),
               'notice.start', :request_id, coalesce(a.not_before, now())
          FROM made m JOIN asked a USING (dedupe_key)
         WHERE m.channel = 'email'
    )
    SELECT id FROM made
""").bindparams(bindparam("short", value=sorted(SHORT_NOTICES), type_=ARRAY(Text)))

# The transaction that sends a message locks it before it opens an attempt.
_LOCK = text("SELECT id FROM notification_outbox WHERE dedupe_key = :key FOR NO KEY UPDATE")
# What only the app shows is never sent.
_UNSENT = text("""
    SELECT n.id, n.facts FROM notification_outbox n
     WHERE n.id = :id AND (n.channel = 'in_app' OR n.status = 'queued' AND NOT EXISTS (
               SELECT FROM notification_attempts a WHERE a.notice_id = n.id))
""")
_REWRITE = text("""
    UPDATE notification_outbox SET booking_id = :booking_id, facts = CAST(:facts AS jsonb) WHERE id = :id
""")
# The booking is locked, so that what is sent is true until the message is queued.
_LOCK_BOOKING = text("""
    SELECT b.business_id, b.status, coalesce(b.phone, '') <> '' AS has_phone,
           coalesce(b.email, '') <> '' OR coalesce(c.user_id, b.user_id) IS NOT NULL OR (
               b.phone IS NOT NULL AND b.contact_proven_at IS NOT NULL AND :kind = ANY(:short)) AS is_reachable
      FROM bookings b JOIN customers c ON c.id = b.customer_id WHERE b.id = :booking_id FOR NO KEY UPDATE OF b
""").bindparams(bindparam("kind", type_=Text), bindparam("short", value=sorted(SHORT_NOTICES), type_=ARRAY(Text)))
_LAST_OF_KIND = text("""
    SELECT facts FROM notification_outbox WHERE booking_id = :booking_id AND kind = :kind AND audience = 'customer'
     ORDER BY id DESC LIMIT 1
""")


@dataclass(frozen=True, slots=True)
class UnsentNotice:
    """A message that nobody has begun to send, under its lock."""

    id: UUID
    facts: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class QueuedNotice:
    """One message to one recipient.

    With ``dedupe_key`` it is queued once. ``facts``: what the template needs beyond the booking: ids, amounts in minor
    units and RFC 3339 times, never a name, an address or a secret.
    """

    kind: NoticeKind
    booking_id: UUID
    business_id: UUID
    dedupe_key: str
    facts: Mapping[str, Any] = field(default_factory=dict)
    audience: Audience = "customer"
    not_before: datetime | None = None


# The language is the recipient's own; without a login (an invitation) it must be given.
_QUEUE_ACCOUNT_EMAIL = text("""
    SELECT app_queue_account_email(:business_id, :user_id, :kind, :language, CAST(:facts AS jsonb), :dedupe_key,
                                   :seconds, :request_id)
""").bindparams(
    bindparam("business_id", type_=PgUUID),
    bindparam("user_id", type_=PgUUID),
    bindparam("kind", type_=Text),
    bindparam("language", type_=Text),
    bindparam("dedupe_key", type_=Text),
    bindparam("seconds", type_=Double),
    bindparam("request_id", type_=Text),
)


@dataclass(frozen=True, slots=True)
class AccountEmail:
    """One message about no booking. ``user_id`` gets it; None: ``facts`` names whom it goes to (``invitation_id``,
    ``erasure_id``), and ``language`` must be given. ``business_id``: the business that it is about, if any. ``facts``
    are ids, codes and times, never a name, an address, a token or a secret."""

    kind: AccountEmailKind
    user_id: UUID | None
    dedupe_key: str
    facts: Mapping[str, Any] = field(default_factory=dict)
    business_id: UUID | None = None
    language: str | None = None
    give_up_after: timedelta = timedelta(hours=24)


class NoticeQueueStore(Store):
    """Queued messages."""

    async def queue_account_email(self, message: AccountEmail) -> UUID | None:
        """Write one e-mail and the command that starts its workflow, in any scope. Returns its id, or None when it was
        queued before."""
        values = {
            "business_id": message.business_id,
            "user_id": message.user_id,
            "kind": message.kind.value,
            "language": message.language,
            "facts": json.dumps(dict(message.facts), default=_plain),
            "dedupe_key": message.dedupe_key,
            "seconds": message.give_up_after.total_seconds(),
            "request_id": self.context.request_id,
        }
        made: UUID | None = (await self.session.execute(_QUEUE_ACCOUNT_EMAIL, values)).scalar_one()
        return made

    async def queue_code(self, user_id: UUID, address_id: UUID, kind: CodeKind, give_up_after: timedelta) -> None:
        """Write the message with the code that proves an address of the login."""
        values = {
            "business_id": None,
            "user_id": user_id,
            "kind": kind.value,
            "language": None,
            "facts": json.dumps({"address_id": str(address_id)}),
            "dedupe_key": f"code/{address_id}",
            "seconds": give_up_after.total_seconds(),
            "request_id": self.context.request_id,
        }
        await self.session.execute(_QUEUE_ACCOUNT_EMAIL, values)

    async def queue(
        self,
        kind: NoticeKind,
        booking_id: UUID,
        business_id: UUID,
        dedupe_key: str,
        facts: Mapping[str, Any] | None = None,
        audience: Audience = "customer",
        not_before: datetime | None = None,
    ) -> UUID | None:
        """Write one message and the command that starts its workflow; the booking's row must be there.

        Gives its id, or None when it was queued before. A customer without an e-mail address gets it in the app.
        """
        made = await self.queue_many(
            [QueuedNotice(kind, booking_id, business_id, dedupe_key, facts or {}, audience, not_before)]
        )
        return made[0] if made else None

    async def queue_many(self, notices: Sequence[QueuedNotice]) -> list[UUID]:
        """Write several messages in one statement; gives the ids of those that were not queued before."""
        if not notices:
            return []
        once = {notice.dedupe_key: asdict(notice) for notice in notices}
        listed = json.dumps(list(once.values()), default=_plain)
        rows = await self.session.execute(_QUEUE, {"notices": listed, "request_id": self.context.request_id})
        return [row.id for row in rows]

    async def queue_again(self, booking_id: UUID, kind: NoticeKind) -> UUID:
        """Queue a message once more that the booking's customer has had, with what it spoke of then; the rest is as the
        booking is when it is sent. Returns its id. Raises NotFound, and what `check_again` raises."""
        asked = {"booking_id": booking_id, "kind": kind.value}
        booking = (await self.session.execute(_LOCK_BOOKING, asked)).one_or_none()
        if booking is None:
            raise NotFound({"booking_id": str(booking_id)})
        last = (await self.session.execute(_LAST_OF_KIND, asked)).one_or_none()
        facts_of = {"was_sent": last is not None, "is_reachable": booking.is_reachable, "has_phone": booking.has_phone}
        check_again(BookingStatus(booking.status), kind, **facts_of)
        facts = {} if last is None else last.facts
        made = await self.queue(kind, booking_id, booking.business_id, f"again/{booking_id}/{uuid4()}", facts)
        assert made is not None  # noqa: S101 - the key is new
        return made

    async def lock_unsent(self, dedupe_key: str) -> UnsentNotice | None:
        """The message of this key, under its lock; None where it is sent, or is being sent."""
        notice_id = await self.session.scalar(_LOCK, {"key": dedupe_key})
        row = (await self.session.execute(_UNSENT, {"id": notice_id})).one_or_none()
        return None if row is None else UnsentNotice(row.id, row.facts)

    async def rewrite(self, notice_id: UUID, booking_id: UUID, facts: Mapping[str, Any]) -> None:
        """Give a message that is locked and not sent another booking that it is about, and other facts."""
        values = {"id": notice_id, "booking_id": booking_id, "facts": json.dumps(dict(facts), default=_plain)}
        await self.session.execute(_REWRITE, values)


def _plain(value: object) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)
