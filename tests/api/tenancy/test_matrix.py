"""Every endpoint with another tenant's ids, for everybody: it answers as if they did not exist.

Nothing here is a list of endpoints: what is asked comes from the routes, so a new one is in it from its first day.
"""

from collections.abc import AsyncIterator
from functools import partial
from uuid import uuid4

import pytest
import pytest_asyncio
from httpx import Response

from db.engine.session import Database as Pool
from domain.permissions import allowed
from domain.roles import Role
from providers.cache.interface import Cache
from tests.api.access.test_permissions import api_routes, name_of, permissions_of, the_app
from tests.api.conftest import PREFIX, Clock, Statements, started_app
from tests.api.tenancy.asking import Operation, Place, operations
from tests.api.tenancy.world import CALLERS, Filled, Tenants, content, missing, opened_world
from tests.support import data, sampling, timing
from tests.support.reused_database import ReusedDatabases

#: Headers that say when and how often somebody asked, and nothing about what; and the length of a body, which is
#: compared itself, without the id that was sent.
OF_THE_REQUEST = frozenset({"x-request-id", "date", "x-ratelimit-remaining", "x-ratelimit-reset", "content-length"})


@pytest_asyncio.fixture(scope="module")
async def world(reused_databases: ReusedDatabases, redis_cache: Cache) -> AsyncIterator[tuple[Tenants, Pool]]:
    """One for all these tests: what they ask is refused or read, and nothing changes by it."""
    clock = Clock()
    async with (
        reused_databases.empty_database() as database,
        database.pool(database_pool_size=5, database_pool_overflow=5) as pool,
        started_app(database, pool, clock, redis_cache) as app,
        opened_world(app, pool, clock) as opened,
    ):
        yield opened, pool


@pytest.fixture
def tenants(world: tuple[Tenants, Pool]) -> Tenants:
    return world[0]


@pytest.fixture
def pool(world: tuple[Tenants, Pool]) -> Pool:
    return world[1]


def comparable(response: Response, sent: object) -> tuple[int, dict[str, str], object]:
    """All that an answer says, but for the id that was sent and what is the request's own."""
    headers = {name: value for name, value in response.headers.items() if name not in OF_THE_REQUEST}
    body = response.json()
    for name in ("requestId", "timestamp"):
        body.pop(name, None)
    return response.status_code, headers, str(body).replace(str(sent), "<id>")


def targets(tenants: Tenants, operation: Operation, caller: str) -> list[Filled]:
    """Whose ids must not exist: what is public of an open salon may be seen, of a suspended one nothing."""
    return [tenants.hidden] if operation.is_public else [tenants.other, tenants.hidden]


def expected(operation: Operation, place: Place, caller: str) -> set[int]:
    """Who may not do this anywhere may hear so. A filter that meets nothing gives an empty list; an id deep in a body
    may be refused as a broken rule."""
    if not operation.is_public and (caller == "nobody" or (caller == "guest" and not operation.is_linked)):
        return {401}
    if place.where == "path":
        return {404, 403}
    if place.where == "query":
        return {404, 403, 200}
    # Which resources a moved booking wants is judged by its workflow, and Temporal is away here; see
    # test_a_moved_booking_takes_no_other_tenant_s_resource.
    moves = operation.path.endswith(("/reschedule", "/reaccommodation/accept"))
    return {404, 403, 422} | ({503} if moves else set())


@pytest.mark.parametrize("caller", CALLERS)
async def test_id_of_another_tenant_is_answered_like_an_unknown_one(tenants: Tenants, pool: Pool, caller: str) -> None:
    before = [await content(pool, filled.salon) for filled in (tenants.other, tenants.hidden)]
    http, own, wrong, asked = tenants.people[caller], tenants.mine.rows, [], 0
    places = [(operation, place) for operation in operations() for place in operation.places]
    # Four shares: every place is asked by two of the eight.
    for operation, place in sampling.share(places, CALLERS.index(caller), 4):
        nothing = missing(place.table)
        unknown = await http.request(**tenants.ready(operation.ask(own, place, nothing)))
        for target in targets(tenants, operation, caller):
            foreign_id = target.rows[place.table]
            foreign = await http.request(**tenants.ready(operation.ask(own, place, foreign_id)))
            asked += 1
            same = comparable(foreign, foreign_id) == comparable(unknown, nothing)
            if not same or foreign.status_code not in expected(operation, place, caller):
                wrong.append((operation.name, place, foreign.status_code, foreign.text, unknown.text))
    assert not wrong, "\n".join(map(str, wrong))
    assert asked > 50
    assert [await content(pool, filled.salon) for filled in (tenants.other, tenants.hidden)] == before


