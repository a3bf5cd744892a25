"""`omotenashi up` with real servers, in a folder whose path has a space."""

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import asyncpg
import pytest
import redis

from stack.environment import process_environment
from stack.folder import DataFolder, Remembered
from stack.ports import DEFAULT_PORTS, LOOPBACK, choose_ports
from tests.stack.running import RunningUp, processes_of, up, wait_until_none

# One worker of -n runs them all, so that the shared stack is started once.
pytestmark = pytest.mark.xdist_group("stack")


def _address(running: RunningUp, name: str) -> str:
    return running.folder.remembered().addresses[name]


async def test_up_continues_where_it_was_and_leaves_no_process(place: Path) -> None:
    with up(place / "data") as running:
        before = running.folder.remembered()
        connection = await asyncpg.connect(before.addresses["postgres"], ssl=False)
        await connection.execute("CREATE TABLE kept (word text)")
        await connection.execute("INSERT INTO kept VALUES ('here')")
        await connection.close()
        with redis.from_url(before.addresses["redis"]) as client:
            client.set("kept", "here")
        assert len(processes_of(place)) > 4
        assert running.stop(signal.SIGINT) == 0
    assert processes_of(place) == []

    with up(place / "data") as running:
        after = running.folder.remembered()
        assert after.ports == before.ports
        connection = await asyncpg.connect(after.addresses["postgres"], ssl=False)
        assert await connection.fetchval("SELECT word FROM kept") == "here"
        await connection.close()
        with redis.from_url(after.addresses["redis"]) as client:
            assert client.get("kept") == b"here"
        assert running.stop(signal.SIGTERM) == 0
    assert processes_of(place) == []


def test_up_can_be_killed_and_started_again(place: Path) -> None:
    with up(place / "data") as running:
        running.process.kill()
        running.process.wait()
        # The lock file stays; the kernel has freed the lock.
        assert (place / "data" / "stack.lock").exists()
    assert wait_until_none(place) == []
    # What a power cut leaves: the id of a process that is somebody else's now.
    (place / "data" / "postgres" / "postmaster.pid").write_text(f"{os.getpid()}\n{place}\n")
    with up(place / "data") as running:
        assert running.stop() == 0


def test_second_stack_on_the_same_folder_is_refused(stack: RunningUp) -> None:
    second = subprocess.run(
        [sys.executable, "-m", "stack", "up", "--data-dir", str(stack.folder.root)],
        capture_output=True,
        text=True,
        env=process_environment({}),
        check=False,
    )
    assert second.returncode == 1
    assert f"A stack already runs on {stack.folder.root} (process {stack.process.pid})" in second.stdout
    assert "--data-dir" in second.stdout
    assert "Traceback" not in second.stdout + second.stderr


@pytest.mark.parametrize("name", ["redis", "postgres", "temporal", "storage"])
def test_killed_server_is_reported_and_restarted(stack: RunningUp, name: str) -> None:
    pid = stack.pid_of(name)
    os.kill(pid, signal.SIGKILL)
    stack.wait_for(f"{name} was ended by SIGKILL")
    stack.wait_for(f"{name} runs again")
    assert f"Log: {stack.folder.logs / name}.log" in stack.output
    assert stack.pid_of(name) != pid


def test_taken_port_is_left_alone_and_the_others_stay(place: Path) -> None:
    folder = DataFolder.at(place / "data")
    folder.create()
    ports = choose_ports(DEFAULT_PORTS, {})
    folder.remember(Remembered(ports=ports))
    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        other.bind((LOOPBACK, ports["redis"]))
        other.listen()
        with up(place / "data") as running:
            chosen = running.folder.remembered().ports
            assert chosen["redis"] != ports["redis"]
            assert chosen["postgres"] == ports["postgres"]
            assert str(chosen["redis"]) in running.output
            with redis.from_url(_address(running, "redis")) as client:
                assert client.ping()


async def test_stacks_that_start_at_once_have_servers_of_their_own(place: Path) -> None:
    ports = choose_ports(DEFAULT_PORTS, {})
    folders = [DataFolder.at(place / name) for name in ("one", "two")]
    for folder in folders:
        folder.create()
        folder.remember(Remembered(ports=ports))
    stacks = [RunningUp(folder.root, "--no-seed") for folder in folders]
    try:
        for stack in stacks:
            stack.wait_for("Stop with Ctrl-C")
        one, two = (folder.remembered() for folder in folders)
        assert not set(one.ports.values()) & set(two.ports.values())
        for folder, remembered in zip(folders, (one, two), strict=True):
            connection = await asyncpg.connect(remembered.addresses["postgres"], ssl=False)
            assert await connection.fetchval("SHOW data_directory") == str(folder.part("postgres"))
            await connection.close()
            with redis.from_url(remembered.addresses["redis"]) as client:
                assert client.config_get("dir") == {"dir": str(folder.part("redis"))}
    finally:
        for stack in stacks:
            stack.end()
        wait_until_none(place)


def test_server_that_cannot_start_is_named_with_its_log(place: Path) -> None:
    data = place / "data"
    data.mkdir()
    (data / "temporal").mkdir()
    (data / "temporal" / "temporal.db").write_text("no database " * 500)
    running = RunningUp(data, "--free-ports")
    try:
        assert running.process.wait(120) == 1
    finally:
        running.end()
    assert "temporal ended with exit code" in running.output
    assert str(data / "logs" / "temporal.log") in running.output
    assert "Traceback" not in running.output
    assert processes_of(place) == []


def test_second_signal_stops_at_once(place: Path) -> None:
    with up(place / "data") as running:
        # A stopped process handles no signal.
        os.kill(running.pid_of("redis"), signal.SIGSTOP)
        running.process.send_signal(signal.SIGINT)
        running.wait_for("stopping; Ctrl-C again")
        assert running.stop(signal.SIGINT) == 0
        assert "stopping at once" in running.output
    assert processes_of(place) == []
