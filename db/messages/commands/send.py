"""Sending one message: what it says, the attempts, and what the provider's webhook reports about it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, Row, Text, bindparam, text

from db.engine.store import Store
from domain.errors import NotFound
from domain.messages.channels import OVER_QUOTA, UNREAD_AFTER, leaves
from domain.messages.kinds import AccountEmailKind, Channel, CodeKind, NoticeKind, NoticeStatus
from domain.messages.preferences import is_optional, quiet_until
from domain.messages.sending import (
    ASK_AGAIN_SUSPENDED,
    AttemptOutcome,
    NextAttempt,
    after_attempt,
    after_giving_up,
    is_sent_also,
    is_unread,
    next_attempt,
)


@dataclass(frozen=True, slots=True)
class SendAttempt:
    """The answer to "may I send now?". ``id``: yes, and this attempt is open. ``wait``: an earlier attempt may have
    sent it, ask again after that; with ``quiet`` the hours are quiet, or the business of a campaign is suspended.
    Neither: nothing is left to do, ``status`` says why. ``is_account_email``: it is about no booking."""

    status: NoticeStatus
    id: UUID | None = None
    wait: timedelta | None = None
    is_account_email: bool = False
    quiet: bool = False
    #: Through which channel; whether that is still to be decided; the number of earlier tries through it; and since
    #: when one of them may have sent the message.
    channel: Channel = Channel.EMAIL
    is_undecided: bool = False
    tries: int = 0
    unsure_since: datetime | None = None
    is_code: bool = False


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
    #: A review of the visit was written.
    is_reviewed: bool = False


_LOCK = text("""
    SELECT n.status, n.channel, n.kind, n.audience, n.booking_id IS NULL AS is_account_email, n.route, n.read_at,
           coalesce(u.time_zone, b.time_zone) AS time_zone, b.start_at, n.facts ? 'test' AS is_test,
           s.time_zone AS business_zone, s.status = 'suspended' AS is_suspended
      FROM notification_outbox n LEFT JOIN bookings b ON b.id = n.booking_id
      LEFT JOIN users u ON u.id = n.user_id
      LEFT JOIN businesses s ON s.id = n.business_id WHERE n.id = :id
       FOR NO KEY UPDATE OF n
""")
_DEFER = text("UPDATE notification_outbox SET due_at = :until WHERE id = :id")
_PAST = text("""
    SELECT max(started_at) FILTER (WHERE finished_at IS NULL) AS youngest,
           count(*) FILTER (WHERE channel = :channel) AS tries,
           min(started_at) FILTER (WHERE channel = :channel) AS first_try,
           min(started_at) FILTER (WHERE channel = :channel AND (finished_at IS NULL OR outcome = 'unknown')) AS unsure,
           max(finished_at) FILTER (WHERE channel = :channel AND outcome = 'accepted') AS accepted
      FROM notification_attempts WHERE notice_id = :id
""")
_DECIDE = text("""
    WITH decided AS (UPDATE notification_outbox SET channel = :channel, route = :route WHERE id = :id)
    UPDATE notification_attempts SET channel = :channel WHERE id = :attempt_id