@pytest.mark.parametrize("caller", CALLERS)
async def test_answers_show_no_row_of_another_tenant(tenants: Tenants, pool: Pool, caller: str) -> None:
    """Everything that can be read, with one's own ids: nothing of the others is in it."""
    secrets = {}
    for filled in (tenants.other, tenants.hidden):
        tables = await content(pool, filled.salon)
        ids = {str(row[name]) for rows in tables.values() for row in rows for name in ("id", "code") if name in row}
        ids = {one for one in ids if not one.isdigit()}  # the audit trail counts, and so do times of day
        ids |= {row["email"] for row in tables["customers"]} - {None}
        secrets[filled.salon.business_id] = ids
    fully = secrets[tenants.other.salon.business_id] | secrets[tenants.hidden.salon.business_id]
    http, shown = tenants.people[caller], 0
    for operation in operations():
        if operation.method != "GET":
            continue
        for place in (None, *(one for one in operation.places if one.where == "query")):
            own = tenants.mine.rows[place.table] if place else None
            answer = await http.request(**tenants.ready(operation.ask(tenants.mine.rows, place, own)))
            assert answer.status_code in {200, 401, 403, 404, 422}, (operation.name, answer.text)
            hidden = secrets[tenants.hidden.salon.business_id] if operation.is_public else fully
            if caller == "fellow":  # a customer of the others sees that they are
                hidden = hidden - {str(tenants.other.salon.business_id), str(tenants.hidden.salon.business_id)}
            assert not [one for one in hidden if one in answer.text], operation.name
            shown += answer.status_code == 200
    assert shown >= (9 if caller in {"nobody", "guest"} else 12)


async def test_admins_change_nothing_that_the_table_keeps_from_them(tenants: Tenants, pool: Pool) -> None:
    before = [await content(pool, filled.salon) for filled in (tenants.other, tenants.hidden)]
    actions = {name_of(route): permissions_of(route)[0] for route in api_routes(the_app()) if permissions_of(route)}
    refused = 0
    for operation in operations():
        action = getattr(actions[operation.name], "action", None)
        if action is None or allowed(Role.ADMIN, action):
            continue
        for place in operation.places:
            answer = await tenants.admin.request(
                **tenants.ready(operation.ask(tenants.other.rows, place, tenants.hidden.rows[place.table]))
            )
            assert answer.status_code in {403, 404}, (operation.name, answer.text)
            refused += 1
    assert refused > 15
    assert [await content(pool, filled.salon) for filled in (tenants.other, tenants.hidden)] == before


async def test_hidden_slugs_are_not_there(tenants: Tenants, pool: Pool) -> None:
    [row] = await data.rows(pool, "SELECT slug FROM businesses WHERE id = :id", id=tenants.hidden.salon.business_id)
    for caller, http in tenants.people.items():
        hidden = await http.get(f"{PREFIX}/businesses/slug/{row['slug']}")
        unknown = await http.get(f"{PREFIX}/businesses/slug/salon-{uuid4().hex[:12]}")
        assert hidden.status_code == unknown.status_code == 404, caller
        assert hidden.json()["error"] == unknown.json()["error"], caller


async def test_foreign_id_costs_the_statements_of_a_missing_one(tenants: Tenants, statements: Statements) -> None:
    owner = tenants.people["owner"]
    for operation in operations():
        for place in operation.places:
            sent: list[list[str]] = []
            await owner.request(
                **tenants.ready(operation.ask(tenants.mine.rows, place, missing(place.table)))
            )  # caches
            for target in (missing(place.table), targets(tenants, operation, "owner")[0].rows[place.table]):
                statements.clear()
                await owner.request(**tenants.ready(operation.ask(tenants.mine.rows, place, target)))
                sent.append([*statements.sent])
            assert sent[0] == sent[1], operation.name


async def test_foreign_id_takes_the_time_of_a_missing_one(tenants: Tenants) -> None:
    owner, foreign = tenants.people["owner"], tenants.other.rows["bookings"]

    async def ask(exists: bool) -> None:
        answer = await owner.get(f"{PREFIX}/bookings/{foreign if exists else uuid4()}")
        assert answer.status_code == 404

    asked = {"foreign": partial(ask, True), "missing": partial(ask, False)}
    await timing.holds(asked, 60, lambda found: 0.8 < found["foreign"] / found["missing"] < 1.25)
