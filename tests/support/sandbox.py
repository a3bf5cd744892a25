"""A provider sandbox as a process of its own, and a receiver for its webhooks. For any test package:

``from tests.support.sandbox import Receiver, Sandbox, running_sandbox, running_receiver``.
"""

import asyncio
import contextlib
import signal
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx

from runtime.channel_settings import (
    LINE_SANDBOX_SECRET,
    LINE_SANDBOX_TOKEN,
    TWILIO_SANDBOX_SID,
    TWILIO_SANDBOX_TOKEN,
    VAPID_SANDBOX_KEY,
)
from runtime.settings import Settings

ROOT = Path(__file__).parents[2]
START_SECONDS = 30


class Sandbox:
    """A running server. ``url`` stays the same over ``restart``."""

    def __init__(self, state_dir: Path, *arguments: str) -> None:
        self._arguments = arguments
        self.state_dir = state_dir
        self.url = ""
        self._process: subprocess.Popen[bytes] | None = None
        #: For calls that no method below makes. Blocking: what it asks for must not wait for the test's own loop.
        self.http = httpx.Client(trust_env=False)

    def start(self) -> None:
        """Returns when it answers."""
        port = self.url.rpartition(":")[2] or "0"
        address_file = self.state_dir / "address.txt"
        address_file.unlink(missing_ok=True)
        self._process = subprocess.Popen(
            [
                sys.executable,
                "-m",
                "providers.sandbox",
                "--state-dir",
                self.state_dir,
                "--port",
                port,
                *self._arguments,
            ],
            cwd=ROOT,
        )
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            if self._process.poll() is not None:
                raise RuntimeError(f"the sandbox ended with {self._process.returncode}")
            with contextlib.suppress(OSError, httpx.HTTPError):
                self.url = address_file.read_text().strip()
                if self.http.get(self.url + "/health").status_code == 200:
                    return
            time.sleep(0.02)
        raise RuntimeError("the sandbox did not start")

    def stop(self, number: int = signal.SIGTERM) -> int:
        """End it; gives the exit code."""
        assert self._process is not None
        if self._process.poll() is None:
            self._process.send_signal(number)
        return self._process.wait(15)

    def restart(self, number: int = signal.SIGKILL) -> None:
        """End it, by default without warning, and start it on the same state and port."""
        self.stop(number)
        self.start()

    def settings(self, **overrides: Any) -> Settings:
        """Settings whose providers are this server."""
        key = (self.state_dir / "sendgrid_public_key.txt").read_text().strip()
        values: dict[str, Any] = {
            "stripe_base_url": self.url,
            "stripe_files_base_url": self.url,
            "payjp_base_url": self.url + "/payjp",
            "sendgrid_base_url": self.url,
            "sendgrid_webhook_public_key": key,
            "twilio_base_url": self.url,
            "twilio_account_sid": TWILIO_SANDBOX_SID,
            "twilio_auth_token": TWILIO_SANDBOX_TOKEN,
            "twilio_from": "+815031234567",
            "line_base_url": self.url,
            "line_access_token": LINE_SANDBOX_TOKEN,
            "line_channel_secret": LINE_SANDBOX_SECRET,
            "line_login_channel_id": "1234567890",
            "vapid_private_key": VAPID_SANDBOX_KEY,
            "push_hosts": ("127.0.0.1",),
            "push_insecure": True,
            "provider_timeout": timedelta(seconds=5),
        }
        return Settings(**(values | overrides))

    def get(self, path: str, **params: Any) -> Any:
        """JSON of a control or list endpoint."""
        response = self.http.get(self.url + path, params=params)
        response.raise_for_status()
        return response.json()

    def post(self, path: str, body: Any = None) -> Any:
        """Order something; gives the JSON answer."""
        response = self.http.post(self.url + path, json=body)
        response.raise_for_status()
        return response.json()

    def fault(self, operation: str, kind: str, **more: Any) -> None:
        """Order a trouble, once by default."""
        self.post("/sandbox/faults", {"operation": operation, "kind": kind, **more})

    def target(self, **urls: str | None) -> None:
        """Set where webhooks go: ``stripe=``, ``payjp=``, ``sendgrid=``."""
        self.http.put(self.url + "/sandbox/targets", json=urls).raise_for_status()

    def reset(self) -> None:
        """Forget everything, troubles and targets too."""
        self.target(stripe=None, payjp=None, sendgrid=None)
        self.post("/sandbox/reset")


@contextlib.contextmanager
def running_sandbox(state_dir: Path, *arguments: str) -> Iterator[Sandbox]:
    """A sandbox for as long as the block runs."""
    sandbox = Sandbox(state_dir, *arguments)
    try:
        sandbox.start()
        yield sandbox
    finally:
        sandbox.stop()
        sandbox.http.close()


@dataclass
class Received:
    """One webhook as it came."""

    path: str
    body: bytes
    headers: dict[str, str]


@dataclass
class Receiver:
    """Takes webhooks on a free port. ``statuses`` are answered first, one each, then 200."""

    url: str = ""
    statuses: list[int] = field(default_factory=list)
    received: list[Received] = field(default_factory=list)
    _changed: asyncio.Event = field(default_factory=asyncio.Event)

    async def wait(self, count: int = 1, seconds: float = 10.0) -> list[Received]:
        """At least ``count`` of them, in order of arrival."""
        await self.wait_until(lambda: len(self.received) >= count, seconds)
        return self.received

    async def wait_until(self, done: Callable[[], bool], seconds: float = 10.0) -> None:
        """Until ``done`` holds after some arrival."""
        async with asyncio.timeout(seconds):
            while not done():
                self._changed.clear()
                await self._changed.wait()

    async def handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One request per connection: enough HTTP for a client that we know."""
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            first, *lines = head.split("\r\n")
            pairs = (line.partition(":") for line in lines if line)
            headers = {name.strip().lower(): value.strip() for name, _, value in pairs}
            body = await reader.readexactly(int(headers.get("content-length", "0")))
            status = self.statuses.pop(0) if self.statuses else 200
            self.received.append(Received(first.split(" ")[1], body, headers))
            writer.write(f"HTTP/1.1 {status} Answer\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".encode())
            await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            return
        finally:
            writer.close()
            with contextlib.suppress(ConnectionError):
                await writer.wait_closed()
            self._changed.set()


@contextlib.asynccontextmanager
async def running_receiver(port: int = 0) -> AsyncIterator[Receiver]:
    """A receiver for as long as the block runs."""
    receiver = Receiver()
    server = await asyncio.start_server(receiver.handle, "127.0.0.1", port)
    receiver.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield receiver
    finally:
        server.close()
        await server.wait_closed()


def free_port() -> int:
    """A port on which nobody listens for the moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
