"""A change ends the cached answers that depend on it, in every process at once."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from uuid import uuid4

import pytest
from pydantic import SecretStr

from db.engine.session import Database as Pool
from domain.platform.invalidation import CacheChange, CacheKind
from providers.cache import generations
from providers.cache.generations import Generations, names_of
from providers.cache.interface import Cache
from tests.api.conftest import PREFIX, Clock, error_of
from tests.api.http.cached import Process
from tests.api.http.response_cache.changes import (
    BOOKED,
    CHANGES,
    profile,
)
from tests.api.http.response_cache.conftest import Deaf, asked, essence
from tests.api.salon import StaffedSalon
from tests.support import data
from tests.support.desk import Desk
from tests.support.servers import PATIENT, Database
from workers.registry import WorkerServices


@pytest.mark.parametrize(("change", "name"), CHANGES, ids=lambda value: getattr(value, "__name__", value))
async def test_change_is_seen_at_once_in_every_process(
    change: Callable[[StaffedSalon, Pool], Awaitable[None]],
    name: str,
    here: Process,
    there: Process,
    salon: StaffedSalon,
) -> None:
    if change.__name__ in BOOKED:
        await data.add_booking(here.pool, salon.ids, salon.at(10))
    path = (await asked(here, salon))[name]
    before = essence(await there.warm(path))
    assert before[0] == 200
    assert essence(await here.warm(path)) == before
    there.statements.clear()
    assert essence(await there.ask(path)) == before
    assert there.statements.sent == []
    await change(salon, here.pool)
    for one in (there, here):
        after = essence(await one.ask(path))
        assert after != before
        assert after[0] in {200, 308} or change.__name__ in {"suspension", "service_gone", "resource_away"}


async def test_cached_answer_shows_a_workers_change_at_once(
    here: Process, there: Process, salon: StaffedSalon, database: Database, redis_url: str
) -> None:
    booking = await data.add_booking(here.pool, salon.ids, salon.at(10))
    path = (await asked(here, salon))["get_availability"]
    before = (await there.warm(path)).content
    worker = WorkerServices.of(database.settings(redis_url=SecretStr(redis_url), **PATIENT))
    await Desk(worker.database, salon.ids).do("cancel", booking, now=salon.at(0, days=-1))
    assert (await there.ask(path)).content != before
    await worker.aclose()


async def test_generations_that_missed_too_many_changes_distrust_everything(
    cache: Cache, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(generations, "_MOST", 3)
    deaf = Deaf(cache)
    deaf.away = True
    sender = Generations(deaf)  # type: ignore[arg-type]
    for _ in range(5):
        await sender.done([CacheChange(uuid4(), CacheKind.AVAILABILITY)])
    assert sender.behind(names_of(uuid4(), CacheKind.BUSINESS)), "of any business"
    deaf.away = False
    await sender.aclose()
    assert not sender.behind(names_of(uuid4(), CacheKind.BUSINESS))


async def test_hold_that_lapsed_is_free_at_once(
    here: Process, there: Process, salon: StaffedSalon, clock: Clock
) -> None:
    until = clock.now() + timedelta(minutes=10)
    booking = await data.add_booking(
        here.pool, salon.ids, salon.at(10), status="pending", hold_expires_at=until, payment_mode="prepay"
    )
    path = (await asked(here, salon))["get_availability"]
    before = (await there.warm(path)).json()
    clock.ahead = timedelta(minutes=11)
    assert (await there.ask(path)).json() == before, "time alone is not heard of, for a minute at most"
    await Desk(here.pool, salon.ids).do("expire", booking, now=clock.now())
    assert (await there.ask(path)).json() != before


async def test_change_in_one_business_keeps_the_answers_of_another(
    here: Process, there: Process, salon: StaffedSalon
) -> None:
    own, other = f"/businesses/{salon.ids.business_id}", f"/businesses/{salon.other.business_id}"
    assert (await there.warm(own)).json() != (await there.warm(other)).json()
    await profile(salon, here.pool)
    there.statements.clear()
    await there.ask(other)
    assert there.statements.sent == []
    await there.ask(own)
    assert there.statements.sent != []


async def test_founding_a_business_leaves_everybody_their_answers(
    here: Process, there: Process, salon: StaffedSalon
) -> None:
    path = f"/businesses/{salon.ids.business_id}"
    await there.warm(path)
    body = {"name": {"ja": "新店", "en": "New"}, "vertical": "salon"}
    assert (await salon.customer.post("/owner/businesses", json=body)).status_code == 201
    there.statements.clear()
    await there.ask(path)
    assert there.statements.sent == []


async def test_logged_in_caller_is_never_answered_from_the_cache(here: Process, salon: StaffedSalon) -> None:
    away = "UPDATE services SET is_active = false WHERE business_id = :id AND id <> :service"
    extra = await data.add_service(here.pool, salon.ids.business_id, *salon.ids.resources)
    await data.rows(here.pool, away, id=salon.ids.business_id, service=salon.ids.service_id)
    path = f"/services?business_id={salon.ids.business_id}"
    for_staff = (await salon.owner.get(path)).json()["data"]
    assert {row["id"] for row in for_staff} == {str(salon.ids.service_id), str(extra)}
    for_all = (await here.warm(path)).json()["data"]
    assert {row["id"] for row in for_all} == {str(salon.ids.service_id)}
    for person in (salon.owner, salon.customer):
        here.statements.clear()
        await person.get(path)
        assert here.statements.sent != []
    assert (await salon.owner.get(path)).json()["data"] == for_staff
    bad = await here.nobody.get(PREFIX + path, headers={"Authorization": "Bearer x"})
    assert error_of(bad) == (401, "unauthenticated")
