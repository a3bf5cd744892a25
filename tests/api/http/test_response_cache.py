"""Public answers are kept for a while: never for those who are logged in, never longer than until the change that
concerns them, and never so that taken time is sold."""

import asyncio
import contextlib
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Iterator
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
import pytest_asyncio
from httpx import Response
from pydantic import SecretStr
from redis.asyncio import Redis
from sqlalchemy import update

from api.http import response_cache as kept
from db.bookings.commands.hold_request import HoldRequest
from db.businesses.tables import Business
from db.engine.base import Base
from db.engine.session import Database as Pool
from db.onboarding.verifications import Deciding
from db.tables import CACHE_KINDS
from domain.errors import NotFound
from domain.onboarding.verification import Decision
from domain.platform.actor import ActorKind
from domain.platform.invalidation import CACHE_FOR, DEPENDS_ON, CacheChange, CacheKind
from providers.cache import generations
from providers.cache.generations import Generations, names_of
from providers.cache.interface import Cache, CacheAway
from tests.api.conftest import PREFIX, Clock, error_of
from tests.api.http.cached import Process, cache_at, process, questions
from tests.api.shop import Shop, keyed, opened_shop
from tests.api.venues import service_body
from tests.support import data
from tests.support.data import single
from tests.support.desk import Desk
from tests.support.servers import PATIENT, Database
from workers.registry import WorkerServices


class Deaf:
    """A cache that answers questions, and takes nothing while ``away``."""

    def __init__(self, cache: Cache) -> None:
        self._cache = cache
        self.away = False

    async def put(self, key: str, value: bytes, keep: timedelta) -> None:
        if self.away:
            raise CacheAway
        await self._cache.put(key, value, keep)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._cache, name)


@pytest_asyncio.fixture
async def cache(redis_url: str) -> AsyncIterator[Cache]:
    cache = cache_at(redis_url)
    yield cache
    await cache.aclose()


@pytest_asyncio.fixture
async def here(database: Database, clock: Clock, cache: Cache) -> AsyncIterator[Process]:
    """The process in which things are changed."""
    async with process(database, clock, cache) as here:
        yield here


@pytest_asyncio.fixture
async def there(database: Database, clock: Clock, redis_url: str) -> AsyncIterator[Process]:
    """Another one, with a Redis client of its own."""
    cache = cache_at(redis_url)
    async with process(database, clock, cache) as there:
        yield there
    await cache.aclose()


@pytest_asyncio.fixture
async def shop(here: Process, clock: Clock) -> AsyncIterator[Shop]:
    """Two salons."""
    async with opened_shop(here.app, here.pool, clock, payment_mode="at_venue") as opened:
        yield opened


async def asked(process: Process, shop: Shop) -> dict[str, str]:
    """Every question about the salon."""
    [row] = await data.rows(process.pool, "SELECT slug FROM businesses WHERE id = :id", id=shop.salon.business_id)
    return questions(shop, row["slug"])


def essence(answer: Response) -> tuple[int, bytes, dict[str, str]]:
    """The answer without what belongs to the request."""
    own = ("x-request-id", "x-ratelimit-", "date")
    return answer.status_code, answer.content, {k: v for k, v in answer.headers.items() if not k.startswith(own)}


async def test_cached_answer_costs_no_statement_and_has_the_same_bytes(
    here: Process, there: Process, shop: Shop, database: Database, clock: Clock, cache: Cache
) -> None:
    async with process(database, clock, cache, cache_responses=False) as plain:
        for name, path in (await asked(here, shop)).items():
            for headers in ({"Accept-Language": "ja"}, {"Accept-Language": "en"}):
                truth = await plain.ask(path, **headers)
                assert truth.status_code == 200, (name, truth.text)
                for one in (here, there):
                    await one.warm(path, **headers)
                    one.statements.clear()
                    assert essence(await one.ask(path, **headers)) == essence(truth), name
                    assert one.statements.sent == [], name
                plain.statements.clear()
                await plain.ask(path, **headers)
                assert len(plain.statements) >= 2, name


