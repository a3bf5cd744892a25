"""A campaign reaches everybody of its segment who has consented, each once."""

import asyncio
from collections.abc import AsyncIterator, Awaitable
from datetime import timedelta

import pytest
import pytest_asyncio
from sqlalchemy.exc import IntegrityError

from db.engine.session import Database, UnitOfWork
from db.marketing.campaigns import CampaignPage
from domain.errors import Conflict, NotFound, WrongState
from domain.marketing.campaigns import (
    BETWEEN_PAGES,
    LOOK_AGAIN,
    PAGE,
    CampaignCommand,
    CampaignStatus,
    HeldBecause,
)
from domain.marketing.errors import SenderIncomplete
from domain.marketing.segments import Segment
from tests.db.marketing.making import (
    all_pages,
    complete_profile,
    consent,
    draft,
    many_willing,
    page,
    recipients,
    started,
    willing,
)
from tests.races.overlap import overlap
from tests.support import data, servers
from tests.support.data import HOUR, NOW, Salon

DAY = timedelta(days=1)


@pytest_asyncio.fixture
async def pool(database: servers.Database) -> AsyncIterator[Database]:
    async with data.opened(database) as opened:
        yield opened


@pytest_asyncio.fixture
async def salon(pool: Database) -> Salon:
    salon = await data.add_salon(pool)
    await complete_profile(pool, salon)
    return salon


async def visit(pool: Database, salon: Salon, customer: object, days_ago: int, **more: object) -> None:
    start = NOW - days_ago * DAY
    at = {"start_at": start, "created_at": start - DAY}
    await data.add_booking(pool, salon, customer_id=customer, user_id=None, status="completed", **at, **more)


async def test_campaign_reaches_those_alone_who_have_consented(pool: Database, salon: Salon) -> None:
    yes = await willing(pool, salon)
    no = await data.add_customer(pool, salon.business_id)
    await consent(pool, salon, no, granted=False)
    withdrawn = await willing(pool, salon)
    await consent(pool, salon, withdrawn, granted=False, at=NOW)
    await willing(pool, salon, deleted_at=NOW)
    await willing(pool, salon, email=None)
    await willing(pool, await data.add_salon(pool))
    campaign = await started(pool, salon)
    assert await all_pages(pool, salon, campaign) == 1
    assert await recipients(pool, salon) == [yes]
    [notice] = await data.rows(pool, "SELECT kind, status, customer_id, language FROM notification_outbox")
    assert notice == {"kind": "campaign_message", "status": "queued", "customer_id": yes, "language": "ja"}
    [order] = await data.rows(pool, "SELECT payload FROM outbox WHERE command = 'notice.start'")
    assert order["payload"]["kind"] == "campaign_message"


@pytest.mark.parametrize(
    ("segment", "reached"),
    [
        (Segment(), {"often", "once", "never"}),
        (Segment(tags=("VIP",)), {"often"}),
        (Segment(tags=("VIP", "紹介")), set()),
        (Segment(visited_within_days=30), {"often"}),
        (Segment(not_visited_for_days=30), {"once"}),
        (Segment(not_visited_for_days=30, visited_within_days=300), {"once"}),
        (Segment(visits_from=2), {"often"}),
        (Segment(spent_from=13200), {"often"}),
        (Segment(spent_to=6600), {"once", "never"}),
        (Segment(spent_from=1, spent_to=6600), {"once"}),
        (Segment(birthday_month=4), {"once"}),
        (Segment(birthday_month=4, tags=("VIP",)), set()),
    ],
)
async def test_campaign_segment_is_all_of_its_conditions(
    pool: Database, salon: Salon, segment: Segment, reached: set[str]
) -> None:
    people = {
        await willing(pool, salon, tags=["VIP"]): "often",
        await willing(pool, salon, birthday=NOW.date().replace(year=1990, month=4, day=29)): "once",
        await willing(pool, salon): "never",
    }
    often, once, _ = people
    await visit(pool, salon, often, 10)
    await visit(pool, salon, often, 100)
    await visit(pool, salon, once, 200)
    async with pool.unit_of_work(salon.scope) as work:
        audience = await work.marketing.campaigns.audience(salon.business_id, segment, NOW)
    await all_pages(pool, salon, await started(pool, salon, segment))
    assert {people[one] for one in await recipients(pool, salon)} == reached
    assert {people[one.id] for one in audience.sample} == reached
    assert audience.recipients == len(reached)


