"""A message is handed over once, whatever the provider answers and whenever a try is cut off."""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
import pytest_asyncio
from temporalio.exceptions import ApplicationError

from activities.messages.notices import NoticeActivities, NoticeSendInput
from db.engine.session import Database, Scope
from domain.errors import NotFound
from domain.messages.delivery import DeliveryEvent, DeliveryReport
from domain.messages.kinds import NoticeKind
from domain.messages.sending import UNKNOWN_FOR
from providers.channels import Channels
from providers.email.interface import Email
from providers.errors import OutcomeUnknown, ProviderRefused, ProviderUnavailable
from runtime.keyring import KeyRing
from runtime.links import Links
from tests.support import servers
from tests.support.data import HOUR, NOW, Salon, add_booking, add_salon, opened, rows

SECOND = timedelta(seconds=1)


@dataclass
class Mailbox:
    """An e-mail provider that takes everything, unless ``fails`` says otherwise."""

    name: str = "mailbox"
    fails: Exception | None = None
    arrived: list[Email] = field(default_factory=list)

    async def send(self, email: Email) -> str:
        """Keep it. A time-out comes after it arrived."""
        if self.fails is None or isinstance(self.fails, OutcomeUnknown):
            self.arrived.append(email)
        if self.fails is not None:
            raise self.fails
        return f"m{len(self.arrived)}"

    def parse_webhook(self, body: bytes, headers: Mapping[str, str]) -> Sequence[DeliveryReport]:
        """None ever comes."""
        return []

    async def aclose(self) -> None:
        """Nothing to give back."""


@dataclass
class Clock:
    """Stands still until it is moved."""

    now: datetime = NOW

    def __call__(self) -> datetime:
        return self.now


@dataclass
class NoticeSending:
    """Everything that one test needs."""

    pool: Database
    salon: Salon
    mailbox: Mailbox
    clock: Clock
    activities: NoticeActivities

    async def queued(self, kind: NoticeKind = NoticeKind.BOOKING_CONFIRMED, **facts: Any) -> NoticeSendInput:
        booking_id = await add_booking(self.pool, self.salon)
        async with self.pool.unit_of_work(self.salon.scope) as work:
            notice_id = await work.messages.notices.queue(kind, booking_id, self.salon.business_id, str(uuid4()), facts)
        assert notice_id is not None
        return NoticeSendInput(notice_id, self.salon.business_id)

    async def notice(self) -> dict[str, Any]:
        [notice] = await rows(self.pool, "SELECT * FROM notification_outbox")
        return notice

    async def outcomes(self) -> list[str | None]:
        found = await rows(self.pool, "SELECT outcome FROM notification_attempts ORDER BY id")
        return [row["outcome"] for row in found]


def notices_of(pool: Database, mailbox: Mailbox, clock: Clock) -> NoticeActivities:
    return NoticeActivities(
        pool,
        Channels(mailbox),
        Links(KeyRing("k1", {"k1": b"a key"})),
        "https://omotenashi.example",
        "support@omotenashi.example",
        clock,
    )


@pytest_asyncio.fixture
async def sending(database: servers.Database) -> AsyncIterator[NoticeSending]:
    async with opened(database) as pool:
        mailbox, clock = Mailbox(), Clock()
        yield NoticeSending(pool, await add_salon(pool), mailbox, clock, notices_of(pool, mailbox, clock))


async def test_message_is_sent_and_sent_once(sending: NoticeSending) -> None:
    notice = await sending.queued()
    assert await sending.activities.send(notice) == "sent"
    assert await sending.activities.send(notice) == "sent"
    [email] = sending.mailbox.arrived
    [customer] = await rows(sending.pool, "SELECT email FROM customers")
    assert (email.to, email.notice_id) == (customer["email"], str(notice.notice_id))
    assert [attachment.filename for attachment in email.attachments] == ["booking.ics"]
    stored = await sending.notice()
    assert (stored["status"], stored["provider_message_id"], stored["sent_at"]) == ("sent", "m1", NOW)
    assert await sending.outcomes() == ["accepted"]


async def test_refused_message_has_failed_for_good(sending: NoticeSending) -> None:
    notice = await sending.queued()
    sending.mailbox.fails = ProviderRefused("http_400")
    assert await sending.activities.send(notice) == "failed"
    sending.mailbox.fails = None
    assert await sending.activities.send(notice) == "failed"
    assert sending.mailbox.arrived == []
    assert (await sending.notice())["failure_reason"] == "http_400"


async def test_provider_that_did_nothing_is_asked_again_at_once(sending: NoticeSending) -> None:
    notice = await sending.queued()
    sending.mailbox.fails = ProviderUnavailable("http_429")
    with pytest.raises(ProviderUnavailable):
        await sending.activities.send(notice)
    assert (await sending.notice())["status"] == "queued"
    sending.mailbox.fails = None
    assert await sending.activities.send(notice) == "sent"
    assert await sending.outcomes() == ["unavailable", "accepted"]