def endpoints_that_keep(process: Process) -> Iterator[tuple[str, frozenset[str]]]:
    for endpoint, facts in process.app.state.route_facts.items():
        if hasattr(endpoint, "__wrapped__") and endpoint.__code__.co_filename == kept.__file__:
            yield endpoint.__name__, facts.methods


async def test_cached_operations_are_all_listed_and_change_nothing(here: Process, shop: Shop) -> None:
    found = dict(endpoints_that_keep(here))
    assert set(found) == set(await asked(here, shop))
    assert set(found.values()) == {frozenset({"GET"})}


async def test_cached_answer_depends_on_every_table_it_reads(here: Process, shop: Shop) -> None:
    """Who asks and where (the role, the session) is no part of an answer to somebody without a login; former slugs
    change with the business."""
    apart = {"users", "user_sessions", "staff_assignments", "business_slugs", "idempotency_keys"}
    kinds = {endpoint.__name__: closure_kind(endpoint) for endpoint in here.app.state.route_facts}
    for name, path in (await asked(here, shop)).items():
        here.statements.clear()
        assert (await here.ask(path)).status_code == 200
        read = set(re.findall(r"\b(?:FROM|JOIN)\s+(\w+)", " ".join(here.statements.sent), re.IGNORECASE))
        read = (read & set(Base.metadata.tables)) - apart
        assert read, name
        depended_on = DEPENDS_ON[kinds[name]]
        assert {table for table in read if CACHE_KINDS.get(table) not in depended_on} == set(), name


def closure_kind(endpoint: Any) -> Any:
    """The kind that the endpoint declared."""
    cells = getattr(endpoint, "__closure__", None) or ()
    return next((cell.cell_contents for cell in cells if isinstance(cell.cell_contents, CacheKind)), None)


# -- changes -----------------------------------------------------------------------------------------------------------


async def profile(shop: Shop, _: Pool) -> None:
    body = {"name": {"ja": "新しい名", "en": "New name"}}
    assert (await shop.owner.put(f"/owner/businesses/{shop.salon.business_id}", json=body)).status_code == 200


async def slug(shop: Shop, _: Pool) -> None:
    body = {"slug": f"moved-{uuid4().hex[:12]}"}
    assert (await shop.owner.put(f"/owner/businesses/{shop.salon.business_id}", json=body)).status_code == 200


async def opening_hours(shop: Shop, _: Pool) -> None:
    body = {"weekly": {"monday": [{"opens": "03:00", "closes": "04:00"}]}}
    assert (await shop.owner.put(f"/owner/businesses/{shop.salon.business_id}/hours", json=body)).status_code == 200


async def closed_day(shop: Shop, _: Pool) -> None:
    path = f"/owner/businesses/{shop.salon.business_id}/holidays"
    body = {"days": [{"day": str(shop.day.date()), "ranges": []}]}
    assert (await shop.owner.put(path, json=body)).status_code == 200


async def settings(shop: Shop, _: Pool) -> None:
    path = f"/owner/businesses/{shop.salon.business_id}/settings"
    answer = await shop.owner.put(path, json={"slot_interval_minutes": 60})
    assert answer.status_code == 200, answer.text


async def suspension(shop: Shop, pool: Pool) -> None:
    deciding = Deciding(Decision.SUSPENDED, uuid4().hex, shop.salon.owner_id, "苦情")
    async with pool.unit_of_work(shop.salon.scope) as work:
        await work.onboarding.verifications.suspend(shop.salon.business_id, deciding, shop.day)


async def service(shop: Shop, _: Pool) -> None:
    body = {"name": {"ja": "パーマ", "en": "Perm"}, "duration_minutes": 90}
    answer = await shop.owner.put(f"/owner/services/{shop.salon.service_id}", json=body)
    assert answer.status_code == 200, answer.text


async def service_gone(shop: Shop, _: Pool) -> None:
    assert (await shop.owner.delete(f"/owner/services/{shop.salon.service_id}")).status_code == 200


async def another_service(shop: Shop, _: Pool) -> None:
    needs = [{"group": 0, "resource_ids": [str(one) for one in shop.salon.resources]}]
    answer = await shop.owner.post("/owner/services", json=service_body(shop.salon.business_id, requirements=needs))
    assert answer.status_code == 201, answer.text