async def test_campaign_segment_of_a_service_is_about_visits_with_it(pool: Database, salon: Salon) -> None:
    came, booked = await willing(pool, salon), await willing(pool, salon)
    await visit(pool, salon, came, 10)
    await data.add_booking(pool, salon, NOW + 5 * DAY, customer_id=booked, user_id=None)
    await all_pages(pool, salon, await started(pool, salon, Segment(service_ids=(salon.service_id,))))
    assert await recipients(pool, salon) == [came]


async def test_campaign_goes_page_by_page_and_misses_nobody(pool: Database, salon: Salon) -> None:
    await many_willing(pool, salon, 2 * PAGE + 7)
    campaign = await started(pool, salon)
    first = await page(pool, salon, campaign)
    assert (first.status, first.queued, first.next_at) == (CampaignStatus.RUNNING, PAGE, NOW + BETWEEN_PAGES)
    assert await all_pages(pool, salon, campaign) == PAGE + 7
    assert len(set(await recipients(pool, salon))) == 2 * PAGE + 7
    assert (await page(pool, salon, campaign)).status is CampaignStatus.DONE


async def test_campaign_page_that_two_workers_take_goes_out_once(pool: Database, salon: Salon) -> None:
    await many_willing(pool, salon, PAGE + 50)
    campaign = await started(pool, salon)
    steps = await asyncio.gather(*(page(pool, salon, campaign) for _ in range(4)))
    assert sum(step.queued for step in steps) == PAGE + 50
    found = await recipients(pool, salon)
    assert len(found) == len(set(found)) == PAGE + 50


async def test_campaign_page_that_is_lost_is_taken_again(pool: Database, salon: Salon) -> None:
    """A worker dies after its statements and before the commit: nothing of the page is there, and nobody is missed."""
    await many_willing(pool, salon, 30)
    campaign = await started(pool, salon)

    class Died(Exception):
        pass

    async def die_in_the_middle() -> None:
        async with pool.unit_of_work(salon.scope) as work:
            await work.marketing.campaigns.take_page(campaign, NOW)
            raise Died

    with pytest.raises(Died):
        await die_in_the_middle()
    assert await recipients(pool, salon) == []
    assert await all_pages(pool, salon, campaign) == 30


async def test_campaign_leaves_out_who_opts_out_between_two_pages(pool: Database, salon: Salon) -> None:
    await many_willing(pool, salon, PAGE)
    late, erased = await willing(pool, salon), await willing(pool, salon)
    campaign = await started(pool, salon)
    await page(pool, salon, campaign)
    await consent(pool, salon, late, granted=False, at=NOW)
    await data.rows(pool, "UPDATE customers SET email = NULL, family_name = '—' WHERE id = :id", id=erased)
    assert await all_pages(pool, salon, campaign) == 0


async def test_campaign_writes_to_an_address_and_a_person_once(pool: Database, salon: Salon) -> None:
    """Also where the second record comes on a later page, and where two records were merged in between."""
    first = await willing(pool, salon, email="same@example.com")
    same_page = await willing(pool, salon, email="SAME@example.com")
    other = await willing(pool, salon, email="other@example.com")
    await many_willing(pool, salon, PAGE)
    later = await willing(pool, salon, email="same@example.com")
    kept = await willing(pool, salon, email="new@example.com")
    campaign = await started(pool, salon)
    await page(pool, salon, campaign)
    async with pool.unit_of_work(salon.scope) as work:
        await work.customers.merges.merge(kept, other, NOW)
    await all_pages(pool, salon, campaign)
    found = await recipients(pool, salon)
    assert {first, kept} <= set(found)
    assert not {same_page, later, other} & set(found)
    assert len(await data.rows(pool, "SELECT 1 FROM notification_outbox")) == len(found) == PAGE + 2


async def test_campaign_waits_for_its_time_and_for_the_morning(pool: Database, salon: Salon) -> None:
    await willing(pool, salon)
    campaign = await draft(pool, salon)
    night = NOW + 10 * HOUR
    async with pool.unit_of_work(salon.scope) as work:
        await work.marketing.campaigns.start(campaign, night, NOW)
    assert (await page(pool, salon, campaign, NOW)).next_at == night
    waiting = await page(pool, salon, campaign, night)
    assert (waiting.status, waiting.queued, waiting.next_at) == (CampaignStatus.SCHEDULED, 0, NOW + 20 * HOUR)
    assert await all_pages(pool, salon, campaign, NOW + 20 * HOUR) == 1


