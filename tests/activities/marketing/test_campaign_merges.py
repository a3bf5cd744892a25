"""Two records of one person, merged while the messages of a campaign wait: the record that was kept gets it once."""

from collections.abc import AsyncIterator
from datetime import timedelta
from uuid import UUID

import pytest
import pytest_asyncio

from activities.messages.notices import NoticeSendInput
from domain.customers.merging import UNDO_WITHIN
from domain.marketing.automations import AutomationKind
from providers.errors import OutcomeUnknown, ProviderUnavailable
from tests.activities.messages.test_notices import Clock, Mailbox, NoticeSending, notices_of
from tests.db.marketing.making import all_pages, automation, complete_profile, consent, recipients, started, willing
from tests.support import data, servers
from tests.support.data import NOW

DAY = timedelta(days=1)


@pytest_asyncio.fixture
async def sending(database: servers.Database) -> AsyncIterator[NoticeSending]:
    async with data.opened(database) as pool:
        mailbox, clock = Mailbox(), Clock()
        sending = NoticeSending(pool, await data.add_salon(pool), mailbox, clock, notices_of(pool, mailbox, clock))
        await complete_profile(pool, sending.salon)
        yield sending


async def merge(sending: NoticeSending, kept: UUID, merged: UUID) -> None:
    async with sending.pool.unit_of_work(sending.salon.scope) as work:
        await work.customers.merges.merge(kept, merged, NOW)


async def notices(sending: NoticeSending) -> dict[UUID, NoticeSendInput]:
    """The messages by the record that they were queued for."""
    rows = await data.rows(sending.pool, "SELECT id, customer_id FROM notification_outbox ORDER BY id")
    return {row["customer_id"]: NoticeSendInput(row["id"], sending.salon.business_id) for row in rows}


async def statuses(sending: NoticeSending) -> list[tuple[str, str | None]]:
    rows = await data.rows(sending.pool, "SELECT status, failure_reason FROM notification_outbox ORDER BY id")
    return [(row["status"], row["failure_reason"]) for row in rows]


@pytest.fixture(params=["older", "newer"])
def kept_is(request: pytest.FixtureRequest) -> str:
    return str(request.param)


async def two_who_wait(sending: NoticeSending, kept_is: str) -> tuple[UUID, UUID, dict[UUID, NoticeSendInput]]:
    """The record to keep, the other one, and the messages that wait for them."""
    first = await willing(sending.pool, sending.salon, email="first@example.com")
    second = await willing(sending.pool, sending.salon, email="second@example.com")
    await all_pages(sending.pool, sending.salon, await started(sending.pool, sending.salon))
    kept, merged = (first, second) if kept_is == "older" else (second, first)
    return kept, merged, await notices(sending)


async def test_merge_of_two_who_wait_leaves_one_message(sending: NoticeSending, kept_is: str) -> None:
    kept, merged, waiting = await two_who_wait(sending, kept_is)
    await merge(sending, kept, merged)
    for notice in [*waiting.values(), *waiting.values()]:
        await sending.activities.send(notice)
    [email] = sending.mailbox.arrived
    [record] = await data.rows(sending.pool, "SELECT email FROM customers WHERE id = :id", id=kept)
    assert (email.to, email.notice_id) == (record["email"], str(waiting[kept].notice_id))
    assert ("dropped", "same_person") in await statuses(sending)


@pytest.mark.parametrize("sent", ["kept", "merged"])
async def test_merge_after_one_message_was_sent_drops_the_other(
    sending: NoticeSending, kept_is: str, sent: str
) -> None:
    kept, merged, waiting = await two_who_wait(sending, kept_is)
    await sending.activities.send(waiting[kept if sent == "kept" else merged])
    await merge(sending, kept, merged)
    for notice in waiting.values():
        await sending.activities.send(notice)
    assert len(sending.mailbox.arrived) == 1


@pytest.mark.parametrize("sent", ["kept", "merged"])
async def test_merge_drops_no_message_that_the_provider_may_have(sending: NoticeSending, sent: str) -> None:
    """It has perhaps arrived at the other address: so the one that was not tried yet is dropped."""
    kept, merged, waiting = await two_who_wait(sending, "older")
    sending.mailbox.fails = OutcomeUnknown("no_answer")
    tried = kept if sent == "kept" else merged
    with pytest.raises(Exception, match="no_answer"):
        await sending.activities.send(waiting[tried])
    sending.mailbox.fails = None
    await merge(sending, kept, merged)
    for owner, notice in waiting.items():
        if owner != tried:
            assert await sending.activities.send(notice) == "dropped"
    assert len(sending.mailbox.arrived) == 1


