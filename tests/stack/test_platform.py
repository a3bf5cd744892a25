"""In which order our own processes start."""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import SimpleNamespace

import pytest
import pytest_asyncio

from stack import platform as platforms
from stack.folder import DataFolder, Remembered
from stack.platform import Platform
from stack.ports import DEFAULT_PORTS, LOOPBACK, choose_ports
from stack.processes import Program
from tests.stack.reports import SilentReporter


@dataclass
class Order:
    """Takes the supervisor's place and writes down who would be started."""

    names: list[str] = field(default_factory=list)
    children: tuple[object, ...] = ()

    async def start(self, *programs: Program) -> None:
        self.names += [program.name for program in programs]

    async def run(self, program: Program) -> None:
        self.names.append(program.name)


@pytest_asyncio.fixture
async def platform(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Platform]:
    """A platform that starts nothing, with a migration of its own."""
    migrations = tmp_path / "migrations"
    (migrations / "versions").mkdir(parents=True)
    (migrations / "versions" / "one.py").write_text("1")
    monkeypatch.setattr(platforms, "MIGRATIONS", migrations)
    folder = DataFolder.at(tmp_path / "data")
    for name in ("sandbox", "postgres"):
        folder.part(name).mkdir(parents=True)
    (folder.part("sandbox") / "sendgrid_public_key.txt").write_text("key\n")
    (folder.part("postgres") / "PG_VERSION").write_text("18\n")
    async with Platform(folder, SilentReporter(), free_ports=True) as entered:
        entered.supervisor = Order()  # type: ignore[assignment]
        yield entered


async def start(platform: Platform) -> list[str]:
    """One start; who was started, in order."""
    order = Order()
    platform.supervisor = order  # type: ignore[assignment]
    await platform.start_parts()
    return order.names


async def test_first_start_migrates_before_anything_serves_and_seeds_last(platform: Platform) -> None:
    names = await start(platform)
    assert sorted(names[:2]) == ["migrate", "sandbox"]
    assert names[2:] == ["api", "relay", "worker", "seed"]
    assert platform.variables["OMOTENASHI_SENDGRID_WEBHOOK_PUBLIC_KEY"] == "key"


async def test_later_start_serves_first_and_does_not_seed(platform: Platform) -> None:
    await start(platform)
    names = await start(platform)
    assert names[:2] == ["sandbox", "api"]
    assert sorted(names[2:]) == ["migrate", "relay", "worker"]


async def test_start_waits_for_a_new_or_changed_migration(platform: Platform) -> None:
    await start(platform)
    (platforms.MIGRATIONS / "versions" / "one.py").write_text("changed")
    names = await start(platform)
    assert names.index("migrate") < names.index("api")


async def test_lost_database_is_migrated_and_seeded_again(tmp_path: Path) -> None:
    folder = DataFolder.at(tmp_path / "data")
    folder.create()
    folder.remember(replace(Remembered(), seeded=True, migrated="all"))
    async with Platform(folder, SilentReporter(), free_ports=True) as platform:
        assert platform.first_start
    assert folder.remembered().migrated == ""


async def test_stacks_at_the_same_moment_choose_different_ports(tmp_path: Path) -> None:
    ports = choose_ports(DEFAULT_PORTS, {})
    folders = [DataFolder.at(tmp_path / name) for name in ("one", "two")]
    for folder in folders:
        folder.create()
        folder.remember(Remembered(ports=ports))
    one, two = (Platform(folder, SilentReporter()) for folder in folders)
    async with one, two:
        # Nothing listens yet.
        assert one.ports == ports
        assert not set(one.ports.values()) & set(two.ports.values())
        assert one.variables["OMOTENASHI_RUN_ID"] != two.variables["OMOTENASHI_RUN_ID"]


async def serve_json(answer: bytes) -> tuple[asyncio.Server, int]:
    """A server on a free port that answers every request with this body."""

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.0 200 OK\r\n\r\n" + answer)
        writer.close()

    server = await asyncio.start_server(handle, LOOPBACK, 0)
    return server, server.sockets[0].getsockname()[1]


@pytest.mark.parametrize("name", ["api", "sandbox"])
async def test_readiness_does_not_trust_another_process(platform: Platform, name: str) -> None:
    answer = json.dumps({"data": {"state": "ok", "run_id": "0000"}, "status": "ok", "pid": 1}).encode()
    server, port = await serve_json(answer)
    async with server:
        platform._remember(addresses={**platform.addresses, name: f"http://{LOOPBACK}:{port}"})
        program = platform._api() if name == "api" else platform._sandbox()
        platform.supervisor.child = lambda name: SimpleNamespace(pid=2)  # type: ignore[method-assign, assignment, return-value]
        assert not await program.is_ready()


async def test_api_of_this_start_is_ready(platform: Platform) -> None:
    run_id = platform.variables["OMOTENASHI_RUN_ID"]
    server, port = await serve_json(json.dumps({"data": {"state": "ok", "run_id": run_id}}).encode())
    async with server:
        platform._remember(addresses={**platform.addresses, "api": f"http://{LOOPBACK}:{port}"})
        assert await platform._api().is_ready()
