"""Which answers are cached, and what a cached answer costs."""

import re
from collections.abc import Iterator
from typing import Any

from api.http import response_cache as kept
from db.engine.base import Base
from db.tables import CACHE_KINDS
from domain.platform.invalidation import DEPENDS_ON, CacheKind
from providers.cache.interface import Cache
from tests.api.conftest import Clock
from tests.api.http.cached import Process, process
from tests.api.http.response_cache.conftest import asked, essence
from tests.api.salon import StaffedSalon
from tests.support.servers import Database


async def test_cached_answer_costs_no_statement_and_has_the_same_bytes(
    here: Process, there: Process, salon: StaffedSalon, database: Database, clock: Clock, cache: Cache
) -> None:
    async with process(database, clock, cache, cache_responses=False) as plain:
        for name, path in (await asked(here, salon)).items():
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
                # The statement of availability goes over the driver, and is not noted.
                assert len(plain.statements) >= (0 if name == "get_availability" else 2), name


def endpoints_that_keep(process: Process) -> Iterator[tuple[str, frozenset[str]]]:
    for endpoint, facts in process.app.state.route_facts.items():
        if hasattr(endpoint, "__wrapped__") and endpoint.__code__.co_filename == kept.__file__:
            yield endpoint.__name__, facts.methods


async def test_cached_operations_are_all_listed_and_change_nothing(here: Process, salon: StaffedSalon) -> None:
    found = dict(endpoints_that_keep(here))
    assert set(found) == set(await asked(here, salon))
    assert set(found.values()) == {frozenset({"GET"})}


async def test_cached_answer_depends_on_every_table_it_reads(here: Process, salon: StaffedSalon) -> None:
    """Who asks and where (the role, the session) is no part of an answer to somebody without a login; former slugs
    change with the business, and the version of a catalogue with its tables."""
    apart = {"users", "user_sessions", "staff_assignments", "business_slugs", "idempotency_keys", "catalogue_versions"}
    kinds = {endpoint.__name__: closure_kind(endpoint) for endpoint in here.app.state.route_facts}
    for name, path in (await asked(here, salon)).items():
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
