"""The message of a campaign on its way to a customer: consent, quiet hours, and what the law asks for."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

import pytest
import pytest_asyncio
from temporalio.exceptions import ApplicationError

from activities.messages.notices import NoticeSendInput
from domain.marketing.automations import AutomationKind
from domain.marketing.campaigns import CampaignCommand
from tests.activities.messages.test_notices import Clock, Mailbox, NoticeSending, notices_of
from tests.db.marketing.making import all_pages, automation, complete_profile, consent, started, willing
from tests.support import data, servers
from tests.support.data import HOUR, NOW


@dataclass
class Sent:
    """One queued message of a campaign."""

    sending: NoticeSending
    customer: UUID
    campaign: UUID
    notice: NoticeSendInput


async def queued_of(sending: NoticeSending) -> NoticeSendInput:
    [row] = await data.rows(sending.pool, "SELECT id FROM notification_outbox")
    return NoticeSendInput(row["id"], sending.salon.business_id)


@pytest_asyncio.fixture
async def sent(database: servers.Database) -> AsyncIterator[Sent]:
    async with data.opened(database) as pool:
        mailbox, clock = Mailbox(), Clock()
        sending = NoticeSending(pool, await data.add_salon(pool), mailbox, clock, notices_of(pool, mailbox, clock))
        await complete_profile(pool, sending.salon)
        customer = await willing(pool, sending.salon)
        campaign = await started(pool, sending.salon)
        await all_pages(pool, sending.salon, campaign)
        yield Sent(sending, customer, campaign, await queued_of(sending))


async def test_campaign_message_says_what_the_law_asks_for(sent: Sent) -> None:
    assert await sent.sending.activities.send(sent.notice) == "sent"
    [email] = sent.sending.mailbox.arrived
    assert email.subject == "美容室さくらです"
    assert email.from_name == "美容室さくら"
    for part in ("佐藤 愛様", "送信者：美容室さくら", "東京都神宮前4-99-1", "配信の停止は", "+81 3-5550-0123"):
        assert part in email.text.replace("03-5550-0123", "+81 3-5550-0123"), part
    assert email.unsubscribe_url is not None
    assert email.unsubscribe_url in email.text


@pytest.mark.parametrize("why", ["withdrawn", "stopped", "erased", "deleted", "rejected"])
async def test_campaign_message_that_must_not_be_sent_any_more_is_not(sent: Sent, why: str) -> None:
    pool, salon = sent.sending.pool, sent.sending.salon
    if why == "withdrawn":
        await consent(pool, salon, sent.customer, granted=False, at=NOW)
    elif why == "stopped":
        await data.rows(pool, "UPDATE campaigns SET status = 'running', finished_at = NULL")
        async with pool.unit_of_work(salon.scope) as work:
            await work.marketing.campaigns.command(sent.campaign, CampaignCommand.STOP, NOW)
    elif why == "erased":
        await data.rows(pool, "UPDATE customers SET email = NULL WHERE id = :id", id=sent.customer)
    elif why == "deleted":
        await data.rows(pool, "UPDATE customers SET deleted_at = now() WHERE id = :id", id=sent.customer)
    else:
        await data.rows(pool, "UPDATE businesses SET status = 'rejected' WHERE id = :id", id=salon.business_id)
    status = await sent.sending.activities.send(sent.notice)
    assert status in {"dropped", "failed"}
    assert sent.sending.mailbox.arrived == []


async def test_campaign_message_waits_for_the_morning(sent: Sent) -> None:
    sent.sending.clock.now = NOW + 10 * HOUR
    with pytest.raises(ApplicationError) as waiting:
        await sent.sending.activities.send(sent.notice)
    assert (waiting.value.type, waiting.value.next_retry_delay) == ("quiet_hours", 10 * HOUR)


async def test_campaign_message_waits_while_its_business_is_suspended(sent: Sent) -> None:
    pool, salon = sent.sending.pool, sent.sending.salon
    await data.rows(pool, "UPDATE businesses SET status = 'suspended' WHERE id = :id", id=salon.business_id)
    for _ in range(2):
        with pytest.raises(ApplicationError) as waiting:
            await sent.sending.activities.send(sent.notice)
        assert waiting.value.next_retry_delay == HOUR
    assert sent.sending.mailbox.arrived == []
    await data.rows(pool, "UPDATE businesses SET status = 'approved' WHERE id = :id", id=salon.business_id)
    for _ in range(2):
        assert await sent.sending.activities.send(sent.notice) == "sent"
    assert len(sent.sending.mailbox.arrived) == 1


async def test_campaign_message_of_a_test_goes_to_the_login_also_at_night(sent: Sent) -> None:
    pool, salon = sent.sending.pool, sent.sending.salon
    async with pool.unit_of_work(salon.scope) as work:
        await work.marketing.campaigns.send_test(sent.campaign, "en", salon.owner_id, "k")
    [row] = await data.rows(pool, "SELECT id FROM notification_outbox WHERE customer_id IS NULL")
    sent.sending.clock.now = NOW + 10 * HOUR
    assert await sent.sending.activities.send(NoticeSendInput(row["id"], salon.business_id)) == "sent"
    [email] = sent.sending.mailbox.arrived
    assert email.subject.startswith("[Test] From Salon Sakura")


async def test_automation_message_ends_when_the_customer_books(sent: Sent) -> None:
    pool, salon = sent.sending.pool, sent.sending.salon
    customer = await willing(pool, salon, email="back@example.com")
    start = NOW - timedelta(days=90)
    await data.add_booking(pool, salon, start, customer_id=customer, user_id=None, status="completed", created_at=start)
    back = await automation(pool, salon, AutomationKind.NO_VISIT, since=NOW - timedelta(days=3))
    async with pool.unit_of_work(salon.scope) as work:
        assert (await work.marketing.automations.look(back, NOW)).queued == 1
    [row] = await data.rows(pool, "SELECT id FROM notification_outbox WHERE customer_id = :id", id=customer)
    soon = {"created_at": NOW + timedelta(days=900)}
    await data.add_booking(pool, salon, NOW + timedelta(days=5), customer_id=customer, user_id=None, **soon)
    assert await sent.sending.activities.send(NoticeSendInput(row["id"], salon.business_id)) == "failed"
