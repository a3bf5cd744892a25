"""What reaches the API over a raw socket and is no proper request: refused, once, and the connection is closed."""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest
import pytest_asyncio
import uvicorn

import api.http.protocol
from api.app import create_app
from api.http.protocol import MAX_HEAD_BYTES, MAX_HEADERS, GuardedProtocol
from db.engine.session import Database as Pool
from providers.cache.interface import Cache
from tests.support.servers import Database

HEAD = "POST /api/v1/auth/login HTTP/1.1\r\nHost: api\r\nContent-Type: application/json\r\n"
BODY = '{"email": "nobody@b.example", "password": "Wrong-2026"}'
GOOD = f"{HEAD}Content-Length: {len(BODY)}\r\n\r\n{BODY}"


@asynccontextmanager
async def served(database: Database, pool: Pool, cache: Cache, **more: object) -> AsyncIterator[int]:
    """The API on a port of its own, with the protocol of production."""
    app = create_app(database.settings(**more), database=pool, cache=cache, password_rounds=4)
    server = uvicorn.Server(
        uvicorn.Config(app, port=0, http=GuardedProtocol, ws="none", log_config=None, access_log=False, lifespan="on")
    )
    running = asyncio.create_task(server.serve())
    try:
        while not server.started:  # noqa: ASYNC110 - uvicorn does not notify
            await asyncio.sleep(0.01)
        yield server.servers[0].sockets[0].getsockname()[1]
    finally:
        server.should_exit = True
        await running


@pytest_asyncio.fixture
async def port(database: Database, pool: Pool, redis_cache: Cache) -> AsyncIterator[int]:
    async with served(database, pool, redis_cache, temporal_address="127.0.0.1:1") as port:
        yield port


