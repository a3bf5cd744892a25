"""Sends one message through its channels, one after the other until one takes it. It is sent twice only where a
provider without idempotency keys does not say that an earlier call arrived."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from temporalio import activity
from temporalio.exceptions import ApplicationError

from activities.messages.channels import FREE, ChannelRules, ChannelSender, Written
from activities.messages.writing import MessageWriter
from db.engine.session import Database, Scope
from db.messages.notices import SendAttempt
from domain.messages.channels import OVER_QUOTA
from domain.messages.kinds import Channel, NoticeStatus
from domain.messages.send_decision import DEFAULT_LIMITS, DropReason, MessageLimits
from domain.messages.sending import UNKNOWN_FOR, AttemptOutcome
from providers.channels import Channels
from providers.errors import OutcomeUnknown, ProviderRefused, ProviderUnavailable
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
        channels: Channels,
        links: Links,
        public_url: str,
        support_email: str,
        now: Callable[[], datetime],
        limits: MessageLimits = DEFAULT_LIMITS,
        rules: ChannelRules = FREE,
    ) -> None:
        self._database = database
        self._sender = ChannelSender(database, channels, rules)
        self._writer = MessageWriter(self._sender.on, rules, links, public_url, support_email, limits)
        self._now = now

    @activity.defn(name="notices.send")
    async def send(self, notice: NoticeSendInput) -> NoticeStatus:
        """Send the message unless it was sent already; returns its status: ``failed`` when the provider refused it,
        ``dropped`` when a rule of the platform keeps it back (`domain.messages.send_decision`).

        Three steps: an attempt is opened and committed, the provider is called, its answer is recorded. Without an
        answer the result is unknown: the attempt stays open, and the next one waits ``UNKNOWN_FOR`` for the provider's
        webhook before it sends again. The start-to-close timeout must be shorter than that. Retryable errors:
        ``attempt_open``, ``quiet_hours``, ``OutcomeUnknown`` (all with a retry delay) and ``ProviderUnavailable``.
        """
        status = NoticeStatus.QUEUED
        for _ in Channel:
            status, is_over = await self._try(notice)
            if is_over:
                break
        return status

    async def _try(self, notice: NoticeSendInput) -> tuple[NoticeStatus, bool]:
        """One attempt through one channel: the status after it, and whether nothing is left to do. If something is, the
        message has gone on to its next channel."""
        attempt, written = await self._open(notice)
        if attempt.wait is not None:
            why, code = ("quiet hours", "quiet_hours") if attempt.quiet else _STILL_OPEN
            raise ApplicationError(why, type=code, next_retry_delay=attempt.wait)
        if attempt.id is None or written is None:
            return attempt.status, attempt.id is None
        try:
            sent = await self._sender.send(written)
        except ProviderRefused as error:
            status = await self._finish(notice, attempt.id, AttemptOutcome.REFUSED, reason=error.reason)
            return status, status is NoticeStatus.FAILED
        except ProviderUnavailable as error:
            await self._finish(notice, attempt.id, AttemptOutcome.UNAVAILABLE, reason=error.reason)
            raise
        except OutcomeUnknown as error:
            raise ApplicationError(error.reason, type="OutcomeUnknown", next_retry_delay=UNKNOWN_FOR) from None
        accepted = AttemptOutcome.ACCEPTED
        return await self._finish(notice, attempt.id, accepted, message_id=sent.message_id, cost=sent.cost_micros), True

    @activity.defn(name="notices.give_up")
    async def give_up(self, notice: NoticeSendInput) -> NoticeStatus:
        """The deadline for sending has passed: the message is failed unless it was sent. Returns its status."""
        async with self._database.unit_of_work(notice.scope) as work:
            return await work.messages.notices.mark_failed(notice.notice_id, "gave_up", self._now())

    async def _open(self, notice: NoticeSendInput) -> tuple[SendAttempt, Written | None]:
        """An open attempt with its message; no message if nothing must be sent now.

        The message is rendered inside the transaction, so that a rendering error leaves no attempt open.
        """
        now = self._now()
        async with self._database.unit_of_work(notice.scope) as work:
            attempt = await work.messages.notices.open_attempt(notice.notice_id, now)
            if attempt.id is None:
                return attempt, None
            written = await self._writer.write(work, notice.notice_id, notice.business_id, attempt, now)
            if isinstance(written, Written):
                return attempt, written
            is_drop = isinstance(written, DropReason) or written == OVER_QUOTA
            outcome = AttemptOutcome.DROPPED if is_drop else AttemptOutcome.REFUSED
            status = await work.messages.notices.finish_attempt(
                notice.notice_id, attempt.id, outcome, now, reason=str(written)
            )
            ended = status in {NoticeStatus.FAILED, NoticeStatus.DROPPED}
            return SendAttempt(status, id=None if ended else attempt.id), None

    async def _finish(
        self,
        notice: NoticeSendInput,
        attempt_id: UUID,
        outcome: AttemptOutcome,
        *,
        message_id: str | None = None,
        reason: str | None = None,
        cost: int | None = None,
    ) -> NoticeStatus:
        async with self._database.unit_of_work(notice.scope) as work:
            return await work.messages.notices.finish_attempt(
                notice.notice_id,
                attempt_id,
                outcome,
                self._now(),
                message_id=message_id,
                reason=reason,
                cost_micros=cost,
            )
