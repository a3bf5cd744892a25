"""A message for each cause, once, as long as the customer has not booked and has consented."""

import asyncio
import random
from collections.abc import AsyncIterator, Sequence
from datetime import date, datetime, timedelta
from uuid import UUID

import pytest
import pytest_asyncio

from db.engine.session import Database
from db.marketing.automations import AutomationStep
from domain.errors import Conflict, InvalidInput, NotFound
from domain.marketing.automations import DRY_RUN_DAYS, STILL_DUE, AutomationKind
from tests.db.marketing.making import TEXTS, automation, complete_profile, consent, recipients, started, willing
from tests.db.marketing.making import all_pages as all_campaign_pages
from tests.support import data, servers
from tests.support.data import NOW, Salon

DAY = timedelta(days=1)
#: Ten in the morning in Tokyo, and one minute after it.
TEN = NOW - timedelta(hours=2)
LOOK = TEN + timedelta(minutes=1)
K = AutomationKind


@pytest_asyncio.fixture
async def pool(database: servers.Database) -> AsyncIterator[Database]:
    async with data.opened(database) as opened:
        yield opened


@pytest_asyncio.fixture
async def salon(pool: Database) -> Salon:
    salon = await data.add_salon(pool)
    await complete_profile(pool, salon)
    return salon


async def visit(
    pool: Database,
    salon: Salon,
    customer: UUID,
    at: datetime,
    *,
    made: datetime | None = None,
    status: str = "completed",
) -> UUID:
    return await data.add_booking(
        pool, salon, at, customer_id=customer, user_id=None, status=status, created_at=made or at - DAY
    )


async def look(pool: Database, salon: Salon, automation_id: UUID, now: datetime = LOOK) -> AutomationStep:
    async with pool.unit_of_work(salon.scope) as work:
        return await work.marketing.automations.look(automation_id, now)


async def dry(pool: Database, salon: Salon, automation_id: UUID, now: datetime = LOOK) -> list[tuple[UUID, datetime]]:
    async with pool.unit_of_work(salon.scope) as work:
        rows = await work.marketing.automations.dry_run(automation_id, now, None, 100)
    return [(row.customer_id, row.at) for row in rows]


async def test_look_thanks_after_the_first_visit_alone(pool: Database, salon: Salon) -> None:
    new, old = await willing(pool, salon), await willing(pool, salon)
    await visit(pool, salon, new, LOOK - DAY)
    await visit(pool, salon, old, LOOK - 90 * DAY)
    await visit(pool, salon, old, LOOK - DAY + timedelta(hours=2))
    thanks = await automation(pool, salon, K.FIRST_VISIT, since=LOOK - 10 * DAY)
    step = await look(pool, salon, thanks)
    assert (step.queued, step.next_at) == (1, TEN + DAY)
    assert await recipients(pool, salon) == [new]
    assert (await look(pool, salon, thanks)).queued == 0
    assert (await look(pool, salon, thanks, LOOK + DAY)).queued == 0


@pytest.mark.parametrize(
    ("made", "status", "wins"),
    [
        (None, "", True),
        (LOOK - 5 * DAY, "confirmed", False),
        (LOOK - 5 * DAY, "cancelled", True),
        (LOOK - 200 * DAY, "confirmed", False),
    ],
)
async def test_look_wins_back_who_has_nothing_booked(
    pool: Database, salon: Salon, made: datetime | None, status: str, wins: bool
) -> None:
    customer = await willing(pool, salon)
    await visit(pool, salon, customer, LOOK - 90 * DAY)
    if made is not None:
        await visit(pool, salon, customer, LOOK + 5 * DAY, made=made, status=status)
    back = await automation(pool, salon, K.NO_VISIT, since=LOOK - 10 * DAY)
    assert (await look(pool, salon, back)).queued == int(wins)


async def test_look_never_sends_twice_for_one_visit(pool: Database, salon: Salon) -> None:
    """Two workers at once, on later days, after a merge of the record, and after a change of the number of days."""
    customer, kept = await willing(pool, salon), await willing(pool, salon)
    await visit(pool, salon, customer, LOOK - 90 * DAY)
    back = await automation(pool, salon, K.NO_VISIT, since=LOOK - 10 * DAY)
    steps = await asyncio.gather(*(look(pool, salon, back) for _ in range(3)))
    assert sum(step.queued for step in steps) == 1
    async with pool.unit_of_work(salon.scope) as work:
        await work.customers.merges.merge(kept, customer, NOW)
    await data.rows(pool, "UPDATE marketing_sends SET created_at = created_at - interval '30 days'")
    async with pool.unit_of_work(salon.scope) as work:
        await work.marketing.automations.change(
            back, 92, None, None, await work.marketing.campaigns.sender(salon.business_id), LOOK
        )
    for day in range(1, 5):
        assert (await look(pool, salon, back, LOOK + day * DAY)).queued == 0