async def policy(shop: Shop, _: Pool) -> None:
    answer = await shop.owner.put(f"/policies/{shop.salon.policy_id}", json={"no_show_percent": 30})
    assert answer.status_code == 200, answer.text


async def resource(shop: Shop, _: Pool) -> None:
    path = f"/owner/resources/{shop.salon.resources[0]}"
    answer = await shop.owner.put(path, json={"name": {"ja": "幸子", "en": "Sachiko"}, "is_active": True})
    assert answer.status_code == 200, answer.text


async def resource_away(shop: Shop, _: Pool) -> None:
    answer = await shop.owner.put(f"/owner/resources/{shop.salon.resources[0]}", json={"is_active": False})
    assert answer.status_code == 200, answer.text


async def week_of_one(shop: Shop, _: Pool) -> None:
    week = {"weekly": {"monday": [{"opens": "10:00", "closes": "11:00"}]}}
    body = {"resource_id": str(shop.salon.resources[0]), "working_hours": week}
    assert (await shop.owner.put("/staff/working-hours", json=body)).status_code == 200


async def day_off(shop: Shop, _: Pool) -> None:
    body = {"resource_id": str(shop.salon.resources[0]), "first_day": str(shop.day.date()), "kind": "off"}
    answer = await shop.owner.post("/staff/exceptions", json=body)
    assert answer.status_code == 201, answer.text


async def hold(shop: Shop, _: Pool) -> None:
    answer = await shop.customer.post("/bookings", json=shop.booking_body(), headers=keyed())
    assert answer.status_code == 201, answer.text


def by_desk(verb: str, **more: Any) -> Callable[[Shop, Pool], Awaitable[None]]:
    """A step of a booking's run, made by a worker."""

    async def step(shop: Shop, pool: Pool) -> None:
        [row] = await data.rows(pool, "SELECT id FROM bookings WHERE business_id = :id", id=shop.salon.business_id)
        said = {name: value(shop) for name, value in more.items()}
        await Desk(pool, shop.salon).do(verb, row["id"], ActorKind.STAFF, shop.at(0, days=-1), **said)

    step.__name__ = verb
    return step


async def reassignment(shop: Shop, pool: Pool) -> None:
    [row] = await data.rows(pool, "SELECT id FROM bookings WHERE business_id = :id", id=shop.salon.business_id)
    body = {"booking_id": str(row["id"]), "resource_id": str(shop.salon.resources[1])}
    answer = await shop.owner.post("/staff/assign-to-booking", json=body, headers=keyed())
    assert answer.status_code == 200, answer.text


BOOKED = {"cancel", "reschedule", "reassignment"}
CHANGES = [
    (profile, "get_business"),
    (profile, "get_business_by_slug"),
    (slug, "get_business"),
    (slug, "get_business_by_slug"),
    (opening_hours, "get_hours"),
    (opening_hours, "get_availability"),
    (closed_day, "get_holidays"),
    (closed_day, "get_hours"),
    (closed_day, "get_availability"),
    (settings, "get_settings"),
    (settings, "get_availability"),
    *((suspension, name) for name in ("get_business", "get_business_by_slug", "get_hours", "get_holidays")),
    *((suspension, name) for name in ("list_business_services", "list_staff", "get_settings", "list_services")),
    *((suspension, name) for name in ("get_service", "list_resources", "get_resource")),
    *((suspension, name) for name in ("get_availability", "get_free_resources")),
    (service, "get_service"),
    (service, "list_services"),
    (service, "list_business_services"),
    (service, "get_availability"),
    (service_gone, "get_service"),
    (service_gone, "get_availability"),
    (another_service, "list_services"),
    (policy, "get_service"),
    (resource, "get_resource"),
    (resource, "list_resources"),
    (resource, "list_staff"),
    (resource, "get_free_resources"),
    (resource_away, "get_availability"),
    (resource_away, "get_resource"),
    (week_of_one, "get_availability"),
    (day_off, "get_availability"),
    (day_off, "get_free_resources"),
    (hold, "get_availability"),
    (hold, "get_free_resources"),
    (by_desk("cancel"), "get_availability"),
    (by_desk("reschedule", start_at=lambda shop: shop.at(15)), "get_availability"),
    (reassignment, "get_free_resources"),
]