async def test_campaign_that_is_paused_sends_nothing_until_it_is_resumed(pool: Database, salon: Salon) -> None:
    await many_willing(pool, salon, PAGE + 5)
    campaign = await started(pool, salon)
    await page(pool, salon, campaign)

    async def say(command: CampaignCommand) -> CampaignStatus:
        async with pool.unit_of_work(salon.scope) as work:
            return await work.marketing.campaigns.command(campaign, command, NOW)

    assert await say(CampaignCommand.PAUSE) is CampaignStatus.PAUSED
    assert await say(CampaignCommand.PAUSE) is CampaignStatus.PAUSED
    assert (await page(pool, salon, campaign)).queued == 0
    assert await say(CampaignCommand.RESUME) is CampaignStatus.RUNNING
    assert await say(CampaignCommand.STOP) is CampaignStatus.STOPPED
    assert (await page(pool, salon, campaign)).queued == 0
    with pytest.raises(WrongState):
        await say(CampaignCommand.RESUME)
    assert len(await recipients(pool, salon)) == PAGE


async def test_campaign_starts_once_and_needs_an_imprint(pool: Database, salon: Salon) -> None:
    bare = await data.add_salon(pool)
    with pytest.raises(SenderIncomplete) as refused:
        await started(pool, bare)
    assert refused.value.details == {"missing": ["address", "contact"]}
    campaign = await draft(pool, salon)

    async def start() -> object:
        async with pool.unit_of_work(salon.scope) as work:
            return await work.marketing.campaigns.start(campaign, None, NOW)

    outcomes = await asyncio.gather(start(), start(), return_exceptions=True)
    assert sorted(type(one).__name__ for one in outcomes) == ["CampaignRow", "WrongState"]
    assert len(await data.rows(pool, "SELECT 1 FROM outbox WHERE command = 'campaign.start'")) == 1


async def test_campaign_of_another_business_is_not_there(pool: Database, salon: Salon) -> None:
    campaign, other = await started(pool, salon), await data.add_salon(pool)
    await willing(pool, salon)
    async with pool.unit_of_work(other.scope) as work:
        with pytest.raises(NotFound):
            await work.marketing.campaigns.get(campaign)
        with pytest.raises(NotFound):
            await work.marketing.campaigns.take_page(campaign, NOW)
    assert await recipients(pool, salon) == []


async def test_results_count_what_became_of_the_messages(pool: Database, salon: Salon) -> None:
    buyer, gone, quiet = [await willing(pool, salon) for _ in range(3)]
    campaign = await started(pool, salon)
    await all_pages(pool, salon, campaign)
    await data.rows(
        pool,
        """UPDATE notification_outbox n SET sent_at = :now, status = CASE customer_id
               WHEN :buyer THEN 'delivered' WHEN :gone THEN 'bounced' ELSE 'sent' END""",
        now=NOW,
        buyer=buyer,
        gone=gone,
    )
    for days, status in ((3, "confirmed"), (5, "expired"), (30, "confirmed")):
        await data.add_booking(
            pool,
            salon,
            NOW + (40 + days) * DAY,
            customer_id=buyer,
            user_id=None,
            created_at=NOW + days * DAY,
            status=status,
        )
    [notice] = await data.rows(pool, "SELECT id FROM notification_outbox WHERE customer_id = :id", id=quiet)
    await data.rows(
        pool,
        """INSERT INTO consents (business_id, customer_id, purpose, granted, source, language, wording, notice_id)
           VALUES (:business, :customer, 'offers', false, 'one_click', 'ja', '?', :notice)""",
        business=salon.business_id,
        customer=quiet,
        notice=notice["id"],
    )
    async with pool.unit_of_work(salon.scope) as work:
        found = await work.marketing.results.of_campaign(campaign, 14)
    assert (found.recipients, found.sent, found.delivered, found.bounced) == (3, 3, 1, 1)
    assert (found.waiting, found.unsubscribed, found.bookings, found.opened) == (0, 1, 1, 0)


