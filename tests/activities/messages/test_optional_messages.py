"""Messages that their recipient can switch off: they wait for the morning, and are dropped when they are not wanted."""

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
import pytest_asyncio
from temporalio.exceptions import ApplicationError

from activities.messages.notices import NoticeSendInput
from db.engine.session import Scope
from domain.messages.kinds import Channel, NoticeKind
from domain.messages.preferences import Choice, PreferenceSource
from tests.activities.messages.test_notices import Clock, Mailbox, NoticeSending, notices_of
from tests.support import servers
from tests.support.data import HOUR, NOW, add_salon, opened

#: Ten at night in Tokyo.
NIGHT = NOW + 10 * HOUR
MORNING = NOW + 20 * HOUR


@pytest_asyncio.fixture
async def sending(database: servers.Database) -> AsyncIterator[NoticeSending]:
    async with opened(database) as pool:
        mailbox, clock = Mailbox(), Clock()
        yield NoticeSending(pool, await add_salon(pool), mailbox, clock, notices_of(pool, mailbox, clock))


async def chosen(sending: NoticeSending, notice: NoticeSendInput, *, here: bool, enabled: bool) -> None:
    """The recipient's choice, for this business or everywhere."""
    async with sending.pool.unit_of_work(sending.salon.scope) as work:
        recipient = await work.messages.preferences.recipient_of(notice.notice_id)
    business_id = recipient.business_id if here else None
    choice = Choice(recipient.kind, Channel.EMAIL, enabled, business_id)
    scope = sending.salon.scope if here else Scope.self_(sending.salon.user_id)
    async with sending.pool.unit_of_work(scope) as work:
        person = replace(recipient.person, business_id=business_id)
        await work.messages.preferences.choose(person, [choice], PreferenceSource.LINK)


async def test_reminder_waits_for_the_morning(sending: NoticeSending) -> None:
    notice = await sending.queued(NoticeKind.BOOKING_REMINDER)
    sending.clock.now = NIGHT
    with pytest.raises(ApplicationError) as waiting:
        await sending.activities.send(notice)
    assert (waiting.value.type, waiting.value.next_retry_delay) == ("quiet_hours", MORNING - NIGHT)
    stored = await sending.notice()
    assert (stored["status"], stored["due_at"]) == ("queued", MORNING)
    assert await sending.outcomes() == []
    sending.clock.now = MORNING
    assert await sending.activities.send(notice) == "sent"


async def test_confirmation_does_not_wait_for_the_morning(sending: NoticeSending) -> None:
    notice = await sending.queued(NoticeKind.BOOKING_CONFIRMED)
    sending.clock.now = NIGHT
    assert await sending.activities.send(notice) == "sent"


async def test_reminder_has_both_headers_of_one_click(sending: NoticeSending) -> None:
    notice = await sending.queued(NoticeKind.BOOKING_REMINDER)
    await sending.activities.send(notice)
    [email] = sending.mailbox.arrived
    assert email.unsubscribe_url is not None
    assert email.unsubscribe_url.startswith("https://omotenashi.example/messages/k1.")
    assert email.unsubscribe_url in email.text
    assert email.unsubscribe_url in email.html


async def test_confirmation_cannot_be_unsubscribed_from(sending: NoticeSending) -> None:
    await sending.activities.send(await sending.queued(NoticeKind.BOOKING_CONFIRMED))
    assert sending.mailbox.arrived[0].unsubscribe_url is None
    assert "/messages/" not in sending.mailbox.arrived[0].html


async def test_reminder_is_dropped_for_who_has_switched_it_off(sending: NoticeSending) -> None:
    notice = await sending.queued(NoticeKind.BOOKING_REMINDER)
    await chosen(sending, notice, here=True, enabled=False)
    assert await sending.activities.send(notice) == "dropped"
    stored = await sending.notice()
    assert (stored["status"], stored["failure_reason"]) == ("dropped", "opted_out")
    assert sending.mailbox.arrived == []


async def test_reminder_is_sent_where_this_business_is_wanted_after_all(sending: NoticeSending) -> None:
    notice = await sending.queued(NoticeKind.BOOKING_REMINDER)
    await chosen(sending, notice, here=False, enabled=False)
    await chosen(sending, notice, here=True, enabled=True)
    assert await sending.activities.send(notice) == "sent"


async def test_reminder_is_dropped_for_who_has_switched_it_off_everywhere(sending: NoticeSending) -> None:
    notice = await sending.queued(NoticeKind.BOOKING_REMINDER)
    await chosen(sending, notice, here=False, enabled=False)
    assert await sending.activities.send(notice) == "dropped"