async def test_look_leaves_a_week_between_two_messages(pool: Database, salon: Salon) -> None:
    """A campaign counts too. What could not be sent comes after the week, if that is not too late."""
    customer = await willing(pool, salon)
    await visit(pool, salon, customer, LOOK - 90 * DAY)
    await all_campaign_pages(pool, salon, await started(pool, salon))
    await data.rows(pool, "UPDATE marketing_sends SET created_at = :at", at=LOOK - 3 * DAY)
    back = await automation(pool, salon, K.NO_VISIT, since=LOOK - 10 * DAY)
    assert (await look(pool, salon, back)).queued == 0
    assert (await look(pool, salon, back, LOOK + 5 * DAY)).queued == 1


async def test_look_that_comes_too_late_sends_nothing_old(pool: Database, salon: Salon) -> None:
    customer = await willing(pool, salon)
    await visit(pool, salon, customer, LOOK - 90 * DAY)
    back = await automation(pool, salon, K.NO_VISIT, since=LOOK - 10 * DAY)
    assert (await look(pool, salon, back, LOOK + (STILL_DUE + 1) * DAY)).queued == 0


async def test_look_begins_with_what_is_due_after_it_was_switched_on(pool: Database, salon: Salon) -> None:
    customer = await willing(pool, salon)
    await visit(pool, salon, customer, LOOK - 92 * DAY)
    back = await automation(pool, salon, K.NO_VISIT, since=LOOK)
    early = await look(pool, salon, back, LOOK + timedelta(hours=1))
    assert (early.queued, early.next_at) == (0, TEN + DAY)
    assert (await look(pool, salon, back, LOOK + DAY)).queued == 0


async def test_look_needs_consent_and_an_approved_business(pool: Database, salon: Salon) -> None:
    customer = await willing(pool, salon)
    await visit(pool, salon, customer, LOOK - DAY)
    thanks = await automation(pool, salon, K.FIRST_VISIT, since=LOOK - 10 * DAY)
    await data.rows(pool, "UPDATE businesses SET status = 'suspended' WHERE id = :id", id=salon.business_id)
    assert (await look(pool, salon, thanks)).queued == 0
    await data.rows(pool, "UPDATE businesses SET status = 'approved' WHERE id = :id", id=salon.business_id)
    await consent(pool, salon, customer, granted=False, at=NOW)
    assert (await look(pool, salon, thanks)).queued == 0


async def test_look_congratulates_on_the_day_once_a_year(pool: Database, salon: Salon) -> None:
    today = LOOK.date()
    born = await willing(pool, salon, birthday=today.replace(year=1985))
    await willing(pool, salon, birthday=(today + DAY).replace(year=1985))
    cake = await automation(pool, salon, K.BIRTHDAY, since=LOOK - 3 * DAY)
    assert (await look(pool, salon, cake)).queued == 1
    assert await recipients(pool, salon) == [born]
    next_year = LOOK.replace(year=LOOK.year + 1)
    assert (await look(pool, salon, cake, next_year)).queued == 1


async def test_look_keeps_the_leap_day_in_other_years(pool: Database, salon: Salon) -> None:
    await willing(pool, salon, birthday=date(2000, 2, 29))
    cake = await automation(pool, salon, K.BIRTHDAY, since=datetime(2027, 2, 20, tzinfo=NOW.tzinfo))
    assert (await look(pool, salon, cake, datetime(2027, 2, 28, 2, tzinfo=NOW.tzinfo))).queued == 1


async def test_look_to_rebook_is_about_visits_with_its_service(pool: Database, salon: Salon) -> None:
    customer = await willing(pool, salon)
    other = await data.add_service(pool, salon.business_id, salon.resources[0])
    await visit(pool, salon, customer, LOOK - 35 * DAY)
    since = {"since": LOOK - 10 * DAY}
    wrong = await automation(pool, salon, K.REBOOK, service_id=other, **since)
    right = await automation(pool, salon, K.REBOOK, service_id=salon.service_id, **since)
    assert (await look(pool, salon, wrong)).queued == 0
    assert (await look(pool, salon, right)).queued == 1


