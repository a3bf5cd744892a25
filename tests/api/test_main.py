"""The API as a process of its own, over a real socket."""

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx

from stack.ports import choose_ports
from tests.api.conftest import PREFIX, error_of
from tests.support.leaks import check_files
from tests.support.servers import Database

ROOT = Path(__file__).parents[2]


@asynccontextmanager
async def served(database: Database, log: Path) -> AsyncIterator[tuple[asyncio.subprocess.Process, str, int]]:
    """The process, its address and its port."""
    port = choose_ports(["api"], {})["api"]
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("OMOTENASHI_")},
        "OMOTENASHI_ENVIRONMENT": "test",
        "OMOTENASHI_DATABASE_URL": database.app_url,
        "OMOTENASHI_API_PORT": str(port),
        "OMOTENASHI_TEMPORAL_ADDRESS": "127.0.0.1:1",
        "OMOTENASHI_REDIS_URL": "redis://127.0.0.1:1/0",
        "OMOTENASHI_MAX_BODY_BYTES": "4096",
        "OMOTENASHI_LOG_JSON": "true",
    }
    program = "from api.main import serve; from runtime.settings import Settings; serve(Settings())"
    with log.open("wb") as output:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-P", "-c", program, cwd=ROOT, env=environment, stdout=output, stderr=output
        )
    try:
        address = f"http://127.0.0.1:{port}"
        async with httpx.AsyncClient() as http:
            for _ in range(600):
                try:
                    await http.get(f"{address}/health/live")
                    break
                except httpx.TransportError:
                    await asyncio.sleep(0.05)
        yield process, address, port
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()
        check_files(log.parent)


async def refused(port: int) -> None:
    """Wait until nobody listens on the port: the server has begun to stop."""
    async with asyncio.timeout(30):
        while True:
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
            except OSError:
                return
            writer.close()
            await asyncio.sleep(0.01)


async def test_api_process_serves_and_ends_in_order(database: Database, tmp_path: Path) -> None:
    log = tmp_path / "api.log"
    async with served(database, log) as (process, address, port):
        async with httpx.AsyncClient(base_url=address) as http:
            ready = await http.get("/health/ready", headers={"X-Forwarded-For": "8.8.8.8", "X-Request-ID": "abc-1"})
            assert ready.status_code == 200
            assert "server" not in ready.headers
            assert error_of(await http.get(f"{PREFIX}/nothing")) == (404, "not_found")

            async def chunks() -> AsyncIterator[bytes]:
                for _ in range(10):
                    yield b" " * 1000

            typed = {"Content-Type": "application/json"}
            large = await http.post(f"{PREFIX}/auth/register", content=chunks(), headers=typed)
            assert error_of(large) == (413, "too_large")
            assert error_of(await http.post(f"{PREFIX}/auth/register", content=b" " * 5000, headers=typed)) == (
                413,
                "too_large",
            )
            # A request that is half sent when the end is asked for, and answered all the same.
            body = b'{"email": "nobody@example.jp", "password": "Wrong-2026"}'
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            head = f"POST {PREFIX}/auth/login HTTP/1.1\r\nHost: api\r\nContent-Type: application/json\r\n"
            writer.write(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body[:10])
            await writer.drain()
            await http.get("/health/ready")  # a process that answers this has read that
            process.send_signal(signal.SIGTERM)
            await refused(port)
            writer.write(body[10:])
            assert (await reader.readline()).split()[1] == b"401"
            writer.close()
        assert await asyncio.wait_for(process.wait(), 20) in {0, -signal.SIGTERM}
    text = log.read_text()
    assert "Traceback" not in text
    lines = [json.loads(line) for line in text.splitlines() if line.startswith("{")]
    assert [line["path"] for line in lines if line.get("request_id") == "abc-1"], text
    assert "Wrong-2026" not in text
