"""Sends one message through the e-mail provider. A message is sent twice only if the provider lost an attempt."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from temporalio import activity
from temporalio.exceptions import ApplicationError

from activities.templates.account_email import compose_account_email, unsendable
from activities.templates.render import compose
from activities.templates.typed_texts import account_email_without_texts, notice_without_texts
from db.engine.session import Database, Scope, UnitOfWork
from db.messages.notices import NoticeContent, SendAttempt
from domain.booking_status import BookingStatus
from domain.messages.address import latin_city
from domain.messages.kinds import Channel, NoticeKind, NoticeStatus
from domain.messages.preferences import is_enabled, is_optional
from domain.messages.send_decision import DEFAULT_LIMITS, DropReason, MessageLimits, SendDecision
from domain.messages.sending import UNKNOWN_FOR, AttemptOutcome, NoticeFacts, why_not_send
from domain.messages.texts import RULES, OwnText
from providers.email.interface import Email, EmailProvider
from providers.errors import OutcomeUnknown, ProviderRefused, ProviderUnavailable
from providers.postal.japan_post import places_of
from runtime.booking_links import BookingLinks
from runtime.links import Links

_STILL_OPEN = ("an earlier attempt is open", "attempt_open")


@dataclass(frozen=True)
class NoticeSendInput:
    """A row of ``notification_outbox``. ``business_id`` is None for a message of the platform itself."""

    notice_id: UUID
    business_id: UUID | None = None

    @property
    def scope(self) -> Scope:
        """The scope of the row."""
        return Scope.platform() if self.business_id is None else Scope.tenant(self.business_id)


class NoticeActivities:
    """``links`` makes the tokens of messages, whose links begin with ``public_url``. Replies to the platform's own
    messages go to ``support_email``. ``now`` gives aware UTC time. ``limits``: messages per recipient."""

    def __init__(
        self,
        database: Database,
        email: EmailProvider,
        links: Links,
        public_url: str,
        support_email: str,
        now: Callable[[], datetime],
        limits: MessageLimits = DEFAULT_LIMITS,
    ) -> None:
        self._database = database
        self._email = email
        self._links = links
        self._public_url = public_url
        self._support_email = support_email
        self._now = now
        self._limits = limits

    @activity.defn(name="notices.send")
    async def send(self, notice: NoticeSendInput) -> NoticeStatus:
        """Send the message unless it was sent already; returns its status: ``failed`` when the provider refused it,
        ``dropped`` when a rule of the platform keeps it back (`domain.messages.send_decision`).

        Three steps: an attempt is opened and committed, the provider is called, its answer is recorded. Without an
        answer the result is unknown: the attempt stays open, and the next one waits ``UNKNOWN_FOR`` for the provider's
        webhook before it sends again. The start-to-close timeout must be shorter than that. Retryable errors:
        ``attempt_open``, ``quiet_hours``, ``OutcomeUnknown`` (all with a retry delay) and ``ProviderUnavailable``.
        """
        attempt, email = await self._open(notice)
        if attempt.wait is not None:
            why, code = ("quiet hours", "quiet_hours") if attempt.quiet else _STILL_OPEN
            raise ApplicationError(why, type=code, next_retry_delay=attempt.wait)
        if attempt.id is None or email is None:
            return attempt.status
        try:
            message_id = await self._email.send(email)
        except ProviderRefused as error:
            return await self._finish(notice, attempt.id, AttemptOutcome.REFUSED, reason=error.reason)
        except ProviderUnavailable as error:
            await self._finish(notice, attempt.id, AttemptOutcome.UNAVAILABLE, reason=error.reason)
            raise
        except OutcomeUnknown as error:
            raise ApplicationError(error.reason, type="OutcomeUnknown", next_retry_delay=UNKNOWN_FOR) from None
        return await self._finish(notice, attempt.id, AttemptOutcome.ACCEPTED, message_id=message_id)

    @activity.defn(name="notices.give_up")
    async def give_up(self, notice: NoticeSendInput) -> NoticeStatus:
        """The deadline for sending has passed: the message is failed unless it was sent. Returns its status."""
        async with self._database.unit_of_work(notice.scope) as work:
            return await work.messages.notices.mark_failed(notice.notice_id, "gave_up", self._now())

    async def _open(self, notice: NoticeSendInput) -> tuple[SendAttempt, Email | None]:
        """An open attempt with its message; no message if nothing must be sent now.

        The message is rendered inside the transaction, so that a rendering error leaves no attempt open.
        """
        now = self._now()
        async with self._database.unit_of_work(notice.scope) as work:
            attempt = await work.messages.notices.open_attempt(notice.notice_id, now)
            if attempt.id is None:
                return attempt, None
            write = self._account_email if attempt.is_account_email else self._message
            written = await write(work, notice.notice_id, attempt.id, now)
            if isinstance(written, Email):
                return attempt, written
            outcome = AttemptOutcome.DROPPED if isinstance(written, DropReason) else AttemptOutcome.REFUSED
            status = await work.messages.notices.finish_attempt(
                notice.notice_id, attempt.id, outcome, now, reason=str(written)
            )
            return SendAttempt(status), None

    async def _message(
        self, work: UnitOfWork, notice_id: UUID, attempt_id: UUID, now: datetime
    ) -> Email | DropReason | str:
        """The message about a booking, or the reason why it must not be sent."""
        content = await work.messages.notices.read_for_sending(notice_id)
        if reason := why_not_send(_facts(content), now):
            return reason
        if not await _is_wanted(work, content):
            return DropReason.OPTED_OUT
        decision = await self._decide(work, notice_id, attempt_id, content.address)
        if decision.drop is not None:
            return decision.drop
        own = await _own_text(work, content) if decision.with_texts else None
        if not decision.with_texts:
            content = notice_without_texts(content)
        if content.language == "en":
            content = replace(content, city=await _english_city(content.postal_code, content.city))
        return compose(content, now, BookingLinks(self._links, self._public_url), own)

    async def _account_email(
        self, work: UnitOfWork, notice_id: UUID, attempt_id: UUID, now: datetime
    ) -> Email | DropReason | str:
        """The e-mail, or the reason why it must not be sent."""
        content = await work.messages.notices.read_account_email(notice_id)
        if reason := unsendable(content, self._links, now):
            return reason
        decision = await self._decide(work, notice_id, attempt_id, content.address)
        if decision.drop is not None:
            return decision.drop
        if not decision.with_texts:
            content = account_email_without_texts(content)
        return compose_account_email(content, self._links, self._public_url, self._support_email)

    async def _decide(self, work: UnitOfWork, notice_id: UUID, attempt_id: UUID, address: str | None) -> SendDecision:
        return await work.messages.notices.decide_send(notice_id, attempt_id, address or "", self._limits)

    async def _finish(
        self,
        notice: NoticeSendInput,
        attempt_id: UUID,
        outcome: AttemptOutcome,
        *,
        message_id: str | None = None,
        reason: str | None = None,
    ) -> NoticeStatus:
        async with self._database.unit_of_work(notice.scope) as work:
            return await work.messages.notices.finish_attempt(
                notice.notice_id, attempt_id, outcome, self._now(), message_id=message_id, reason=reason
            )


async def _is_wanted(work: UnitOfWork, content: NoticeContent) -> bool:
    """Whether the recipient has not switched this kind of message off; asked for kinds alone that can be."""
    kind = NoticeKind(content.kind)
    if not is_optional(kind, content.audience):
        return True
    recipient = await work.messages.preferences.find_recipient(content.id)
    if recipient is None:
        return True
    choices = await work.messages.preferences.choices_of(recipient.person)
    return is_enabled(kind, Channel(content.channel), choices, content.business_id)


async def _own_text(work: UnitOfWork, content: NoticeContent) -> OwnText | None:
    """The text that the business has written for this kind of message to its customers."""
    kind = NoticeKind(content.kind)
    if content.audience != "customer" or kind not in RULES:
        return None
    return await work.messages.texts.find(content.business_id, kind, content.language)


def _facts(content: NoticeContent) -> NoticeFacts:
    reminded = content.facts.get("start_at")
    return NoticeFacts(
        NoticeKind(content.kind),
        has_address=content.address is not None,
        booking_status=BookingStatus(content.booking_status),
        start_at=content.start_at,
        reminded_start_at=datetime.fromisoformat(reminded) if isinstance(reminded, str) else None,
        has_money=bool(content.captured or content.authorized),
        proof_deadline=content.proof_deadline,
    )


async def _english_city(postal_code: str | None, city: str | None) -> str | None:
    """``Shibuya-ku`` for ``渋谷区``, from Japan Post's kana for the postal code; unchanged if there is none."""
    if not postal_code or not city:
        return city
    readings = [place.city_kana for place in await places_of(postal_code) if place.city == city]
    return next((latin for kana in readings if kana and (latin := latin_city(city, kana))), city)
