"""The connection to Temporal."""

import atexit
import logging
import os
import subprocess
import sys
import time

import pytest

from runtime import temporal
from runtime.payload_codec import EncryptingCodec
from runtime.settings import Settings


def test_exit_is_guarded_once(monkeypatch: pytest.MonkeyPatch) -> None:
    registered: list[tuple[object, ...]] = []
    monkeypatch.setattr(atexit, "register", lambda *call: registered.append(call))
    temporal.guard_exit.cache_clear()
    temporal.guard_exit()
    temporal.guard_exit()
    assert registered == [(time.sleep, 0.25)]


async def test_connecting_guards_the_exit_and_says_who_we_are(
    temporal_server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    guarded: list[bool] = []
    monkeypatch.setattr(temporal, "guard_exit", lambda: guarded.append(True))
    client = await temporal.connect(Settings(temporal_address=temporal_server), process="worker-bookings")
    assert guarded == [True]
    assert isinstance(client.data_converter.payload_codec, EncryptingCodec)
    assert client.identity.startswith(f"worker-bookings {os.getpid()}@")


async def test_lazy_connection_does_not_need_the_server() -> None:
    client = await temporal.connect(Settings(temporal_address="127.0.0.1:1"), lazy=True)
    assert client.namespace == "default"


def test_short_process_ends_well_and_writes_nothing_to_standard_output(temporal_server: str) -> None:
    script = (
        "import asyncio\n"
        "from runtime.settings import Settings\n"
        "from runtime.temporal import connect\n"
        "async def main():\n"
        f"    client = await connect(Settings(temporal_address={temporal_server!r}))\n"
        "    await client.count_workflows()\n"
        "asyncio.run(main())\n"
    )
    result = subprocess.run([sys.executable, "-c", script], capture_output=True, check=False)
    assert (result.returncode, result.stdout) == (0, b"")


def test_cores_logs_come_to_our_logger() -> None:
    runtime = temporal.core_runtime()
    assert runtime is temporal.core_runtime()
    assert logging.getLogger(temporal.CORE_LOGGER).name == "temporalio.core"