async def test_dry_run_shows_who_would_have_got_it_and_when(pool: Database, salon: Salon) -> None:
    """By what was booked and consented to at that time; nothing is sent."""
    came, booked, refused, late = [await willing(pool, salon) for _ in range(4)]
    for customer in (came, booked, refused, late):
        await visit(pool, salon, customer, TEN - 100 * DAY)
    due = TEN - 10 * DAY
    await visit(pool, salon, booked, NOW + DAY, made=due - DAY, status="confirmed")
    await visit(pool, salon, late, NOW + 2 * DAY, made=due + DAY, status="confirmed")
    await consent(pool, salon, refused, granted=False, at=due - DAY)
    back = await automation(pool, salon, K.NO_VISIT, since=LOOK)
    assert {one for one, _ in await dry(pool, salon, back)} == {came, late}
    assert {at for _, at in await dry(pool, salon, back)} == {due}
    assert await dry(pool, salon, back, LOOK + 40 * DAY) == []
    assert await recipients(pool, salon) == []


async def test_automation_that_is_off_ends_its_run(pool: Database, salon: Salon) -> None:
    thanks = await automation(pool, salon, K.FIRST_VISIT, since=LOOK)
    async with pool.unit_of_work(salon.scope) as work:
        await work.marketing.automations.remove(thanks, LOOK)
    assert await look(pool, salon, thanks) == AutomationStep(0, None)
    changes = await data.rows(pool, "SELECT 1 FROM outbox WHERE command = 'automation.changed'")
    assert len(changes) == 2
    async with pool.unit_of_work((await data.add_salon(pool)).scope) as work:
        with pytest.raises(NotFound):
            await work.marketing.automations.get(thanks)


async def test_automation_is_one_of_its_kind_with_days_that_fit(pool: Database, salon: Salon) -> None:
    await automation(pool, salon, K.NO_VISIT, since=LOOK)
    for kind, days, service, refusal in (
        (K.NO_VISIT, 90, None, Conflict),
        (K.REBOOK, 3, None, InvalidInput),
        (K.BIRTHDAY, 0, salon.service_id, InvalidInput),
        (K.REBOOK, 35, UUID(int=1), NotFound),
    ):
        with pytest.raises(refusal):
            async with pool.unit_of_work(salon.scope) as work:
                await work.marketing.automations.add(salon.business_id, kind, days, service, TEXTS)


async def month_of(
    pool: Database, salon: Salon, automation_id: UUID, first: datetime, campaigns: Sequence[tuple[datetime, list[UUID]]]
) -> set[tuple[UUID, datetime]]:
    """What the looks of 30 mornings sent, each at its time, with these campaigns between them."""
    sent: set[tuple[UUID, datetime]] = set()
    for day in range(DRY_RUN_DAYS):
        at = first + day * DAY
        for when, customers in campaigns:
            if when <= at and (day == 0 or when > at - DAY):
                await campaign_of(pool, salon, customers, when)
        await look(pool, salon, automation_id, at + timedelta(minutes=1))
        made = await data.rows(
            pool,
            """UPDATE marketing_sends SET created_at = :at
                WHERE automation_id = :id AND created_at > now() - interval '1 hour' RETURNING customer_id""",
            at=at + timedelta(seconds=7),
            id=automation_id,
        )
        sent |= {(row["customer_id"], at) for row in made}
    return sent


async def campaign_of(pool: Database, salon: Salon, customers: Sequence[UUID], at: datetime) -> None:
    """They got a campaign at that time."""
    campaign = await started(pool, salon)
    for customer in customers:
        await data.rows(
            pool,
            """WITH n AS (INSERT INTO notification_outbox (business_id, customer_id, kind, dedupe_key)
                          VALUES (:business, :customer, 'campaign_message', gen_random_uuid()::text) RETURNING id)
               INSERT INTO marketing_sends (business_id, customer_id, campaign_id, notice_id, created_at)
               SELECT :business, :customer, :campaign, id, :at FROM n RETURNING id""",
            **{"business": salon.business_id, "customer": customer, "campaign": campaign, "at": at},
        )


