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
class Desk:
    """Everything that one test needs."""

    pool: Database
    salon: Salon
    mailbox: Mailbox
    clock: Clock
    activities: NoticeActivities

    async def promised(self, kind: NoticeKind = NoticeKind.BOOKING_CONFIRMED, **facts: Any) -> NoticeSendInput:
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
        mailbox,
        Links(KeyRing("k1", {"k1": b"a key"})),
        "https://omotenashi.example",
        "support@omotenashi.example",
        clock,
    )


@pytest_asyncio.fixture
async def desk(database: servers.Database) -> AsyncIterator[Desk]:
    async with opened(database) as pool:
        mailbox, clock = Mailbox(), Clock()
        yield Desk(pool, await add_salon(pool), mailbox, clock, notices_of(pool, mailbox, clock))


async def test_message_is_sent_and_sent_once(desk: Desk) -> None:
    notice = await desk.promised()
    assert await desk.activities.send(notice) == "sent"
    assert await desk.activities.send(notice) == "sent"
    [email] = desk.mailbox.arrived
    [customer] = await rows(desk.pool, "SELECT email FROM customers")
    assert (email.to, email.notice_id) == (customer["email"], str(notice.notice_id))
    assert [attachment.filename for attachment in email.attachments] == ["booking.ics"]
    stored = await desk.notice()
    assert (stored["status"], stored["provider_message_id"], stored["sent_at"]) == ("sent", "m1", NOW)
    assert await desk.outcomes() == ["accepted"]


async def test_refused_message_has_failed_for_good(desk: Desk) -> None:
    notice = await desk.promised()
    desk.mailbox.fails = ProviderRefused("http_400")
    assert await desk.activities.send(notice) == "failed"
    desk.mailbox.fails = None
    assert await desk.activities.send(notice) == "failed"
    assert desk.mailbox.arrived == []
    assert (await desk.notice())["failure_reason"] == "http_400"


async def test_provider_that_did_nothing_is_asked_again_at_once(desk: Desk) -> None:
    notice = await desk.promised()
    desk.mailbox.fails = ProviderUnavailable("http_429")
    with pytest.raises(ProviderUnavailable):
        await desk.activities.send(notice)
    assert (await desk.notice())["status"] == "queued"
    desk.mailbox.fails = None
    assert await desk.activities.send(notice) == "sent"
    assert await desk.outcomes() == ["unavailable", "accepted"]


async def test_notice_waits_for_the_webhook_after_a_lost_answer(desk: Desk) -> None:
    notice = await desk.promised()
    desk.mailbox.fails = OutcomeUnknown("timeout")
    with pytest.raises(ApplicationError) as lost:
        await desk.activities.send(notice)
    assert (lost.value.type, lost.value.next_retry_delay) == ("OutcomeUnknown", UNKNOWN_FOR)
    desk.mailbox.fails = None
    desk.clock.now += 10 * SECOND
    with pytest.raises(ApplicationError) as waiting:
        await desk.activities.send(notice)
    assert (waiting.value.type, waiting.value.next_retry_delay) == ("attempt_open", UNKNOWN_FOR - 10 * SECOND)
    assert not waiting.value.non_retryable
    report = DeliveryReport("e1", str(notice.notice_id), DeliveryEvent.PROCESSED, desk.clock.now, None)
    async with desk.pool.unit_of_work(Scope.platform()) as work:
        await work.messages.notices.apply_delivery([report])
    desk.clock.now += UNKNOWN_FOR
    assert await desk.activities.send(notice) == "sent"
    assert len(desk.mailbox.arrived) == 1
    assert await desk.outcomes() == ["accepted"]


async def test_notice_is_sent_again_without_the_webhook(desk: Desk) -> None:
    """The other side of the choice: a message that may have been lost is sent twice rather than not at all."""
    notice = await desk.promised()
    desk.mailbox.fails = OutcomeUnknown("timeout")
    with pytest.raises(ApplicationError):
        await desk.activities.send(notice)
    desk.mailbox.fails = None
    desk.clock.now += UNKNOWN_FOR
    assert await desk.activities.send(notice) == "sent"
    assert await desk.outcomes() == ["unknown", "accepted"]


async def test_giving_up_is_visible_and_takes_nothing_back(desk: Desk) -> None:
    notice = await desk.promised()
    assert await desk.activities.give_up(notice) == "failed"
    assert await desk.activities.give_up(notice) == "failed"
    assert (await desk.notice())["failure_reason"] == "gave_up"
    assert await desk.activities.send(notice) == "failed"
    assert desk.mailbox.arrived == []


async def test_message_without_an_address_fails_visibly(desk: Desk) -> None:
    notice = await desk.promised()
    await rows(desk.pool, "UPDATE bookings SET email = NULL")
    assert await desk.activities.send(notice) == "failed"
    assert (await desk.notice())["failure_reason"] == "no_address"


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE bookings SET status = 'cancelled'",
        "UPDATE bookings SET start_at = start_at + interval '1 hour', end_at = end_at + interval '1 hour'",
    ],
)
async def test_reminder_that_is_no_longer_true_is_not_sent(desk: Desk, change: str) -> None:
    notice = await desk.promised(NoticeKind.BOOKING_REMINDER, start_at=NOW + 72 * HOUR)
    await rows(desk.pool, change)
    assert await desk.activities.send(notice) == "failed"
    assert (await desk.notice())["failure_reason"] == "outdated"
    assert desk.mailbox.arrived == []


async def test_reminder_of_the_visit_ahead_is_sent_until_it_begins(desk: Desk) -> None:
    notice = await desk.promised(NoticeKind.BOOKING_REMINDER, start_at=NOW + 72 * HOUR)
    desk.clock.now = NOW + 72 * HOUR - SECOND
    assert await desk.activities.send(notice) == "sent"


async def test_reminder_is_not_sent_once_the_visit_began(desk: Desk) -> None:
    notice = await desk.promised(NoticeKind.BOOKING_REMINDER, start_at=NOW + 72 * HOUR)
    desk.clock.now = NOW + 72 * HOUR
    assert await desk.activities.send(notice) == "failed"


async def test_text_that_cannot_be_written_leaves_no_attempt_open(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    notice = await desk.promised()

    def broken(*_: object) -> Email:
        raise LookupError

    monkeypatch.setattr("activities.messages.notices.compose", broken)
    with pytest.raises(LookupError):
        await desk.activities.send(notice)
    monkeypatch.undo()
    assert await desk.outcomes() == []
    assert await desk.activities.send(notice) == "sent"


async def test_message_that_is_not_there_is_not_found(desk: Desk) -> None:
    with pytest.raises(NotFound):
        await desk.activities.send(NoticeSendInput(UUID(int=1), desk.salon.business_id))