async def test_notice_waits_for_the_webhook_after_a_lost_answer(sending: NoticeSending) -> None:
    notice = await sending.queued()
    sending.mailbox.fails = OutcomeUnknown("timeout")
    with pytest.raises(ApplicationError) as lost:
        await sending.activities.send(notice)
    assert (lost.value.type, lost.value.next_retry_delay) == ("OutcomeUnknown", UNKNOWN_FOR)
    sending.mailbox.fails = None
    sending.clock.now += 10 * SECOND
    with pytest.raises(ApplicationError) as waiting:
        await sending.activities.send(notice)
    assert (waiting.value.type, waiting.value.next_retry_delay) == ("attempt_open", UNKNOWN_FOR - 10 * SECOND)
    assert not waiting.value.non_retryable
    report = DeliveryReport("e1", str(notice.notice_id), DeliveryEvent.PROCESSED, sending.clock.now, None)
    async with sending.pool.unit_of_work(Scope.platform()) as work:
        await work.messages.notices.apply_delivery([report])
    sending.clock.now += UNKNOWN_FOR
    assert await sending.activities.send(notice) == "sent"
    assert len(sending.mailbox.arrived) == 1
    assert await sending.outcomes() == ["accepted"]


async def test_notice_is_sent_again_without_the_webhook(sending: NoticeSending) -> None:
    """The other side of the choice: a message that may have been lost is sent twice rather than not at all."""
    notice = await sending.queued()
    sending.mailbox.fails = OutcomeUnknown("timeout")
    with pytest.raises(ApplicationError):
        await sending.activities.send(notice)
    sending.mailbox.fails = None
    sending.clock.now += UNKNOWN_FOR
    assert await sending.activities.send(notice) == "sent"
    assert await sending.outcomes() == ["unknown", "accepted"]


async def test_giving_up_is_visible_and_takes_nothing_back(sending: NoticeSending) -> None:
    notice = await sending.queued()
    assert await sending.activities.give_up(notice) == "failed"
    assert await sending.activities.give_up(notice) == "failed"
    assert (await sending.notice())["failure_reason"] == "gave_up"
    assert await sending.activities.send(notice) == "failed"
    assert sending.mailbox.arrived == []


async def test_message_without_an_address_fails_visibly(sending: NoticeSending) -> None:
    notice = await sending.queued()
    await rows(sending.pool, "UPDATE bookings SET email = NULL")
    assert await sending.activities.send(notice) == "failed"
    assert (await sending.notice())["failure_reason"] == "no_address"


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE bookings SET status = 'cancelled'",
        "UPDATE bookings SET start_at = start_at + interval '1 hour', end_at = end_at + interval '1 hour'",
    ],
)
async def test_reminder_that_is_no_longer_true_is_not_sent(sending: NoticeSending, change: str) -> None:
    notice = await sending.queued(NoticeKind.BOOKING_REMINDER, start_at=NOW + 72 * HOUR)
    await rows(sending.pool, change)
    assert await sending.activities.send(notice) == "failed"
    assert (await sending.notice())["failure_reason"] == "outdated"
    assert sending.mailbox.arrived == []


async def test_reminder_of_the_visit_ahead_is_sent_until_it_begins(sending: NoticeSending) -> None:
    notice = await sending.queued(NoticeKind.BOOKING_REMINDER, start_at=NOW + 72 * HOUR)
    sending.clock.now = NOW + 72 * HOUR - SECOND
    assert await sending.activities.send(notice) == "sent"


async def test_reminder_is_not_sent_once_the_visit_began(sending: NoticeSending) -> None:
    notice = await sending.queued(NoticeKind.BOOKING_REMINDER, start_at=NOW + 72 * HOUR)
    sending.clock.now = NOW + 72 * HOUR
    assert await sending.activities.send(notice) == "failed"


async def test_text_that_cannot_be_written_leaves_no_attempt_open(
    sending: NoticeSending, monkeypatch: pytest.MonkeyPatch
) -> None:
    notice = await sending.queued()

    def broken(*_: object) -> Email:
        raise LookupError

    monkeypatch.setattr("activities.messages.writing.compose", broken)
    with pytest.raises(LookupError):
        await sending.activities.send(notice)
    monkeypatch.undo()
    assert await sending.outcomes() == []
    assert await sending.activities.send(notice) == "sent"


async def test_message_that_is_not_there_is_not_found(sending: NoticeSending) -> None:
    with pytest.raises(NotFound):
        await sending.activities.send(NoticeSendInput(UUID(int=1), sending.salon.business_id))
