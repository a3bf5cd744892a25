"""Messages through several channels: order, fallback, costs, limits, and workers that end between call and record."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from datetime import timedelta
from uuid import UUID, uuid4

import pytest
import pytest_asyncio
from temporalio.exceptions import ApplicationError

from activities.messages.notices import NoticeSendInput
from db.engine.session import Scope
from db.messages.preferences import Person
from domain.messages.channels import LEAVE_AFTER, UNREAD_AFTER
from domain.messages.delivery import DeliveryEvent, DeliveryReport
from domain.messages.kinds import Channel, CodeKind, NoticeKind
from domain.messages.preferences import SWITCHED, Choice, PreferenceSource
from domain.messages.sending import UNKNOWN_FOR
from providers.errors import OutcomeUnknown, ProviderRefused, ProviderUnavailable
from runtime.phone_codes import PhoneCodes
from tests.activities.messages.channel_sending import LINKS, NUMBER, Sending
from tests.support import servers
from tests.support.data import NOW, add_booking, add_salon, opened, rows


@pytest_asyncio.fixture
async def sending(database: servers.Database) -> AsyncIterator[Sending]:
    async with opened(database) as pool:
        yield Sending(pool, await add_salon(pool))


async def test_message_goes_through_the_first_channel_of_the_person(sending: Sending) -> None:
    await sending.has(Channel.LINE, Channel.SMS)
    assert await sending.send(await sending.queued()) == "sent"
    assert len(sending.mailbox.arrived) == 1, "the platform's order begins with e-mail"
    await sending.prefers(Channel.SMS, Channel.LINE, Channel.EMAIL)
    notice = await sending.queued()
    assert await sending.send(notice) == "sent"
    [sms] = sending.phones.arrived
    assert (sms.to, sms.notice_id) == (NUMBER, str(notice.notice_id))
    stored = await sending.notice(notice)
    assert (stored["channel"], stored["route"]) == ("sms", ["line", "email"])
    assert sms.text.endswith(f"https://omotenashi.example/m/{stored['link_code']}")
    assert (len(sending.mailbox.arrived), sending.line.calls) == (1, 0)


async def test_message_goes_on_to_the_next_channel_where_one_refuses(sending: Sending) -> None:
    await sending.has(Channel.LINE, Channel.SMS)
    await sending.prefers(Channel.SMS, Channel.LINE, Channel.EMAIL)
    sending.phones.fails, sending.line.fails = ProviderRefused("http_400_21610"), ProviderRefused("http_400")
    notice = await sending.queued()
    assert await sending.send(notice) == "sent"
    assert await sending.attempts() == [("sms", "refused"), ("line", "refused"), ("email", "accepted")]
    assert (await sending.notice(notice))["channel"] == "email"
    assert await sending.send(notice) == "sent"
    assert len(sending.mailbox.arrived) == 1


async def test_message_that_all_channels_refuse_has_visibly_failed(sending: Sending) -> None:
    await sending.has(Channel.SMS)
    sending.mailbox.fails, sending.phones.fails = ProviderRefused("http_400"), ProviderRefused("http_400_21211")
    notice = await sending.queued()
    assert await sending.send(notice) == "failed"
    stored = await sending.notice(notice)
    assert (stored["status"], stored["failure_reason"]) == ("failed", "http_400_21211")


async def test_channel_that_does_nothing_is_left_after_its_time(sending: Sending) -> None:
    await sending.has(Channel.SMS)
    sending.mailbox.fails = ProviderUnavailable("http_429")
    notice = await sending.queued()
    for wait in (LEAVE_AFTER - timedelta(seconds=1), timedelta(seconds=1)):
        with pytest.raises(ProviderUnavailable):
            await sending.send(notice)
        assert (await sending.notice(notice))["channel"] == "email"
        sending.clock.now += wait
    with pytest.raises(ProviderUnavailable):
        await sending.send(notice)
    assert (await sending.notice(notice))["channel"] == "sms"
    assert await sending.send(notice) == "sent"
    assert len(sending.phones.arrived) == 1


async def test_channel_that_may_have_sent_stays_the_messages(sending: Sending) -> None:
    await sending.has(Channel.SMS)
    sending.mailbox.fails = OutcomeUnknown("timeout")
    notice = await sending.queued()
    with pytest.raises(ApplicationError):
        await sending.send(notice)
    sending.mailbox.fails = ProviderUnavailable("http_429")
    sending.clock.now += LEAVE_AFTER * 4
    for _ in range(3):
        with pytest.raises(ProviderUnavailable):
            await sending.send(notice)
    assert sending.phones.arrived == [], "the e-mail may have arrived"


async def test_worker_that_ends_before_the_answer_is_stored_sends_by_line_once(sending: Sending) -> None:
    await sending.has(Channel.LINE)
    await sending.prefers(Channel.LINE)
    notice = await sending.queued()
    sending.line.fails = asyncio.CancelledError()
    with pytest.raises(asyncio.CancelledError):
        await sending.send(notice)
    sending.line.fails = None
    with pytest.raises(ApplicationError, match="an earlier attempt is open"):
        await sending.send(notice)
    sending.clock.now += UNKNOWN_FOR
    assert await sending.send(notice) == "sent"
    assert (sending.line.calls, len(sending.line.arrived)) == (2, 1), "two calls with one key"


async def test_worker_that_ends_before_the_answer_is_stored_finds_its_sms(sending: Sending) -> None:
    await sending.has(Channel.SMS)
    await sending.prefers(Channel.SMS)
    notice = await sending.queued()
    sending.phones.fails = asyncio.CancelledError()
    with pytest.raises(asyncio.CancelledError):
        await sending.send(notice)
    sending.phones.fails, sending.phones.lists = None, False
    sending.clock.now += UNKNOWN_FOR
    with pytest.raises(ProviderUnavailable, match="not_found_out"):
        await sending.send(notice)
    sending.phones.lists = True
    assert await sending.send(notice) == "sent"
    assert len(sending.phones.arrived) == 1, "it is paid for once"
    assert (await sending.notice(notice))["provider_message_id"] == "SM-found"


async def test_costs_are_kept_with_each_accepted_call(sending: Sending) -> None:
    await sending.has(Channel.SMS)
    await sending.prefers(Channel.SMS)
    sending.phones.fails = ProviderRefused("http_400")
    notice = await sending.queued()
    await sending.send(notice)
    found = await rows(sending.pool, "SELECT channel, cost_micros FROM notification_attempts ORDER BY id")
    assert [(row["channel"], row["cost_micros"]) for row in found] == [("sms", None), ("email", 100_000)]
    sending.phones.fails = None
    await sending.send(await sending.queued())
    [last] = await rows(sending.pool, "SELECT cost_micros FROM notification_attempts ORDER BY id DESC LIMIT 1")
    assert last["cost_micros"] == 10_000_000
    async with sending.pool.unit_of_work(sending.salon.scope) as work:
        booking_id = (await sending.notice(notice))["booking_id"]
        entry = next(one for one in await work.messages.ledger.ledger(booking_id, NOW) if one.id is not None)
    assert [(one.channel, one.outcome, one.cost_micros) for one in entry.attempts] == [
        ("sms", "refused", None),
        ("email", "accepted", 100_000),
    ]


async def test_limit_of_a_business_sends_the_message_through_the_next_channel(sending: Sending) -> None:
    await sending.has(Channel.SMS)
    await sending.prefers(Channel.SMS, Channel.EMAIL)
    for _ in range(3):
        assert await sending.send(await sending.queued()) == "sent"
    assert (len(sending.phones.arrived), len(sending.mailbox.arrived)) == (2, 1)
    reasons = await rows(sending.pool, "SELECT reason FROM notification_attempts WHERE outcome = 'dropped'")
    assert [row["reason"] for row in reasons] == ["channel_quota"]


async def test_limit_of_a_business_drops_a_message_without_another_channel(sending: Sending) -> None:
    await sending.has(Channel.LINE)
    kind = NoticeKind.BOOKING_REMINDER
    off = [Choice(kind, Channel.EMAIL, False)]
    async with sending.pool.unit_of_work(Scope.self_(sending.salon.user_id)) as work:
        await work.messages.preferences.choose(Person(user_id=sending.salon.user_id), off, PreferenceSource.LOGIN)
    statuses = [await sending.send(await sending.queued(kind)) for _ in range(2)]
    assert statuses == ["sent", "dropped"]
    [dropped] = await rows(sending.pool, "SELECT failure_reason FROM notification_outbox WHERE status = 'dropped'")
    assert dropped["failure_reason"] == "channel_quota"


async def test_kind_that_is_switched_off_everywhere_comes_through_no_channel(sending: Sending) -> None:
    await sending.has(Channel.LINE, Channel.SMS)
    off = [Choice(NoticeKind.BOOKING_REMINDER, channel, False) for channel in SWITCHED]
    async with sending.pool.unit_of_work(Scope.self_(sending.salon.user_id)) as work:
        await work.messages.preferences.choose(Person(user_id=sending.salon.user_id), off, PreferenceSource.LOGIN)
    assert await sending.send(await sending.queued(NoticeKind.BOOKING_REMINDER)) == "dropped"
    assert await sending.attempts() == [("email", "dropped")]


async def test_push_goes_to_every_browser_and_forgets_those_that_ended(sending: Sending) -> None:
    await sending.has(Channel.PUSH)
    await sending.prefers(Channel.PUSH)
    async with sending.pool.unit_of_work(Scope.self_(sending.salon.user_id)) as work:
        await work.messages.channels.subscribe(sending.salon.user_id, "old", '{"p256dh": "a", "auth": "b"}', NOW)
    sending.browsers.gone = {"old"}
    notice = await sending.queued()
    assert await sending.send(notice) == "sent"
    assert [endpoint for endpoint, _ in sending.browsers.arrived] == ["e1"]
    left = await rows(sending.pool, "SELECT address FROM channel_addresses")
    assert [row["address"] for row in left] == ["e1"]
    sending.browsers.gone = {"e1"}
    assert await sending.send(await sending.queued()) == "sent"
    assert len(sending.mailbox.arrived) == 1, "without a browser it goes on"


async def test_push_that_nobody_opens_is_sent_through_the_next_channel_too(sending: Sending) -> None:
    await sending.has(Channel.PUSH)
    await sending.prefers(Channel.PUSH)
    notice = await sending.queued()
    await sending.send(notice)
    [command] = await rows(sending.pool, "SELECT not_before FROM outbox WHERE event = 'notice.unread'")
    assert command["not_before"] == NOW + UNREAD_AFTER
    assert await sending.send(notice) == "sent"
    assert sending.mailbox.arrived == []
    sending.clock.now += UNREAD_AFTER
    sending.mailbox.fails = ProviderUnavailable("http_429")
    with pytest.raises(ProviderUnavailable):
        await sending.send(notice)
    sending.mailbox.fails = None
    for _ in range(2):
        assert await sending.send(notice) == "sent"
    assert len(sending.mailbox.arrived) == 1


async def test_push_that_was_opened_is_enough(sending: Sending) -> None:
    await sending.has(Channel.PUSH)
    await sending.prefers(Channel.PUSH)
    notice = await sending.queued()
    await sending.send(notice)
    async with sending.pool.unit_of_work(Scope.self_(sending.salon.user_id)) as work:
        await work.messages.notices.mark_read(notice.notice_id, sending.salon.user_id, NOW)
    sending.clock.now += UNREAD_AFTER
    assert await sending.send(notice) == "sent"
    assert sending.mailbox.arrived == []


async def test_report_that_an_sms_did_not_arrive_sends_it_through_the_next_channel(sending: Sending) -> None:
    await sending.has(Channel.SMS)
    await sending.prefers(Channel.SMS, Channel.EMAIL)
    notice = await sending.queued()
    await sending.send(notice)
    id_ = str(notice.notice_id)
    bounced = DeliveryReport("1", id_, DeliveryEvent.BOUNCED, NOW, "undelivered_30003", Channel.SMS)
    late = DeliveryReport("2", id_, DeliveryEvent.DELIVERED, NOW, None, Channel.SMS)
    for report in (bounced, bounced, late):
        async with sending.pool.unit_of_work(Scope.platform()) as work:
            assert await work.messages.notices.apply_delivery([report]) == 1
    stored = await sending.notice(notice)
    assert (stored["status"], stored["channel"], stored["route"]) == ("queued", "email", [])
    assert len(await rows(sending.pool, "SELECT id FROM outbox WHERE event = 'notice.fell_back'")) == 1
    assert await sending.send(notice) == "sent"
    assert await sending.attempts() == [("sms", "refused"), ("email", "accepted")]


async def test_customer_without_e_mail_gets_a_message_where_it_can_be_reached(sending: Sending) -> None:
    booking = await add_booking(sending.pool, sending.salon)
    await rows(sending.pool, "UPDATE bookings SET email = '' WHERE id = :id", id=booking)

    async def queued() -> UUID:
        async with sending.pool.unit_of_work(sending.salon.scope) as work:
            made = await work.messages.notices.queue(
                NoticeKind.BOOKING_CONFIRMED, booking, sending.salon.business_id, str(uuid4())
            )
        assert made is not None
        return made

    alone = NoticeSendInput(await queued(), sending.salon.business_id)
    assert (await sending.notice(alone))["channel"] == "in_app"
    await sending.has(Channel.SMS)
    assert await sending.send(NoticeSendInput(await queued(), sending.salon.business_id)) == "sent"
    assert len(sending.phones.arrived) == 1


async def test_quiet_hours_are_those_of_the_recipients_zone(sending: Sending) -> None:
    # It is half past nine in the evening in Tokyo, and early in the morning in New York.
    sending.clock.now = NOW.replace(hour=12, minute=30)
    notice = await sending.queued(NoticeKind.REVIEW_REPLIED)
    with pytest.raises(ApplicationError, match="quiet hours"):
        await sending.send(notice)
    async with sending.pool.unit_of_work(Scope.self_(sending.salon.user_id)) as work:
        await work.messages.channels.set_zone(sending.salon.user_id, "Europe/Paris")
    assert await sending.send(notice) == "sent"


async def test_code_proves_a_number_and_goes_there_alone(sending: Sending) -> None:
    user_id = sending.salon.user_id
    async with sending.pool.unit_of_work(Scope.self_(user_id)) as work:
        row = await work.messages.channels.start_number(user_id, NUMBER, NOW)
        await work.messages.notices.queue_code(user_id, row.id, CodeKind.PHONE_CODE, timedelta(minutes=10))
    [queued] = await rows(sending.pool, "SELECT id FROM notification_outbox")
    assert await sending.send(NoticeSendInput(queued["id"])) == "sent"
    [sms] = sending.phones.arrived
    code = PhoneCodes(LINKS.keys).code(row.id, NUMBER)
    assert (sms.to, code in sms.text) == (NUMBER, True)
    assert code not in str(await rows(sending.pool, "SELECT * FROM outbox")), "no table has it"
    assert code not in str(await rows(sending.pool, "SELECT * FROM notification_outbox"))


async def test_code_that_was_replaced_is_not_sent(sending: Sending) -> None:
    user_id = sending.salon.user_id
    async with sending.pool.unit_of_work(Scope.self_(user_id)) as work:
        row = await work.messages.channels.start_number(user_id, NUMBER, NOW)
        await work.messages.notices.queue_code(user_id, row.id, CodeKind.PHONE_CODE, timedelta(minutes=10))
        await work.messages.channels.start_number(user_id, "+818012345678", NOW)
    [queued] = await rows(sending.pool, "SELECT id FROM notification_outbox")
    assert await sending.send(NoticeSendInput(queued["id"])) == "failed"
    assert sending.phones.arrived == []


async def test_messages_at_the_same_time_go_through_one_channel_once(sending: Sending) -> None:
    await sending.has(Channel.LINE)
    await sending.prefers(Channel.LINE)
    notice = await sending.queued()
    answers = await asyncio.gather(*(sending.send(notice) for _ in range(6)), return_exceptions=True)
    assert Counter(type(one).__name__ for one in answers)["str"] >= 1
    assert len(sending.line.arrived) == 1
    assert sending.line.calls == 1
    assert sending.mailbox.arrived == []