@pytest.mark.parametrize(("kind", "days"), [(K.FIRST_VISIT, 1), (K.REBOOK, 7)])
async def test_dry_run_shows_what_the_month_would_have_sent(
    pool: Database, salon: Salon, kind: AutomationKind, days: int
) -> None:
    """Visits, shared addresses, campaigns and new bookings of a month at random: the looks of its mornings send what
    the dry run shows after it."""
    chance = random.Random(days)
    customers = [await willing(pool, salon, email=f"family-{number % 9}@example.jp") for number in range(18)]
    start = TEN - DRY_RUN_DAYS * DAY
    for customer in customers:
        for _ in range(chance.randint(1, 3)):
            at = start + timedelta(
                days=chance.randint(-8, 28), hours=chance.randint(1, 8), minutes=chance.randint(0, 59)
            )
            await visit(pool, salon, customer, at, made=at - timedelta(days=chance.choice([0, 1, 20])))
    campaigns = [
        (start + timedelta(days=chance.randint(-6, 25), hours=chance.randint(0, 20)), chance.sample(customers, 5))
        for _ in range(4)
    ]
    wanted = await automation(pool, salon, kind, days=days, since=start - timedelta(minutes=1))
    sent = await month_of(pool, salon, wanted, start, campaigns)
    assert len(sent) > 3
    assert set(await dry(pool, salon, wanted, LOOK)) == sent


async def test_dry_run_leaves_a_week_between_two_messages(pool: Database, salon: Salon) -> None:
    """Two records with one address: the second message comes a week after the first. Behind a campaign it comes later,
    and not at all where that is too late."""
    first, second, third = [await willing(pool, salon, email="family@example.jp") for _ in range(3)]
    day = TEN - 20 * DAY
    for customer, late in ((first, 0), (second, 2), (third, 3)):
        await visit(pool, salon, customer, day + (late - 1) * DAY)
    thanks = await automation(pool, salon, K.FIRST_VISIT, since=LOOK)
    assert await dry(pool, salon, thanks) == [(second, day + 7 * DAY), (first, day)]
    await campaign_of(pool, salon, [third], day - 4 * DAY)
    assert await dry(pool, salon, thanks) == [(third, day + 10 * DAY), (first, day + 3 * DAY)]


async def test_dry_run_shows_its_pages_once(pool: Database, salon: Salon) -> None:
    customers = [await willing(pool, salon) for _ in range(3)]
    for customer in customers:
        await visit(pool, salon, customer, TEN - 5 * DAY)
    thanks = await automation(pool, salon, K.FIRST_VISIT, since=LOOK)
    found: list[UUID] = []
    after = None
    for _ in customers:
        async with pool.unit_of_work(salon.scope) as work:
            [row] = await work.marketing.automations.dry_run(thanks, LOOK, after, 1)
        found, after = [*found, row.customer_id], (row.at, row.customer_id)
    assert found == sorted(customers, reverse=True)


async def test_look_a_week_later_does_not_wait_for_a_second(pool: Database, salon: Salon) -> None:
    """The look of this week is some seconds earlier than the one of last week was."""
    one, other = [await willing(pool, salon, email="family@example.jp") for _ in range(2)]
    await visit(pool, salon, one, TEN - 8 * DAY)
    thanks = await automation(pool, salon, K.FIRST_VISIT, since=LOOK - 20 * DAY)
    assert (await look(pool, salon, thanks, LOOK - 7 * DAY)).queued == 1
    await data.rows(
        pool, "UPDATE marketing_sends SET created_at = :at RETURNING id", at=LOOK - 7 * DAY + timedelta(seconds=30)
    )
    await visit(pool, salon, other, TEN - DAY)
    assert (await look(pool, salon, thanks, LOOK)).queued == 1


@pytest.mark.parametrize("hour", [-9, 13])
async def test_look_counts_days_in_the_zone_of_the_business(pool: Database, salon: Salon, hour: int) -> None:
    """A visit just after midnight, and one late in the evening: its message comes on its day, not on the one before."""
    customer = await willing(pool, salon)
    await visit(pool, salon, customer, TEN - 90 * DAY + timedelta(hours=hour))
    back = await automation(pool, salon, K.NO_VISIT, since=LOOK - 10 * DAY)
    assert (await look(pool, salon, back, LOOK - DAY)).queued == 0
    assert (await look(pool, salon, back, LOOK)).queued == 1
