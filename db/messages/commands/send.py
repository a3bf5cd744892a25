"""Sending one message: what it says, the attempts, and what the provider's webhook reports about it."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Row, text

from db.engine.store import Store
from domain.errors import NotFound
from domain.messages.delivery import Delivery, DeliveryReport, after_report, deliveries
from domain.messages.kinds import NoticeKind, NoticeStatus
from domain.messages.preferences import is_optional, quiet_until
from domain.messages.sending import AttemptOutcome, NextAttempt, after_attempt, after_giving_up, next_attempt


@dataclass(frozen=True, slots=True)
class SendAttempt:
    """The answer to "may I send now?". ``id``: yes, and this attempt is open. ``wait``: an earlier attempt may have
    sent it, ask again after that; with ``quiet`` the hours are quiet. Neither: nothing is left to do, ``status`` says
    why. ``is_account_email``: it is about no booking."""

    status: NoticeStatus
    id: UUID | None = None
    wait: timedelta | None = None
    is_account_email: bool = False
    quiet: bool = False


@dataclass(frozen=True, slots=True)
class AgreedItem:
    """One service of the booking, by the name and at the price agreed (minor units)."""

    name: Mapping[str, str]
    start_at: datetime
    end_at: datetime
    price: int


@dataclass(frozen=True, slots=True)
class NoticeContent:
    """Everything that a template needs. Names are bilingual (``{"ja": …, "en": …}``); amounts in minor units of
    ``currency``; times aware UTC, to be shown in ``time_zone``. ``address`` is None when there is none (any more).
    ``captured`` and ``refunded`` are totals of the booking's payments, ``authorized`` is what is held on a card and not
    taken. ``kept_penalty_percent`` is what a cancellation costs at least until ``kept_penalty_until``, because the
    booking was moved. ``city`` is as the business wrote it, phone numbers are E.164 beside ``phone_as_typed``.

    What is about the customer is there for the business alone: ``customer_kana`` only where the customer's record has
    the name of the booking, ``customer_visits`` are earlier ones, ``cancellation_reason`` is the customer's own.
    """

    id: UUID
    business_id: UUID
    booking_id: UUID
    kind: str
    channel: str
    language: str
    audience: str
    facts: Mapping[str, Any]
    created_at: datetime
    address: str | None
    family_name: str
    given_name: str
    business_name: Mapping[str, str]
    business_phone: str | None
    phone_as_typed: str | None
    business_email: str | None
    business_address: Mapping[str, str] | None
    postal_code: str | None
    prefecture: str | None
    city: str | None
    latitude: float | None
    longitude: float | None
    code: str
    booking_status: str
    start_at: datetime
    end_at: datetime
    time_zone: str
    party_size: int
    price: int
    amount_due: int
    currency: str
    payment_mode: str
    needs_approval: bool
    policy: Mapping[str, Any]
    hold_expires_at: datetime | None
    approval_deadline: datetime | None
    proof_deadline: datetime | None
    special_requests: str | None
    version: int
    kept_penalty_percent: int
    kept_penalty_until: datetime | None
    cancelled_by: str | None
    cancellation_penalty: int | None
    captured: int
    refunded: int
    authorized: int
    #: It is or was to be paid with a voucher of a convenience store.
    by_voucher: bool
    customer_phone: str | None
    customer_email: str | None
    customer_kana: str | None
    customer_visits: int
    cancellation_reason: str | None
    #: The business's colour (``#rrggbb``), None for the platform's, and whether it has a logo.
    colour: str | None
    has_logo: bool
    items: tuple[AgreedItem, ...]
    staff: tuple[Mapping[str, str], ...]


_LOCK = text("""
    SELECT n.status, n.channel, n.kind, n.audience, n.booking_id IS NULL AS is_account_email, b.time_zone, b.start_at
      FROM notification_outbox n LEFT JOIN bookings b ON b.id = n.booking_id WHERE n.id = :id
       FOR NO KEY UPDATE OF n
""")
_DEFER = text("UPDATE notification_outbox SET due_at = :until WHERE id = :id")
_OPEN_ATTEMPTS = text("""
    SELECT max(started_at) AS youngest FROM notification_attempts WHERE notice_id = :id AND finished_at IS NULL