""").bindparams(bindparam("route", type_=ARRAY(Text)))
_MOVE_ON = text("UPDATE notification_outbox SET channel = route[1], route = route[2:] WHERE id = :id")
_OPEN = text("""
    WITH given_up AS (
        UPDATE notification_attempts SET finished_at = :now, outcome = 'unknown', reason = 'no_answer'
         WHERE notice_id = :id AND finished_at IS NULL)
    INSERT INTO notification_attempts (business_id, notice_id, started_at, channel)
    SELECT business_id, id, :now, channel FROM notification_outbox WHERE id = :id
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
           d.colour, d.logo_media_id IS NOT NULL AS has_logo,
           EXISTS (SELECT FROM reviews v WHERE v.booking_id = b.id) AS is_reviewed
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
       SET finished_at = :now, outcome = :outcome, reason = :reason, cost_micros = coalesce(:cost, cost_micros)
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
# Asks again after a while whether a push message was opened in the app.
_ASK_AGAIN = text("""
    INSERT INTO outbox (business_id, event, aggregate, payload, command, request_id, not_before)
    SELECT business_id, 'notice.unread', 'notice/' || id,
           jsonb_build_object('notice_id', id, 'business_id', business_id, 'kind', kind,
                              'give_up_at', CAST(:at AS timestamptz) + interval '24 hours'),
           'notice.start', :request_id, :at
      FROM notification_outbox WHERE id = :id AND read_at IS NULL AND cardinality(route) > 0
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
        past = (await self.session.execute(_PAST, {"id": notice_id, "channel": notice.channel})).one()
        if is_unread(notice.channel, status, notice.route, notice.read_at, past.accepted, now):
            await self.session.execute(_MOVE_ON, {"id": notice_id})
            notice = await self._lock(notice_id)
            past = (await self.session.execute(_PAST, {"id": notice_id, "channel": notice.channel})).one()
        also = is_sent_also(status, notice.route, past.accepted)
        step, wait = next_attempt(status, notice.channel, past.youngest, now, also=also)
        if step is NextAttempt.WAIT:
            return SendAttempt(status, wait=wait)
        if step is NextAttempt.NOTHING:
            return SendAttempt(status)
        if until := _held_until(notice, now):
            await self.session.execute(_DEFER, {"id": notice_id, "until": until})
            return SendAttempt(status, wait=until - now, quiet=True)
        opened = await self.session.execute(_OPEN, {"id": notice_id, "now": now})
        return SendAttempt(
            status,
            id=opened.scalar_one(),
            is_account_email=notice.is_account_email,
            channel=Channel(notice.channel),
            is_undecided=notice.route is None,
            tries=past.tries,
            unsure_since=past.unsure,
            is_code=notice.kind == CodeKind.PHONE_CODE,
        )

    async def decide_route(self, notice_id: UUID, attempt_id: UUID, channels: Sequence[Channel]) -> None:
        """Store the channels of a message whose first attempt is open: it goes through the first one, and through the
        others where that fails."""
        first, *others = (channel.value for channel in channels)
        values = {"id": notice_id, "attempt_id": attempt_id, "channel": first, "route": others}
        await self.session.execute(_DECIDE, values)

    async def finish_attempt(
        self,
        notice_id: UUID,
        attempt_id: UUID,
        outcome: AttemptOutcome,
        now: datetime,
        *,
        message_id: str | None = None,
        reason: str | None = None,
        cost_micros: int | None = None,
    ) -> NoticeStatus:
        """Record what the provider said; gives where the message stands now. ``accepted`` makes it sent, ``refused``
        makes it failed, ``dropped`` dropped, ``unavailable`` leaves it queued. One that is refused, or over its
        business's limit, or whose provider has done nothing for long, goes on to its next channel if it has one, and
        stays queued. ``cost_micros``: millionths of a yen. Repeating it changes nothing. Raises NotFound."""
        notice = await self._lock(notice_id)
        values = {"id": attempt_id, "outcome": outcome.value, "reason": reason, "now": now, "cost": cost_micros}
        ended = (await self.session.execute(_FINISH, values)).scalar_one_or_none()
        if notice.route and ended is not None and await self._moves_on(notice_id, notice.channel, outcome, reason, now):
            await self.session.execute(_MOVE_ON, {"id": notice_id})
            return NoticeStatus(notice.status)
        status = after_attempt(NoticeStatus(notice.status), outcome)
        if outcome is AttemptOutcome.ACCEPTED:
            values = {"id": notice_id, "status": status.value, "message_id": message_id, "now": now}
            await self.session.execute(_SENT, values)
            if notice.channel == Channel.PUSH and ended is not None:
                again = {"id": notice_id, "at": now + UNREAD_AFTER, "request_id": self.context.request_id}
                await self.session.execute(_ASK_AGAIN, again)
        elif outcome in {AttemptOutcome.REFUSED, AttemptOutcome.DROPPED}:
            await self._fail(notice_id, status, reason or outcome.value, now)
        return status

    async def _moves_on(
        self, notice_id: UUID, channel: str, outcome: AttemptOutcome, reason: str | None, now: datetime
    ) -> bool:
        if outcome is AttemptOutcome.REFUSED or (outcome is AttemptOutcome.DROPPED and reason == OVER_QUOTA):
            return True
        if outcome is not AttemptOutcome.UNAVAILABLE:
            return False
        past = (await self.session.execute(_PAST, {"id": notice_id, "channel": channel})).one()
        return leaves(past.first_try, now, may_be_sent=past.unsure is not None)

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

    async def _lock(self, notice_id: UUID) -> Row[Any]:
        row = (await self.session.execute(_LOCK, {"id": notice_id})).one_or_none()
        if row is None:
            raise NotFound({"notice_id": str(notice_id)})
        return row


def _held_until(notice: Row[Any], now: datetime) -> datetime | None:
    """Until when a message that its recipient may switch off waits at ``now``, because the hours are quiet; and when to
    ask again about one of a campaign whose business is suspended."""
    if notice.kind == AccountEmailKind.CAMPAIGN_MESSAGE:
        if notice.is_test:
            return None
        quiet = quiet_until(now, notice.business_zone, None)
        return quiet or (now + ASK_AGAIN_SUSPENDED if notice.is_suspended else None)
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