async def answers_to(port: int, sent: str | bytes) -> list[int]:
    """The statuses of every answer until the server closes."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(sent if isinstance(sent, bytes) else sent.encode("latin-1"))
        async with asyncio.timeout(30):
            text = (await reader.read()).decode()
    except ConnectionError:
        text = ""
    finally:
        writer.close()
    return [int(status) for status in re.findall(r"HTTP/1\.1 (\d{3})", text)]


def get(*headers: str, host: str = "Host: api") -> str:
    lines = [line for line in ("GET /health/live HTTP/1.1", host, *headers) if line]
    return "\r\n".join(lines) + "\r\n\r\n"


async def test_proper_request_is_answered(port: int) -> None:
    assert await answers_to(port, get("Connection: close")) == [200]
    assert await answers_to(port, GOOD.replace("Host: api", "Host: api\r\nConnection: close")) == [401]
    assert await answers_to(port, get() + get("Connection: close")) == [200, 200]


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        pytest.param(get("X-Large: " + "x" * MAX_HEAD_BYTES), 431, id="one large header"),
        pytest.param("GET /" + "x" * MAX_HEAD_BYTES + " HTTP/1.1\r\nHost: api\r\n\r\n", 431, id="large address"),
        pytest.param("GET / HTTP/1.1\r\nX-Endless: " + "x" * MAX_HEAD_BYTES, 431, id="endless header"),
        pytest.param(get(*(f"X-{n}: 1" for n in range(MAX_HEADERS))), 431, id="many headers"),
        pytest.param(f"{HEAD}Content-Length: 2\r\nContent-Length: 2\r\n\r\n{{}}", 400, id="length twice"),
        pytest.param(f"{HEAD}Content-Length: 2\r\nContent-Length: 3\r\n\r\n{{}}", 400, id="two lengths"),
        pytest.param(f"{HEAD}Content-Length: 2, 2\r\n\r\n{{}}", 400, id="length as a list"),
        pytest.param(f"{HEAD}Content-Length: +2\r\n\r\n{{}}", 400, id="signed length"),
        pytest.param(f"{HEAD}Content-Length: -2\r\n\r\n{{}}", 400, id="negative length"),
        pytest.param(f"{HEAD}Content-Length: 0x2\r\n\r\n{{}}", 400, id="length in hexadecimal"),
        pytest.param(
            f"{HEAD}Content-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nG", 400, id="length and chunks"
        ),
        pytest.param(
            f"{HEAD}Transfer-Encoding: chunked\r\nContent-Length: 6\r\n\r\n0\r\n\r\nG", 400, id="chunks and length"
        ),
        pytest.param(f"{HEAD}Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n", 400, id="unknown encoding"),
        pytest.param(f"{HEAD}Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n", 400, id="chunked is not last"),
        pytest.param(f"{HEAD}Transfer-Encoding: chunked\r\n\r\nzz\r\n{{}}\r\n0\r\n\r\n", 400, id="size that is none"),
        pytest.param(f"{HEAD}Transfer-Encoding: chunked\r\n\r\n-2\r\n{{}}\r\n0\r\n\r\n", 400, id="negative size"),
        pytest.param(
            f"{HEAD}Transfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n{{}}\r\n0\r\n\r\n",
            400,
            id="size beyond 64 bits",
        ),
        pytest.param(f"{HEAD}Transfer-Encoding: chunked\r\n\r\n2\r\n{{}}xx0\r\n\r\n", 400, id="chunk without its end"),
        pytest.param("GET / HTTP/1.1\r\nHost: api\r\nX-Folded: a\r\n b\r\n\r\n", 400, id="folded header"),
        pytest.param(get("X-Space : 1"), 400, id="space before the colon"),
        pytest.param(get("X-Nul: a\0b"), 400, id="NUL in a value"),
        pytest.param(get("X\0Nul: a"), 400, id="NUL in a name"),
        pytest.param(get("X-Lone: a\rb"), 400, id="lone CR in a value"),
        pytest.param("GET / HTTP/1.1\nHost: api\n\n", 400, id="lone LF"),
        pytest.param(get(": empty"), 400, id="no name"),
        pytest.param(get(host=""), 400, id="no host"),
        pytest.param(get("Host: other"), 400, id="two hosts"),
        pytest.param("GET / HTTP/9.9\r\nHost: api\r\n\r\n", 400, id="unknown version"),
        pytest.param("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400, id="HTTP/2"),
        pytest.param("BREW / HTTP/1.1\r\nHost: api\r\n\r\n", 400, id="unknown method"),
        pytest.param("GET http://[/ HTTP/1.1\r\nHost: api\r\n\r\n", 400, id="address that is none"),
        pytest.param("CONNECT / HTTP/1.1\r\nHost: api\r\n\r\n", 405, id="tunnel"),
        pytest.param(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 400, id="TLS"),
    ],
)
async def test_malformed_request_gets_one_answer_and_a_closed_connection(
    port: int, sent: str | bytes, status: int
) -> None:
    smuggled = sent if isinstance(sent, bytes) else (sent + get()).encode("latin-1")
    assert await answers_to(port, smuggled) == [status]


async def test_refused_body_does_not_become_a_second_request(port: int) -> None:
    """The answer is out before the body is read; what is wrong in the body may not be answered again."""
    early = f"{HEAD.replace('application/json', 'text/plain')}Transfer-Encoding: chunked\r\n\r\n"
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(early.encode())
    assert b"415" in await reader.readline()
    writer.write(b"zz\r\n" + get().encode())
    async with asyncio.timeout(30):
        rest = await reader.read()
    writer.close()
    assert b"HTTP/1.1" not in rest


async def test_body_that_is_too_large_ends_the_connection(port: int) -> None:
    assert await answers_to(port, f"{HEAD}Content-Length: 99999999\r\n\r\n" + "x" * 1000) == [413]


async def test_slow_head_is_not_waited_for(port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(api.http.protocol, "HEAD_SECONDS", 0.3)
    assert await answers_to(port, "GET / HTTP/1.1\r\nHost: a") == [408]
    assert await answers_to(port, "") == []
    assert await answers_to(port, "\r\n") == []
    # A request that was whole in time is not hurried.
    assert await answers_to(port, GOOD.replace("Host: api", "Host: api\r\nConnection: close")) == [401]
    # The second head on a connection has as long as the first.
    assert await answers_to(port, get() + "GET / HT") == [200, 408]


async def test_slow_body_is_not_waited_for(database: Database, pool: Pool, redis_cache: Cache) -> None:
    async with served(database, pool, redis_cache, body_timeout=timedelta(milliseconds=300)) as port:
        assert await answers_to(port, f"{HEAD}Content-Length: {len(BODY)}\r\n\r\n{BODY[:10]}") == [408]
        chunk = f"{HEAD}Transfer-Encoding: chunked\r\n\r\n1\r\n{{\r\n"
        assert await answers_to(port, chunk) == [408]