""")
_OPEN = text("""
    WITH given_up AS (
        UPDATE notification_attempts SET finished_at = :now, outcome = 'unknown', reason = 'no_answer'
         WHERE notice_id = :id AND finished_at IS NULL)
    INSERT INTO notification_attempts (business_id, notice_id, started_at)
    SELECT business_id, id, :now FROM notification_outbox WHERE id = :id
    RETURNING id
""")
_CONTENT = text("""
    SELECT n.id, n.business_id, n.booking_id, n.kind, n.channel, n.language, n.audience, n.facts, n.created_at,
           nullif(CASE n.audience WHEN 'business' THEN coalesce(nullif(s.email, ''), CAST(u.email AS text))
                                  ELSE CAST(b.email AS text) END, '') AS address,
           b.family_name, b.given_name, s.name AS business_name, s.phone AS business_phone, s.phone_as_typed,
           coalesce(nullif(s.email, ''), CAST(u.email AS text)) AS business_email,
           s.address AS business_address, s.postal_code, s.prefecture, s.city, s.latitude, s.longitude,
           b.code, b.status AS booking_status, b.start_at, b.end_at, b.time_zone, b.party_size, b.price, b.amount_due,
           b.currency, b.payment_mode, b.needs_approval, b.policy,
           b.hold_expires_at, b.approval_deadline, b.proof_deadline, b.special_requests, b.version,
           b.kept_penalty_percent, b.kept_penalty_until, b.cancelled_by, b.cancellation_penalty,
           coalesce(p.captured, 0) AS captured, coalesce(p.refunded, 0) AS refunded,
           coalesce(p.authorized, 0) AS authorized, p.by_voucher, i.items, r.staff,
           w.phone AS customer_phone, w.email AS customer_email, w.kana AS customer_kana,
           coalesce(w.visits, 0) AS customer_visits, w.reason AS cancellation_reason,
           d.colour, d.logo_media_id IS NOT NULL AS has_logo
      FROM notification_outbox n
      JOIN bookings b ON b.id = n.booking_id
      JOIN businesses s ON s.id = n.business_id
      LEFT JOIN business_settings t ON t.business_id = n.business_id
      LEFT JOIN users u ON u.id = s.owner_id
      LEFT JOIN message_brands d ON d.business_id = n.business_id
     CROSS JOIN LATERAL (SELECT CAST(sum(captured) AS bigint) AS captured, CAST(sum(refunded) AS bigint) AS refunded,
                                CAST(sum(authorized) FILTER (WHERE status = 'authorized') AS bigint) AS authorized,
                                coalesce(bool_or(voucher IS NOT NULL) FILTER (WHERE captured > 0),
                                         bool_or(voucher IS NOT NULL), false) AS by_voucher
                           FROM booking_payments WHERE booking_id = b.id) p
     CROSS JOIN LATERAL (SELECT jsonb_agg(jsonb_build_object('name', name, 'start_at', start_at, 'end_at', end_at,
                                          'price', price) ORDER BY position) AS items
                           FROM booking_items WHERE booking_id = b.id) i
     CROSS JOIN LATERAL (SELECT jsonb_agg(DISTINCT x.name) AS staff
                           FROM resource_claims k JOIN resources x ON x.id = k.resource_id
                          WHERE k.booking_id = b.id AND k.released_at IS NULL AND x.kind = 'staff'
                            AND (n.audience = 'business' OR coalesce(t.messages_name_staff, true))) r
      LEFT JOIN LATERAL (
           SELECT b.phone, CAST(b.email AS text) AS email,
                  CASE WHEN c.family_name = b.family_name AND c.given_name = b.given_name
                       THEN nullif(concat_ws(' ', c.family_name_kana, c.given_name_kana), '') END AS kana,
                  (SELECT count(*) FROM bookings o WHERE o.customer_id = b.customer_id AND o.id <> b.id
                                                     AND o.status IN ('checked_in', 'completed')) AS visits,
                  (SELECT h.reason FROM booking_history h WHERE h.booking_id = b.id AND h.event = 'cancelled'
                                                            AND h.actor_kind IN ('customer', 'guest')
                    ORDER BY h.id DESC LIMIT 1) AS reason
             FROM customers c WHERE c.id = b.customer_id AND n.audience = 'business') w ON true
     WHERE n.id = :id
