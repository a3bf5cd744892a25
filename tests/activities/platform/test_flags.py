"""The steps of a rollout on a real Postgres: each twice, and what an admin did meanwhile counts."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
import pytest_asyncio

from activities.platform.flags import BeginStepInput, CheckInput, FlagActivities, MarkInput
from db.engine.session import Database, Scope
from db.platform.flags import FlagRow, FlagValues, RolloutRow
from domain.platform.flag_rollout import Measure, RolloutPlan, RolloutStatus, Step
from domain.platform.flags import Subject
from providers.cache.redis import RedisCache
from tests.support import data, servers

S = RolloutStatus
PLAN = RolloutPlan((Step(500, timedelta(hours=1)), Step(10_000, timedelta(hours=1))), {Measure.ATTENTION_FILED: 0})
VALUES = FlagValues("", True, False, Subject.USER, 100, (), ())


@pytest_asyncio.fixture
async def pool(database: servers.Database) -> AsyncIterator[Database]:
    async with data.opened(database) as opened:
        yield opened


@pytest_asyncio.fixture
async def steps(pool: Database, database: servers.Database, redis_url: str) -> AsyncIterator[FlagActivities]:
    cache = RedisCache(database.settings(redis_url=redis_url))
    yield FlagActivities(pool, cache, lambda: datetime.now(UTC))
    await cache.aclose()


@pytest_asyncio.fixture
async def rollout(pool: Database) -> RolloutRow:
    async with pool.unit_of_work(Scope.platform()) as work:
        flag = await work.platform.flags.create("waitlist.offers", VALUES)
        return await work.platform.flags.start_rollout(flag, PLAN)


async def flag_of(pool: Database, rollout: RolloutRow) -> FlagRow:
    async with pool.unit_of_work(Scope.platform()) as work:
        return await work.platform.flags.get(rollout.flag_id)


async def latest(pool: Database, flag_id: UUID) -> RolloutRow:
    async with pool.unit_of_work(Scope.platform()) as work:
        return await work.platform.flags.latest_rollout(flag_id)


async def test_step_begins_once(pool: Database, steps: FlagActivities, rollout: RolloutRow) -> None:
    assert await steps.begin_step(BeginStepInput(rollout.id, 1)) is S.RUNNING
    first = await latest(pool, rollout.flag_id)
    assert await steps.begin_step(BeginStepInput(rollout.id, 1)) is S.RUNNING
    again = await latest(pool, rollout.flag_id)
    flag = await flag_of(pool, rollout)
    assert (flag.share, flag.version) == (500, 2)
    assert (again.step, again.step_began_at) == (1, first.step_began_at)


async def test_look_counts_from_the_step_on(pool: Database, steps: FlagActivities, rollout: RolloutRow) -> None:
    async with pool.unit_of_work(Scope.platform()) as work:
        await work.platform.attention.file("before", "before")
    await steps.begin_step(BeginStepInput(rollout.id, 1))
    began = (await latest(pool, rollout.flag_id)).step_began_at
    assert began is not None
    assert (await steps.check(CheckInput(rollout.id))).over == {}
    async with pool.unit_of_work(Scope.platform()) as work:
        await work.platform.attention.file("after", "after")
    assert (await steps.check(CheckInput(rollout.id))).over == {Measure.ATTENTION_FILED: 1}


@pytest.mark.parametrize("status", [S.STOPPED, S.CANCELLED])
async def test_early_end_gives_the_share_back_once(
    pool: Database, steps: FlagActivities, rollout: RolloutRow, status: RolloutStatus
) -> None:
    await steps.begin_step(BeginStepInput(rollout.id, 1))
    reason = {"attention_filed": 4}
    assert await steps.mark(MarkInput(rollout.id, status, reason)) is status
    assert await steps.mark(MarkInput(rollout.id, S.DONE)) is status
    assert (await flag_of(pool, rollout)).share == 100
    ended = await latest(pool, rollout.flag_id)
    assert (ended.status, ended.reason, ended.ended_at is not None) == (status, reason, True)
    filed = await data.rows(pool, "SELECT kind FROM attention")
    assert [row["kind"] for row in filed] == (["rollout_stopped"] if status is S.STOPPED else [])


async def test_admins_change_wins_over_every_later_step(
    pool: Database, steps: FlagActivities, rollout: RolloutRow
) -> None:
    await steps.begin_step(BeginStepInput(rollout.id, 1))
    async with pool.unit_of_work(Scope.platform()) as work:
        by_hand = FlagValues("", True, False, Subject.USER, 7000, (), ())
        await work.platform.flags.update(rollout.flag_id, by_hand, datetime.now(UTC))
    assert await steps.begin_step(BeginStepInput(rollout.id, 2)) is S.SUPERSEDED
    assert (await steps.check(CheckInput(rollout.id))).status is S.SUPERSEDED
    assert await steps.mark(MarkInput(rollout.id, S.CANCELLED)) is S.SUPERSEDED
    assert (await flag_of(pool, rollout)).share == 7000


async def test_flag_that_was_deleted_has_no_rollout(pool: Database, steps: FlagActivities, rollout: RolloutRow) -> None:
    async with pool.unit_of_work(Scope.platform()) as work:
        await work.platform.flags.delete(rollout.flag_id, datetime.now(UTC))
    assert await steps.begin_step(BeginStepInput(rollout.id, 1)) is S.SUPERSEDED
    assert await steps.mark(MarkInput(rollout.id, S.DONE)) is S.SUPERSEDED
