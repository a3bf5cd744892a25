"""Random stories of a salon: after each step, bookings, money and the waitlist are as the reference model says."""

import asyncio
import random
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from functools import partial
from types import SimpleNamespace
from typing import Any

import pytest
import pytest_asyncio
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import run_state_machine_as_test

from api.app import create_app
from db.bookings import claims
from tests.api.conftest import client_of
from tests.machine.runs import Runs
from tests.machine.salon import PayingProvider, StoppedClock, StorySalon
from tests.machine.visits import WholeStory
from tests.support import sampling, servers
from tests.support.data import opened

#: A whole run has ten databases of fifty stories each.
PARTS = 10 if sampling.is_whole() else 1
STORIES = sampling.examples(4, whole=50)
_STEPS = sampling.examples(15, whole=20)


@pytest_asyncio.fixture
async def open_salon(database: servers.Database, redis_url: str, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Any]:
    """Makes the salon of the next story. Which free person is tried first is not random here: Hypothesis repeats
    stories, and they must go the same way again."""
    monkeypatch.setattr(claims, "secrets", SimpleNamespace(randbelow=lambda below: 0))
    away: dict[str, object] = {"temporal_address": "127.0.0.1:1", "s3_endpoint_url": "http://127.0.0.1:1"}
    # That a machine is too busy is no answer of the salon.
    away |= {"temporal_rpc_timeout": timedelta(minutes=5), "request_timeout": timedelta(minutes=5)}
    clock, provider = StoppedClock(datetime.now(UTC)), PayingProvider()
    began = clock.at.replace(microsecond=0)
    async with opened(database) as pool:
        runs = Runs(pool, provider, clock.now)
        app = create_app(
            database.settings(redis_url=redis_url, **away),
            database=pool,
            temporal=runs,  # type: ignore[arg-type]  # what commands are sent to
            payments={"stripe": provider},
            password_rounds=4,
            now=clock.now,
        )
        async with app.router.lifespan_context(app), client_of(app) as http:

            async def open_() -> StorySalon:
                clock.at = began
                return await StorySalon.open(app, http, pool, clock, provider, runs)

            yield open_


@pytest.mark.parametrize("part", range(PARTS))
@pytest.mark.timeout(3600)
async def test_salon_is_as_its_model_after_every_step(open_salon: Any, part: int) -> None:
    story = type(
        "StoryOfTest", (WholeStory,), {"open_salon": staticmethod(open_salon), "loop": asyncio.get_running_loop()}
    )
    seed(random.Random(f"{sampling.seed()} stories {part}").getrandbits(32))(story)
    how = settings(
        max_examples=STORIES,
        stateful_step_count=_STEPS,
        deadline=None,
        database=None,
        print_blob=True,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.generate, Phase.shrink] if sampling.is_whole() else [Phase.generate],
    )
    await asyncio.to_thread(partial(run_state_machine_as_test, story, settings=how))
