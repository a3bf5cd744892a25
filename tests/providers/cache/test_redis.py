"""The Redis client: stored values, counts, messages, and how soon it gives up."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest
import pytest_asyncio
from pydantic import SecretStr
from redis import Redis as BlockingClient
from redis.asyncio import Redis as Client

from domain.platform.rate_limits import BUCKETS, Window
from providers.cache.interface import CacheUnavailable
from providers.cache.redis import RedisCache
from runtime.settings import Settings
from stack.ports import choose_ports
from stack.servers.redis import Redis
from tests.support.servers import running, scratch_folder

MINUTE = timedelta(minutes=1)
#: Long enough for a machine that does several things at once.
PATIENT = timedelta(seconds=5)


def cache_at(url: str, **more: object) -> RedisCache:
    """A client with settings of its own."""
    return RedisCache(Settings(_env_file=None, redis_url=SecretStr(url), **{"redis_timeout": PATIENT, **more}))


@pytest_asyncio.fixture
async def cache(redis_url: str) -> AsyncIterator[RedisCache]:
    cache = cache_at(redis_url)
    yield cache
    await cache.aclose()


def own(name: str) -> str:
    """A name that no other test uses."""
    return f"{name}:{uuid4()}"


async def test_get_gives_the_bytes_that_were_put(cache: RedisCache) -> None:
    key, other = own("key"), own("other")
    assert await cache.get(key) is None
    for value in (b"", b"\x00\xff\r\n$-1\r\n", bytes(range(256)) * 1000):
        await cache.put(key, value, MINUTE)
        assert await cache.get(key) == value
    assert await cache.get(other) is None


async def test_put_stores_for_the_given_time(cache: RedisCache) -> None:
    key = own("key")
    await cache.put(key, b"x", timedelta(milliseconds=200))
    await cache.put(own("no time at all"), b"x", timedelta())
    async with asyncio.timeout(10):
        while await cache.get(key) is not None:  # noqa: ASYNC110 - Redis does not notify
            await asyncio.sleep(0.02)


async def test_exactly_the_limit_of_many_at_once(cache: RedisCache) -> None:
    window = Window(own("user"), 37, timedelta(minutes=10))
    counted = [one for [one] in await asyncio.gather(*(cache.count([window]) for _ in range(200)))]
    assert sum(one.allowed for one in counted) == 37
    assert sorted(one.left for one in counted if one.allowed) == list(range(37))
    assert {one.left for one in counted if not one.allowed} == {0}
    for one in counted:
        assert timedelta(minutes=9, seconds=50) < one.resets_in <= timedelta(minutes=10, seconds=10)


async def test_refused_request_counts_nowhere(cache: RedisCache) -> None:
    narrow, wide = Window(own("narrow"), 1, MINUTE), Window(own("wide"), 10, MINUTE)
    assert [one.left for one in await cache.count([narrow, wide])] == [0, 9]
    refused = await cache.count([narrow, wide])
    assert [(one.allowed, one.left) for one in refused] == [(False, 0), (True, 9)]
    [alone] = await cache.count([wide])
    assert alone.left == 8
    assert await cache.count([]) == []


async def full_window(cache: RedisCache) -> tuple[Window, float]:
    """A window that has no more room, and when it was started. It is longer where the machine is slow."""
    for seconds in (1.2, 5, 20):
        window = Window(own("user"), 3, timedelta(seconds=seconds))
        started = time.monotonic()
        counted = [(await cache.count([window]))[0] for _ in range(4)]
        if time.monotonic() - started < seconds / 2:
            assert [(one.left, one.allowed) for one in counted] == [(2, True), (1, True), (0, True), (0, False)]
            return window, started
    pytest.fail("counting four requests took ten seconds")


async def test_count_has_room_again_when_the_window_has_passed(cache: RedisCache) -> None:
    window, started = await full_window(cache)
    async with asyncio.timeout(60):
        while not (await cache.count([window]))[0].allowed:  # noqa: ASYNC110 - Redis does not notify
            await asyncio.sleep(0.01)
    assert time.monotonic() - started >= window.period.total_seconds() - 0.1


async def test_window_forgets_itself(cache: RedisCache, redis_url: str) -> None:
    window = Window(own("user"), 3, timedelta(seconds=60))
    await cache.count([window])
    async with Client.from_url(redis_url) as client:
        left = await client.pttl(f"rate:{window.subject}:1000")
        assert 59_000 < left <= 60_000 + 60_000 // BUCKETS
        assert await client.hlen(f"rate:{window.subject}:1000") == 1


async def test_script_is_loaded_again_after_a_flush(cache: RedisCache, redis_url: str) -> None:
    window = Window(own("user"), 3, MINUTE)
    await cache.count([window])
    async with Client.from_url(redis_url) as client:
        await client.script_flush()
        [one] = await cache.count([window])
        assert one.left == 1
        before = (await client.info("commandstats"))["cmdstat_evalsha"]["calls"]
        await cache.count([window])
        after = (await client.info("commandstats"))["cmdstat_evalsha"]["calls"]
    assert after - before == 1


async def test_refused_command_raises_cache_unavailable_and_next_call_is_sent(
    cache: RedisCache, redis_url: str
) -> None:
    window = Window(own("user"), 3, MINUTE)
    async with Client.from_url(redis_url) as client:
        await client.set(f"rate:{window.subject}:1000", b"not a hash")
    with pytest.raises(CacheUnavailable):
        await cache.count([window])
    assert await cache.get(own("key")) is None


async def test_calls_raise_cache_unavailable_when_nothing_listens() -> None:
    cache = cache_at("redis://127.0.0.1:1/0")
    try:
        for call in (
            cache.get("x"),
            cache.put("x", b"", MINUTE),
            cache.count([Window("x", 1, MINUTE)]),
        ):
            with pytest.raises(CacheUnavailable):
                await call
        with pytest.raises(CacheUnavailable):
            await cache.publish("x", b"")
        with pytest.raises(CacheUnavailable):
            async with cache.listen("x"):
                pass
    finally:
        await cache.aclose()


@asynccontextmanager
async def silent_server() -> AsyncIterator[tuple[str, list[asyncio.StreamWriter]]]:
    """Accepts, and never says a word; gives its URL and who came."""
    came: list[asyncio.StreamWriter] = []

    async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        came.append(writer)
        while await reader.read(1000):
            pass

    server = await asyncio.start_server(accept, "127.0.0.1", 0)
    try:
        yield f"redis://127.0.0.1:{server.sockets[0].getsockname()[1]}/0", came
    finally:
        for writer in came:
            writer.close()
        server.close()
        await server.wait_closed()


async def test_server_without_answers_is_left_alone() -> None:
    async with silent_server() as (url, came):
        cache = cache_at(url, redis_timeout=timedelta(milliseconds=80), redis_pause=timedelta(hours=1))
        try:
            with pytest.raises(CacheUnavailable):
                await cache.get("x")
            tried = len(came)
            assert tried >= 1
            results = await asyncio.gather(*(cache.get("x") for _ in range(300)), return_exceptions=True)
            assert {type(result) for result in results} == {CacheUnavailable}
            assert len(came) == tried, "it was asked during the pause"
        finally:
            await cache.aclose()


async def test_calls_at_once_to_a_silent_server_wait_once() -> None:
    async with silent_server() as (url, came):
        cache = cache_at(
            url, redis_timeout=timedelta(milliseconds=80), redis_pause=timedelta(hours=1), redis_pool_size=4
        )
        try:
            results = await asyncio.gather(*(cache.get("x") for _ in range(300)), return_exceptions=True)
            assert {type(result) for result in results} == {CacheUnavailable}
            assert len(came) <= 4, "a waiting call asked a server that had not answered"
        finally:
            await cache.aclose()


async def test_call_after_the_pause_tries_again_alone() -> None:
    async with silent_server() as (url, came):
        pause = 0.2
        cache = cache_at(url, redis_timeout=timedelta(milliseconds=80), redis_pause=timedelta(seconds=pause))
        try:
            with pytest.raises(CacheUnavailable):
                await cache.get("x")
            tried = len(came)
            async with asyncio.timeout(30):
                while len(came) == tried:
                    started = time.monotonic()
                    await asyncio.gather(*(cache.get("x") for _ in range(20)), return_exceptions=True)
                    passed = time.monotonic() - started
                    await asyncio.sleep(0.02)
            assert len(came) <= tried + 1 + passed // pause, "more than one call per pause tried"
        finally:
            await cache.aclose()


async def test_busy_process_does_not_take_redis_for_dead(redis_url: str) -> None:
    limit = 0.5
    cache = cache_at(redis_url, redis_timeout=timedelta(seconds=limit))
    with BlockingClient.from_url(redis_url) as other:

        def answered() -> int:
            counted: dict[str, dict[str, int]] = other.info("commandstats")
            return counted.get("cmdstat_get", {}).get("calls", 0)

        try:
            await cache.get("x")
            before, started = answered(), time.monotonic()
            asked = asyncio.create_task(cache.get("x"))
            while answered() == before:  # noqa: ASYNC110 - Redis does not notify
                await asyncio.sleep(0)
            # The reply is here and unread; the loop is busy with something else for longer than the limit.
            while time.monotonic() - started < limit + 0.1:
                other.ping()
            assert await asked is None
        finally:
            await cache.aclose()


async def test_cache_works_again_after_redis_was_away() -> None:
    async with scratch_folder() as folder:
        server = Redis(folder / "redis", choose_ports(["redis"], {})["redis"], durable=False)
        cache = cache_at(server.url, redis_pause=timedelta(milliseconds=50))
        window = Window("user", 2, MINUTE)
        try:
            async with running(server.program(), folder):
                assert (await cache.count([window]))[0].left == 1
            with pytest.raises(CacheUnavailable):
                await cache.count([window])
            async with running(server.program(), folder), asyncio.timeout(20):
                while True:
                    try:
                        [one] = await cache.count([window])
                        break
                    except CacheUnavailable:
                        await asyncio.sleep(0.02)
                assert one.allowed
        finally:
            await cache.aclose()


async def test_listeners_get_every_message(cache: RedisCache) -> None:
    channel = own("channel")
    async with cache.listen(channel) as one, cache.listen(channel) as two:
        for message in (b"\x00\xff", b"", b"last"):
            await cache.publish(channel, message)
        for listener in (one, two):
            async with asyncio.timeout(10):
                assert [await anext(listener) for _ in range(3)] == [b"\x00\xff", b"", b"last"]
    await cache.publish(channel, b"nobody listens")


async def test_quiet_channel_stays_open(redis_url: str) -> None:
    cache = cache_at(redis_url, redis_heartbeat=timedelta(milliseconds=300))
    channel = own("channel")
    try:
        async with cache.listen(channel) as messages, Client.from_url(redis_url) as other, asyncio.timeout(30):

            async def heartbeats() -> int:
                counted = await other.info("commandstats")
                return int(counted.get("cmdstat_ping", {}).get("calls", 0))

            before = await heartbeats()
            message = asyncio.ensure_future(anext(messages))
            while await heartbeats() < before + 2:  # noqa: ASYNC110 - Redis does not notify
                await asyncio.sleep(0.02)
            assert not message.done()
            await cache.publish(channel, b"at last")
            assert await message == b"at last"
    finally:
        await cache.aclose()


async def test_listener_hears_that_the_server_ended(tmp_path: Path) -> None:
    async with scratch_folder() as folder:
        server = Redis(folder / "redis", choose_ports(["redis"], {})["redis"], durable=False)
        cache = cache_at(server.url)
        try:
            async with running(server.program(), folder) as child, cache.listen("channel") as messages:
                await child.stop(asyncio.Event())
                with pytest.raises(CacheUnavailable):
                    async with asyncio.timeout(20):
                        await anext(messages)
        finally:
            await cache.aclose()


async def test_listener_hears_that_its_connection_is_dead_without_a_word(redis_url: str) -> None:
    """A line that swallows everything from a moment on, as a vanished machine does."""
    host, port = redis_url.removeprefix("redis://").removesuffix("/0").split(":")
    swallow = asyncio.Event()

    async def pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        upstream, to_redis = await asyncio.open_connection(host, int(port))

        async def pump(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
            while data := await source.read(1000):
                if not swallow.is_set():
                    sink.write(data)
            sink.close()

        await asyncio.gather(pump(reader, to_redis), pump(upstream, writer))

    line = await asyncio.start_server(pass_on, "127.0.0.1", 0)
    cache = cache_at(
        f"redis://127.0.0.1:{line.sockets[0].getsockname()[1]}/0", redis_heartbeat=timedelta(milliseconds=200)
    )
    try:
        async with cache.listen(own("channel")) as messages:
            swallow.set()
            with pytest.raises(CacheUnavailable):
                async with asyncio.timeout(20):
                    await anext(messages)
    finally:
        await cache.aclose()
        line.close()


async def test_get_many_and_put_new_keep_what_was_first(cache: RedisCache) -> None:
    first, second, missing = own("first"), own("second"), own("missing")
    await cache.put_new(first, b"1", MINUTE)
    await cache.put_new(first, b"later", MINUTE)
    await cache.put(second, b"", MINUTE)
    assert await cache.get_many([first, missing, second]) == [b"1", None, b""]


async def test_get_many_and_put_new_raise_cache_unavailable() -> None:
    cache = cache_at("redis://127.0.0.1:1/0")
    with pytest.raises(CacheUnavailable):
        await cache.get_many(["a"])
    with pytest.raises(CacheUnavailable):
        await cache.put_new("a", b"", MINUTE)
    await cache.aclose()