@pytest.mark.parametrize(("change", "name"), CHANGES, ids=lambda value: getattr(value, "__name__", value))
async def test_change_is_seen_at_once_in_every_process(
    change: Callable[[Shop, Pool], Awaitable[None]], name: str, here: Process, there: Process, shop: Shop
) -> None:
    if change.__name__ in BOOKED:
        await data.add_booking(here.pool, shop.salon, shop.at(10))
    path = (await asked(here, shop))[name]
    before = essence(await there.warm(path))
    assert before[0] == 200
    assert essence(await here.warm(path)) == before
    there.statements.clear()
    assert essence(await there.ask(path)) == before
    assert there.statements.sent == []
    await change(shop, here.pool)
    for one in (there, here):
        after = essence(await one.ask(path))
        assert after != before
        assert after[0] in {200, 308} or change.__name__ in {"suspension", "service_gone", "resource_away"}


async def test_cached_answer_shows_a_workers_change_at_once(
    here: Process, there: Process, shop: Shop, database: Database, redis_url: str
) -> None:
    booking = await data.add_booking(here.pool, shop.salon, shop.at(10))
    path = (await asked(here, shop))["get_availability"]
    before = (await there.warm(path)).content
    worker = WorkerServices.of(database.settings(redis_url=SecretStr(redis_url), **PATIENT))
    await Desk(worker.database, shop.salon).do("cancel", booking, now=shop.at(0, days=-1))
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


async def test_hold_that_lapsed_is_free_at_once(here: Process, there: Process, shop: Shop, clock: Clock) -> None:
    until = clock.now() + timedelta(minutes=10)
    booking = await data.add_booking(
        here.pool, shop.salon, shop.at(10), status="pending", hold_expires_at=until, payment_mode="prepay"
    )
    path = (await asked(here, shop))["get_availability"]
    before = (await there.warm(path)).json()
    clock.ahead = timedelta(minutes=11)
    assert (await there.ask(path)).json() == before, "time alone is not heard of, for a minute at most"
    await Desk(here.pool, shop.salon).do("expire", booking, now=clock.now())
    assert (await there.ask(path)).json() != before


async def test_change_in_one_business_keeps_the_answers_of_another(here: Process, there: Process, shop: Shop) -> None:
    own, other = f"/businesses/{shop.salon.business_id}", f"/businesses/{shop.other.business_id}"
    assert (await there.warm(own)).json() != (await there.warm(other)).json()
    await profile(shop, here.pool)
    there.statements.clear()
    await there.ask(other)
    assert there.statements.sent == []
    await there.ask(own)
    assert there.statements.sent != []


async def test_founding_a_business_leaves_everybody_their_answers(here: Process, there: Process, shop: Shop) -> None:
    path = f"/businesses/{shop.salon.business_id}"
    await there.warm(path)
    body = {"name": {"ja": "新店", "en": "New"}, "vertical": "salon"}
    assert (await shop.customer.post("/owner/businesses", json=body)).status_code == 201
    there.statements.clear()
    await there.ask(path)
    assert there.statements.sent == []


async def test_logged_in_caller_is_never_answered_from_the_cache(here: Process, shop: Shop) -> None:
    away = "UPDATE services SET is_active = false WHERE business_id = :id AND id <> :service"
    extra = await data.add_service(here.pool, shop.salon.business_id, *shop.salon.resources)
    await data.rows(here.pool, away, id=shop.salon.business_id, service=shop.salon.service_id)
    path = f"/services?business_id={shop.salon.business_id}"
    for_staff = (await shop.owner.get(path)).json()["data"]
    assert {row["id"] for row in for_staff} == {str(shop.salon.service_id), str(extra)}
    for_all = (await here.warm(path)).json()["data"]
    assert {row["id"] for row in for_all} == {str(shop.salon.service_id)}
    for person in (shop.owner, shop.customer):
        here.statements.clear()
        await person.get(path)
        assert here.statements.sent != []
    assert (await shop.owner.get(path)).json()["data"] == for_staff
    bad = await here.nobody.get(PREFIX + path, headers={"Authorization": "Bearer x"})
    assert error_of(bad) == (401, "unauthenticated")