""")
# An attempt that was taken for lost and answers after all keeps the truth about itself.
_FINISH = text("""
    UPDATE notification_attempts
       SET finished_at = :now, outcome = :outcome, reason = :reason
     WHERE id = :id AND (outcome IS NULL OR (outcome = 'unknown' AND :outcome = 'accepted'))
    RETURNING notice_id
""")
_SENT = text("""
    UPDATE notification_outbox
       SET provider_message_id = coalesce(:message_id, provider_message_id), sent_at = coalesce(sent_at, :now),
           failure_reason = CASE WHEN status = :status THEN failure_reason END, status = :status
     WHERE id = :id
""")
_FAIL = text("""
    WITH given_up AS (
        UPDATE notification_attempts SET finished_at = :now, outcome = 'unknown', reason = 'no_answer'
         WHERE notice_id = :id AND finished_at IS NULL)
    UPDATE notification_outbox
       SET failure_reason = CASE WHEN status = :status THEN failure_reason ELSE :reason END, status = :status
     WHERE id = :id
""")
_LOCK_ALL = text("SELECT id, status FROM notification_outbox WHERE id = ANY(:ids) ORDER BY id FOR NO KEY UPDATE")
_REPORTS = """
    SELECT * FROM jsonb_to_recordset(CAST(:reports AS jsonb))
           AS x(id uuid, status text, first_at timestamptz, delivered_at timestamptz, reason text)
"""
_APPLY = text(f"""
    WITH reports AS ({_REPORTS})
    UPDATE notification_outbox n
       SET sent_at = coalesce(n.sent_at, r.first_at),
           delivered_at = coalesce(n.delivered_at, r.delivered_at),
           failure_reason = CASE WHEN n.status = r.status THEN n.failure_reason ELSE r.reason END,
           status = r.status
      FROM reports r
     WHERE n.id = r.id AND (n.status <> r.status OR (n.delivered_at IS NULL AND r.delivered_at IS NOT NULL))
""")
_CLOSE_KNOWN = text(f"""
    WITH reports AS ({_REPORTS})
    UPDATE notification_attempts a SET finished_at = coalesce(a.finished_at, reports.first_at), outcome = 'accepted',
           reason = 'reported_by_webhook'
      FROM reports
     WHERE a.id = (SELECT o.id FROM notification_attempts o
                    WHERE o.notice_id = reports.id AND (o.outcome IS NULL OR o.outcome = 'unknown')
                    ORDER BY o.id DESC LIMIT 1)
       AND NOT EXISTS (SELECT 1 FROM notification_attempts d WHERE d.notice_id = reports.id AND d.outcome = 'accepted')
