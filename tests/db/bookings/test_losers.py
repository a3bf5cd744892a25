"""Who comes to a time that is gone hears of others; a crowd that asks the same is answered from one computation."""

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime
from typing import Any

import pytest
import pytest_asyncio

from db.bookings.commands.hold_request import HoldRequest
from db.engine.session import Database, Scope
from db.scheduling.availability import AvailabilityStore
from domain.scheduling.errors import SlotTaken
from tests.support import data, servers
from tests.support.data import HOUR, NOW, Salon, single

TOMORROW = NOW + 24 * HOUR
CROWD = 12


@pytest_asyncio.fixture
async def pool(shared_database: servers.Database) -> AsyncIterator[Database]:
    async with data.opened(shared_database, database_pool_size=CROWD, database_pool_timeout=240) as opened:
        yield opened


@pytest.fixture
def computed(monkeypatch: pytest.MonkeyPatch) -> list[datetime]:
    """The times for which others were looked for."""
    found: list[datetime] = []
    inner = AvailabilityStore.alternatives

    async def noted(self: AvailabilityStore, catalogue: Any, question: Any, wanted: datetime, *rest: Any) -> Any:
        found.append(wanted)
        return await inner(self, catalogue, question, wanted, *rest)

    monkeypatch.setattr(AvailabilityStore, "alternatives", noted)
    return found


async def lose(pool: Database, salon: Salon, start_at: datetime = TOMORROW) -> list[str]:
    """The alternatives of a refusal."""
    request = HoldRequest(items=single(salon.service_id), start_at=start_at, user_id=salon.user_id)
    with pytest.raises(SlotTaken) as refused:
        async with pool.unit_of_work(Scope.of("service", salon.service_id, salon.user_id)) as work:
            await work.bookings.holds.hold(request, NOW)
    shown: list[str] = refused.value.details["alternatives"]
    return shown


async def full(pool: Database) -> Salon:
    salon = await data.add_salon(pool)
    for place in range(len(salon.resources)):
        await data.add_booking(pool, salon, TOMORROW, resource=place)
    return salon


async def test_crowd_of_losers_is_answered_from_one_computation(pool: Database, computed: list[datetime]) -> None:
    salon, other = await full(pool), await full(pool)
    heard = await asyncio.gather(*(lose(pool, salon) for _ in range(CROWD)))
    assert len(heard[0]) == 3
    assert all(one == heard[0] for one in heard)
    assert len(computed) == 1
    assert len(await lose(pool, other)) == 3, "another business is another question"
    assert len(computed) == 2


async def test_loser_who_reads_other_claims_hears_other_times(pool: Database, computed: list[datetime]) -> None:
    salon = await full(pool)
    first = await lose(pool, salon)
    for place in range(len(salon.resources)):
        await data.add_booking(pool, salon, datetime.fromisoformat(first[0]), resource=place)
    second = await lose(pool, salon)
    assert first[0] not in second
    await data.rows(
        pool, "UPDATE business_settings SET slot_interval_minutes = 60 WHERE business_id = :b", b=salon.business_id
    )
    assert await lose(pool, salon) != second, "and who finds another catalogue"
    assert len(computed) == 3
