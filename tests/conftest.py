"""Fixtures of all tests: the real servers, and a migrated database for each test that asks for one."""

import gc
import os
from collections.abc import AsyncIterator, Iterator

import pytest
import pytest_asyncio
from temporalio.testing import WorkflowEnvironment

from runtime.temporal import guard_exit
from tests.support import sampling
from tests.support.leaks import watch
from tests.support.reused_database import ReusedDatabases
from tests.support.sandbox import Sandbox, running_sandbox
from tests.support.servers import (
    Database,
    PostgresServer,
    StorageServer,
    copy_of_template,
    make_template,
    run_postgres,
    run_redis,
    run_storage,
    run_temporal,
    run_time_skipping,
)

#: Modules with a test of more than ten seconds.
LONGEST = frozenset(
    {
        "tests/chaos/test_short.py",
        "tests/stack/demo/test_demo.py",
        "tests/chaos/test_waitlist_killed.py",
        "tests/api/test_contract.py",
        "tests/api/bookings/test_live_killed.py",
        "tests/workflows/privacy/test_data_rights.py",
    }
)

guard_exit()
# Every process says where it runs; those that tests start inherit it.
os.environ.setdefault("OMOTENASHI_ENVIRONMENT", "test")


def pytest_report_header() -> str:
    """Which sample this run asks."""
    return sampling.describe()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """The seed once more below failures, where people look for it."""
    if terminalreporter.stats.get("failed"):
        terminalreporter.write_line(sampling.describe())


def pytest_addoption(parser: pytest.Parser) -> None:
    """``--area bookings`` runs the tests that lie in a folder of that name."""
    parser.addoption("--area", default="", help="run one area: tests below a folder of this name")


@pytest.hookimpl(tryfirst=True)
def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """The order of a set differs from process to process, and two processes must collect the same tests."""
    for mark in metafunc.definition.iter_markers("parametrize"):
        values = mark.args[1] if len(mark.args) > 1 else mark.kwargs["argvalues"]
        if isinstance(values, set | frozenset):
            raise pytest.UsageError(f"{metafunc.definition.nodeid}: sort the values of parametrize")


def pytest_collection(session: pytest.Session) -> None:
    """Modules and tests are not garbage: the collector need not look at them while they are loaded."""
    gc.disable()


def pytest_collection_finish(session: pytest.Session) -> None:
    """Neither afterwards, at each collection of a whole run."""
    gc.freeze()
    gc.enable()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leaves other areas out, and keeps tests that share a costly fixture together: what a module or a package builds
    once is built by one process of ``-n`` alone. The longest tests come first, so that no process waits for the other
    one at the end."""
    area = config.getoption("--area")
    if area:
        others = [item for item in items if area not in item.path.parent.relative_to(config.rootpath).parts]
        items[:] = [item for item in items if item not in set(others)]
        config.hook.pytest_deselected(items=others)
        if not items:
            raise pytest.UsageError(f"no test lies in a folder {area!r}")
    for item in items:
        if item.get_closest_marker("xdist_group") is None:
            shared = _shared_by(item)
            if shared is not None:
                item.add_marker(pytest.mark.xdist_group(shared))
    items.sort(key=lambda item: item.path.relative_to(config.rootpath).as_posix() not in LONGEST)


def _shared_by(item: pytest.Item) -> str | None:
    """The place whose fixture of module or package scope the test uses."""
    fixtures: dict[str, list[pytest.FixtureDef[object]]] = getattr(item, "_fixtureinfo").name2fixturedefs  # noqa: B009
    owners = [one.baseid for found in fixtures.values() for one in found if one.scope in {"module", "package"}]
    return owners[0] or None if owners else None


@pytest.fixture(autouse=True)
def nothing_leaks(request: pytest.FixtureRequest) -> Iterator[None]:
    """Fails the test that logs a secret."""
    with watch(request.node):
        yield


@pytest_asyncio.fixture(scope="session")
async def postgres() -> AsyncIterator[PostgresServer]:
    """A Postgres cluster with roles and extensions; databases are made by ``database``."""
    async with run_postgres() as server:
        yield server


@pytest_asyncio.fixture(scope="session")
async def migrated_postgres(postgres: PostgresServer) -> PostgresServer:
    """The cluster with the migrated template database."""
    await make_template(postgres)
    return postgres


@pytest_asyncio.fixture(scope="session")
async def reused_databases(migrated_postgres: PostgresServer) -> AsyncIterator[ReusedDatabases]:
    """Databases that are emptied after each test."""
    databases = ReusedDatabases(migrated_postgres)
    yield databases
    await databases.close()


@pytest_asyncio.fixture
async def database(reused_databases: ReusedDatabases) -> AsyncIterator[Database]:
    """A migrated, empty database of the test's own."""
    async with reused_databases.empty_database() as empty:
        yield empty


@pytest_asyncio.fixture(scope="session")
async def shared_database(migrated_postgres: PostgresServer) -> AsyncIterator[Database]:
    """A migrated database that tests of one process share: they look at businesses of their own alone."""
    async with copy_of_template(migrated_postgres) as copy:
        yield copy


@pytest_asyncio.fixture(scope="session")
async def redis_url() -> AsyncIterator[str]:
    """URL of a Redis that all tests of this process share: use keys of your own."""
    async with run_redis() as url:
        yield url


@pytest_asyncio.fixture(scope="session")
async def storage() -> AsyncIterator[StorageServer]:
    """An object storage that all tests of this process share: use a prefix of your own."""
    async with run_storage() as server:
        yield server


@pytest.fixture(scope="session")
def sandbox_process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    """The providers' sandbox that all tests of this process share: use ``sandbox``. Webhooks are repeated after 0.05 s,
    then 0.1 s and so on; it sends none unless a test says where to."""
    with running_sandbox(tmp_path_factory.mktemp("sandbox"), "--webhook-pause", "0.05") as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(sandbox_process: Sandbox) -> Sandbox:
    """An empty sandbox without faults."""
    sandbox_process.reset()
    return sandbox_process


@pytest_asyncio.fixture(scope="session")
async def temporal_server() -> AsyncIterator[str]:
    """Address of a Temporal server in real time, with our search attributes."""
    async with run_temporal() as server:
        yield server.address


@pytest_asyncio.fixture(scope="session")
async def temporal_time_skipping() -> AsyncIterator[WorkflowEnvironment]:
    """A Temporal server with skipped time; see :func:`tests.support.servers.run_time_skipping`."""
    async with run_time_skipping() as environment:
        yield environment