@pytest.mark.parametrize("lost", ["kept", "merged"])
async def test_merge_keeps_the_message_that_waits_where_the_other_one_failed(sending: NoticeSending, lost: str) -> None:
    kept, merged, waiting = await two_who_wait(sending, "newer")
    failed = waiting[kept if lost == "kept" else merged]
    async with sending.pool.unit_of_work(sending.salon.scope) as work:
        await work.messages.notices.mark_failed(failed.notice_id, "gave_up", NOW)
    await merge(sending, kept, merged)
    for notice in waiting.values():
        await sending.activities.send(notice)
    assert len(sending.mailbox.arrived) == 1


async def test_merge_of_one_who_was_tried_in_vain_sends_one(sending: NoticeSending) -> None:
    """A provider that was away has nothing: the message of the kept record is the one that stays."""
    kept, merged, waiting = await two_who_wait(sending, "newer")
    sending.mailbox.fails = ProviderUnavailable("http_503")
    with pytest.raises(ProviderUnavailable):
        await sending.activities.send(waiting[merged])
    sending.mailbox.fails = None
    await merge(sending, kept, merged)
    for notice in waiting.values():
        await sending.activities.send(notice)
    [email] = sending.mailbox.arrived
    assert email.notice_id == str(waiting[kept].notice_id)


async def test_merge_keeps_a_withdrawn_consent(sending: NoticeSending, kept_is: str) -> None:
    """Whichever of the two has said it: the last answer of the person counts."""
    kept, merged, waiting = await two_who_wait(sending, kept_is)
    await consent(sending.pool, sending.salon, merged, granted=False, at=NOW)
    await merge(sending, kept, merged)
    for notice in waiting.values():
        await sending.activities.send(notice)
    assert sending.mailbox.arrived == []


async def test_merges_in_a_row_send_nothing_again(sending: NoticeSending) -> None:
    """The first record has the message; two merges lead it to a record that the next page reads."""
    pool, salon = sending.pool, sending.salon
    first = await willing(pool, salon, email="first@example.com")
    campaign = await started(pool, salon)
    await data.rows(pool, "UPDATE campaigns SET status = 'running' WHERE id = :id", id=campaign)
    assert await all_pages(pool, salon, campaign) == 1
    await data.rows(pool, "UPDATE campaigns SET status = 'running', finished_at = NULL WHERE id = :id", id=campaign)
    second = await willing(pool, salon, email="second@example.com")
    third = await willing(pool, salon, email="third@example.com")
    await merge(sending, second, first)
    await merge(sending, third, second)
    assert await all_pages(pool, salon, campaign) == 0
    assert await recipients(pool, salon) == [third]


async def test_unmerge_gives_back_who_got_a_message(sending: NoticeSending) -> None:
    pool, salon = sending.pool, sending.salon
    merged = await willing(pool, salon, email="merged@example.com")
    await all_pages(pool, salon, await started(pool, salon))
    kept = await data.add_customer(pool, salon.business_id, email="kept@example.com")
    await merge(sending, kept, merged)
    assert await recipients(pool, salon) == [kept]
    async with pool.unit_of_work(salon.scope) as work:
        await work.customers.merges.unmerge(kept, merged, NOW + UNDO_WITHIN - DAY)
    assert await recipients(pool, salon) == [merged]


async def test_merge_of_two_with_one_birthday_leaves_one_message(sending: NoticeSending) -> None:
    """Two messages of one automation within a week, for two causes."""
    pool, salon = sending.pool, sending.salon
    born = {"birthday": NOW.date().replace(year=1990)}
    kept = await willing(pool, salon, email="kept@example.com", **born)
    merged = await willing(pool, salon, email="merged@example.com", **born)
    birthday = await automation(pool, salon, AutomationKind.BIRTHDAY, since=NOW - DAY)
    async with pool.unit_of_work(salon.scope) as work:
        assert (await work.marketing.automations.look(birthday, NOW)).queued == 2
    waiting = await notices(sending)
    await merge(sending, kept, merged)
    for notice in waiting.values():
        await sending.activities.send(notice)
    assert len(sending.mailbox.arrived) == 1