""")


class SendStore(Store):
    """The attempts to send a message and what is known about them."""

    async def read_for_sending(self, notice_id: UUID) -> NoticeContent:
        """What a message about a booking says and where it goes. Raises NotFound."""
        row = (await self.session.execute(_CONTENT, {"id": notice_id})).mappings().one_or_none()
        if row is None:
            raise NotFound({"notice_id": str(notice_id)})
        return _content(dict(row))

    async def open_attempt(self, notice_id: UUID, now: datetime) -> SendAttempt:
        """Open an attempt unless the message is sent, or may have been sent by an attempt that is still open and
        younger than :data:`UNKNOWN_FOR`; an older one is closed as unknown. A message that its recipient may switch off
        waits for the end of the quiet hours. Locks the message. Raises NotFound."""
        notice = await self._lock(notice_id)
        status = NoticeStatus(notice.status)
        last_open = (await self.session.execute(_OPEN_ATTEMPTS, {"id": notice_id})).scalar_one()
        step, wait = next_attempt(status, notice.channel, last_open, now)
        if step is NextAttempt.WAIT:
            return SendAttempt(status, wait=wait)
        if step is NextAttempt.NOTHING:
            return SendAttempt(status)
        if until := _quiet_until(notice, now):
            await self.session.execute(_DEFER, {"id": notice_id, "until": until})
            return SendAttempt(status, wait=until - now, quiet=True)
        opened = await self.session.execute(_OPEN, {"id": notice_id, "now": now})
        return SendAttempt(status, id=opened.scalar_one(), is_account_email=notice.is_account_email)

    async def finish_attempt(
        self,
        notice_id: UUID,
        attempt_id: UUID,
        outcome: AttemptOutcome,
        now: datetime,
        *,
        message_id: str | None = None,
        reason: str | None = None,
    ) -> NoticeStatus:
        """Record what the provider said; gives where the message stands now. ``accepted`` makes it sent, ``refused``
        makes it failed, ``dropped`` dropped, ``unavailable`` leaves it queued. Repeating it changes nothing. Raises
        NotFound."""
        notice = await self._lock(notice_id)
        await self.session.execute(_FINISH, {"id": attempt_id, "outcome": outcome.value, "reason": reason, "now": now})
        status = after_attempt(NoticeStatus(notice.status), outcome)
        if outcome is AttemptOutcome.ACCEPTED:
            values = {"id": notice_id, "status": status.value, "message_id": message_id, "now": now}
            await self.session.execute(_SENT, values)
        elif outcome in {AttemptOutcome.REFUSED, AttemptOutcome.DROPPED}:
            await self._fail(notice_id, status, reason or outcome.value, now)
        return status

    async def mark_failed(self, notice_id: UUID, reason: str, now: datetime) -> NoticeStatus:
        """Give a queued message up, visibly; one that was sent stays as it is. ``reason`` is a code. Gives where it
        stands now. Raises NotFound."""
        notice = await self._lock(notice_id)
        status = after_giving_up(NoticeStatus(notice.status))
        await self._fail(notice_id, status, reason, now)
        return status

    async def _fail(self, notice_id: UUID, status: NoticeStatus, reason: str, now: datetime) -> None:
        values = {"id": notice_id, "status": status.value, "reason": reason[:300], "now": now}
        await self.session.execute(_FAIL, values)

    async def apply_delivery(self, reports: Iterable[DeliveryReport]) -> int:
        """Apply verified reports of the provider, in any order and any number of times; never moves a message back.

        Needs the platform's scope: one webhook has reports of many businesses. Reports of messages that are
        not ours are ignored. Gives the number of messages that the reports are about.
        """
        reported = deliveries(reports)
        if not reported:
            return 0
        locked = (await self.session.execute(_LOCK_ALL, {"ids": sorted(reported)})).all()
        rows = [_delivery(row, reported[row.id]) for row in locked]
        values = {"reports": json.dumps(rows, default=str)}
        await self.session.execute(_APPLY, values)
        await self.session.execute(_CLOSE_KNOWN, values)
        return len(rows)

    async def _lock(self, notice_id: UUID) -> Row[Any]:
        row = (await self.session.execute(_LOCK, {"id": notice_id})).one_or_none()
        if row is None:
            raise NotFound({"notice_id": str(notice_id)})
        return row


def _quiet_until(notice: Row[Any], now: datetime) -> datetime | None:
    """Until when a message that its recipient may switch off waits at ``now``."""
    if notice.is_account_email or not is_optional(NoticeKind(notice.kind), notice.audience):
        return None
    return quiet_until(now, notice.time_zone, notice.start_at if notice.kind == NoticeKind.BOOKING_REMINDER else None)


def _content(row: dict[str, Any]) -> NoticeContent:
    row["items"] = tuple(
        AgreedItem(
            item["name"],
            datetime.fromisoformat(item["start_at"]),
            datetime.fromisoformat(item["end_at"]),
            item["price"],
        )
        for item in row["items"] or ()
    )
    row["staff"] = tuple(row["staff"] or ())
    return NoticeContent(**row)


def _delivery(notice: Row[Any], reported: Delivery) -> dict[str, Any]:
    """What is written of the reports about one message, as a row of ``_REPORTS``."""
    status = after_report(NoticeStatus(notice.status), reported.status)
    reason = reported.reason if status is NoticeStatus.BOUNCED else None
    return {
        "id": notice.id,
        "status": status.value,
        "first_at": reported.first_at,
        "delivered_at": reported.delivered_at,
        "reason": reason,
    }