# -- races -------------------------------------------------------------------------------------------------------------


@pytest.fixture
def without_generations(monkeypatch: pytest.MonkeyPatch) -> None:
    """The control: every answer is of the same generation for ever."""
    monkeypatch.setattr(generations, "stamp", lambda found: b"always")


async def late(there: Process, here: Process, shop: Shop, monkeypatch: pytest.MonkeyPatch) -> bytes:
    """What is read after an answer from before a hold was kept after it."""
    paths = await asked(here, shop)
    path = paths["get_availability"]
    await there.warm(paths["get_free_resources"])  # whose the service is, and the generations of the same kind
    waiting, go_on = asyncio.Event(), asyncio.Event()
    put = kept.Answers._keep

    async def wait(*arguments: Any) -> None:
        waiting.set()
        await go_on.wait()
        await put(*arguments)

    with monkeypatch.context() as patch:
        patch.setattr(kept.Answers, "_keep", wait)
        reading = asyncio.create_task(there.ask(path))
        await asyncio.wait_for(waiting.wait(), 30)
        await hold(shop, here.pool)
        go_on.set()
        stale = await reading
    fresh = await there.ask(path)
    return b"stale" if fresh.content == stale.content else fresh.content


async def test_stale_answer_stored_after_a_change_is_not_read(
    here: Process, there: Process, shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert await late(there, here, shop, monkeypatch) != b"stale"


@pytest.mark.usefixtures("without_generations")
async def test_stale_answer_is_read_without_generations(
    here: Process, there: Process, shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert await late(there, here, shop, monkeypatch) == b"stale"


async def test_wrong_cached_availability_books_nothing(
    here: Process, there: Process, shop: Shop, redis_url: str
) -> None:
    """A time is taken without invalidation: the cached answer offers it, the booking is refused."""
    path = (await asked(here, shop))["get_availability"]
    before = await there.warm(path)
    listener, here.pool.listener = here.pool.listener, None
    for resource in (0, 1):
        await data.add_booking(here.pool, shop.salon, shop.at(10), resource=resource)
    here.pool.listener = listener
    offered = await there.ask(path)
    assert offered.content == before.content
    assert shop.at(10).isoformat() in {row["start_at"] for row in offered.json()["data"]["starts"]}
    refused = await shop.customer.post("/bookings", json=shop.booking_body(), headers=keyed())
    assert error_of(refused) == (409, "slot_taken")


# -- Redis and the processes fail --------------------------------------------------------------------------------------


async def ask_redis(url: str, business_id: Any, do: Callable[[Redis, list[str]], Awaitable[Any]]) -> Any:
    """Something with the generations of one business."""
    redis = Redis.from_url(url)
    try:
        return await do(redis, names_of(business_id, CacheKind.AVAILABILITY)[1:])
    finally:
        await redis.aclose()


async def test_lost_generations_come_back_as_others(here: Process, there: Process, shop: Shop, redis_url: str) -> None:
    path = (await asked(here, shop))["get_availability"]
    before = (await there.warm(path)).content
    old = await ask_redis(redis_url, shop.salon.business_id, lambda redis, names: redis.mget(names))
    await ask_redis(redis_url, shop.salon.business_id, lambda redis, names: redis.delete(*names))
    listener, here.pool.listener = here.pool.listener, None  # this change invalidates nothing
    await data.add_booking(here.pool, shop.salon, shop.at(10))
    here.pool.listener = listener
    assert (await there.ask(path)).content != before
    await there.warm(path)
    new = await ask_redis(redis_url, shop.salon.business_id, lambda redis, names: redis.mget(names))
    assert all(new)
    assert not set(old) & set(new)


async def test_cached_answers_expire_by_themselves(there: Process, here: Process, shop: Shop, redis_url: str) -> None:
    redis = Redis.from_url(redis_url)
    for name, path in (await asked(here, shop)).items():
        had = {key async for key in redis.scan_iter(f"answer:{name}:*")}
        await there.warm(path)
        [key] = {key async for key in redis.scan_iter(f"answer:{name}:*")} - had
        kind = {"get_availability": CacheKind.AVAILABILITY, "get_free_resources": CacheKind.AVAILABILITY}.get(name)
        catalogue = {"list_business_services", "list_staff", "list_services", "get_service"}
        catalogue |= {"list_resources", "get_resource"}
        kind = kind or (CacheKind.CATALOGUE if name in catalogue else CacheKind.BUSINESS)
        left = timedelta(milliseconds=await redis.pttl(key))
        assert CACHE_FOR[kind] - timedelta(seconds=30) < left <= CACHE_FOR[kind], name
    await redis.aclose()
    assert [CACHE_FOR[kind] for kind in CacheKind] == [timedelta(minutes=minutes) for minutes in (5, 10, 1)]


async def test_answers_come_from_postgres_without_redis(database: Database, clock: Clock) -> None:
    nowhere = cache_at("redis://127.0.0.1:1/0")
    async with process(database, clock, nowhere) as alone, opened_shop(alone.app, alone.pool, clock) as shop:
        for name, path in (await asked(alone, shop)).items():
            assert (await alone.warm(path)).status_code == 200, name
        path = (await asked(alone, shop))["get_business"]
        before = (await alone.ask(path)).content
        await profile(shop, alone.pool)
        assert (await alone.ask(path)).content != before
    await nowhere.aclose()


async def test_generations_that_redis_missed_are_sent_later(
    database: Database, clock: Clock, cache: Cache, there: Process
) -> None:
    deaf = Deaf(cache)
    async with data.opened(database) as pool, opened_shop(there.app, there.pool, clock) as shop:
        sender = Generations(deaf, timedelta(milliseconds=20))  # type: ignore[arg-type]
        pool.listener = sender
        path = (await asked(there, shop))["get_availability"]
        before = (await there.warm(path)).content
        deaf.away = True
        request = HoldRequest(single(shop.salon.service_id), shop.at(10), user_id=shop.salon.user_id)
        async with pool.unit_of_work(shop.salon.scope) as work:
            await work.bookings.holds.hold(request, clock.now())
        assert sender.behind(names_of(shop.salon.business_id, CacheKind.AVAILABILITY))
        assert (await there.ask(path)).content == before, "the other process cannot know"
        deaf.away = False
        async with asyncio.timeout(30):
            while sender.behind(names_of(shop.salon.business_id, CacheKind.AVAILABILITY)):  # noqa: ASYNC110
                await asyncio.sleep(0.01)
        assert (await there.ask(path)).content != before
        await sender.aclose()


async def test_process_that_could_not_reach_redis_does_not_trust_it(
    database: Database, clock: Clock, cache: Cache
) -> None:
    """Redis takes no writes and still answers: the process that made the change sees it."""
    deaf = Deaf(cache)
    async with process(database, clock, deaf) as one, opened_shop(one.app, one.pool, clock) as shop:  # type: ignore[arg-type]
        path = (await asked(one, shop))["get_availability"]
        before = (await one.warm(path)).content
        deaf.away = True
        await hold(shop, one.pool)
        assert (await one.ask(path)).content != before
        deaf.away = False


class Dies(Generations):
    """A process that is killed between the commit and the invalidation."""

    async def done(self, changes: Collection[CacheChange]) -> None:
        return


async def test_suspended_business_is_gone_even_if_the_process_dies(
    there: Process, here: Process, shop: Shop, cache: Cache
) -> None:
    here.pool.listener = Dies(cache)
    every = await asked(here, shop)
    for path in every.values():
        assert (await there.warm(path)).status_code == 200
    await suspension(shop, here.pool)
    for name, path in every.items():
        for _ in range(4):
            assert (await there.ask(path)).status_code in {404, 409, 422}, name


async def test_rollback_ends_no_cached_answer(here: Process, there: Process, shop: Shop) -> None:
    path = (await asked(here, shop))["get_business"]
    await there.warm(path)
    with contextlib.suppress(NotFound):
        async with here.pool.unit_of_work(shop.salon.scope) as work:
            await work.session.execute(update(Business).values(vertical="spa"))
            raise NotFound
    there.statements.clear()
    await there.ask(path)
    assert there.statements.sent == []