async def test_campaign_finds_who_was_merged_into_a_record_behind_its_cursor(pool: Database, salon: Salon) -> None:
    """The kept record had not consented when its page was taken, and the merged one was still to come."""
    kept = await data.add_customer(pool, salon.business_id, email="kept@example.com")
    between = await data.add_customer(pool, salon.business_id, email="between@example.com")
    await many_willing(pool, salon, PAGE)
    first, second = [await willing(pool, salon, email=f"late-{n}@example.com") for n in range(2)]
    campaign = await started(pool, salon)
    await page(pool, salon, campaign)
    async with pool.unit_of_work(salon.scope) as work:
        await work.customers.merges.merge(between, first, NOW + HOUR)
        await work.customers.merges.merge(kept, between, NOW + HOUR)
    assert await all_pages(pool, salon, campaign, NOW + HOUR) == 2
    assert set((await recipients(pool, salon))[-2:]) == {kept, second}


async def test_campaign_page_and_merge_at_once_send_once(pool: Database, salon: Salon) -> None:
    """The kept record has its message, the page of the other one has read it before the merge is committed."""
    kept = await willing(pool, salon, email="kept@example.com")
    await many_willing(pool, salon, PAGE)
    merged = await willing(pool, salon, email="merged@example.com")
    campaign = await started(pool, salon)
    await page(pool, salon, campaign)

    def merge(work: UnitOfWork) -> Awaitable[object]:
        return work.customers.merges.merge(kept, merged, NOW)

    async def take(work: UnitOfWork) -> str:
        try:
            await work.marketing.campaigns.take_page(campaign, NOW + HOUR)
        except IntegrityError as error:
            raise Conflict from error
        return "no message for the merged record"

    _, refused = await overlap(pool, salon.scope, merge, take)
    assert isinstance(refused, Conflict), "the run takes the page again"
    await all_pages(pool, salon, campaign, NOW + HOUR)
    found = await recipients(pool, salon)
    assert merged not in found
    assert len(found) == len(set(found)) == PAGE + 1
    waiting = await data.rows(pool, "SELECT 1 FROM notification_outbox WHERE customer_id = :id", id=kept)
    assert len(waiting) == 1


@pytest.mark.parametrize("begun", [False, True])
async def test_campaign_is_held_while_its_business_is_suspended(pool: Database, salon: Salon, begun: bool) -> None:
    """Nothing is queued, and it says so; afterwards it goes on where it was, and nobody is missed."""
    await many_willing(pool, salon, PAGE + 5)
    campaign = await started(pool, salon)
    if begun:
        await page(pool, salon, campaign)

    async def held() -> HeldBecause | None:
        async with pool.unit_of_work(salon.scope) as work:
            [listed] = await work.marketing.campaigns.list_campaigns(salon.business_id, None, 10)
            assert listed == await work.marketing.campaigns.get(campaign)
        return listed.held_because

    assert await held() is None
    await data.rows(pool, "UPDATE businesses SET status = 'suspended' WHERE id = :id", id=salon.business_id)
    before = await recipients(pool, salon)
    step = await page(pool, salon, campaign)
    status = CampaignStatus.RUNNING if begun else CampaignStatus.SCHEDULED
    assert step == CampaignPage(status, 0, NOW + LOOK_AGAIN)
    assert await recipients(pool, salon) == before
    assert await held() is HeldBecause.BUSINESS_NOT_APPROVED
    await data.rows(pool, "UPDATE businesses SET status = 'approved' WHERE id = :id", id=salon.business_id)
    await all_pages(pool, salon, campaign)
    assert len(set(await recipients(pool, salon))) == PAGE + 5
    assert await held() is None


async def test_campaign_that_is_held_can_be_stopped(pool: Database, salon: Salon) -> None:
    await willing(pool, salon)
    campaign = await started(pool, salon)
    await data.rows(pool, "UPDATE businesses SET status = 'suspended' WHERE id = :id", id=salon.business_id)
    async with pool.unit_of_work(salon.scope) as work:
        assert await work.marketing.campaigns.command(campaign, CampaignCommand.STOP, NOW) is CampaignStatus.STOPPED
        assert (await work.marketing.campaigns.get(campaign)).held_because is None
    assert (await page(pool, salon, campaign)).next_at is None
