"""The cache in Redis. One command per method, each in one round trip, with the time limits of the settings.

After Redis did not answer, no command is sent for ``redis_pause``: meanwhile every call raises `CacheUnavailable` at
once, and one call per pause tries again.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any, TypeVar, cast

import structlog
from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.client import PubSub
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError, ResponseError

from domain.platform.rate_limits import BUCKETS, LimitResult, Window, evaluate_limits
from providers.cache.batched_script import BatchedScript
from providers.cache.interface import CacheUnavailable
from runtime.settings import Settings

log = structlog.get_logger(__name__)

_T = TypeVar("_T")

# KEYS: one hash per window, bucket number -> count, then values to read. ARGV: limit and bucket length in milliseconds
# of each window. Gives for each window: how many were counted before this request, and the milliseconds until the first
# of them leaves (for a full window: until there is room); then the values. Redis's own clock, so that all processes
# agree.
_COUNT = """
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local answers, full, windows = {}, false, #ARGV / 2
for i = 1, windows do
    local key = KEYS[i]
    local limit, length = tonumber(ARGV[2 * i - 1]), tonumber(ARGV[2 * i])
    local current, counted, live, dead = math.floor(now / length), 0, {}, {}
    local held = redis.call('HGETALL', key)
    for j = 1, #held, 2 do
        local bucket, count = tonumber(held[j]), tonumber(held[j + 1])
        if bucket <= current - (BUCKETS + 1) then
            dead[#dead + 1] = held[j]
        else
            counted = counted + count
            live[#live + 1] = {bucket, count}
        end
    end
    if #dead > 0 then redis.call('HDEL', key, unpack(dead)) end
    table.sort(live, function(a, b) return a[1] < b[1] end)
    local first, left = current, counted
    for _, one in ipairs(live) do
        first = one[1]
        left = left - one[2]
        if left < limit then break end
    end
    if counted >= limit then full = true end
    answers[#answers + 1] = counted
    answers[#answers + 1] = (first + BUCKETS + 1) * length - now
end
if not full then
    for i = 1, windows do
        local key = KEYS[i]
        local length = tonumber(ARGV[2 * i])
        redis.call('HINCRBY', key, math.floor(now / length), 1)
        redis.call('PEXPIRE', key, length * (BUCKETS + 1))
    end
end
for i = windows + 1, #KEYS do answers[#answers + 1] = redis.call('GET', KEYS[i]) end
return answers
""".replace("BUCKETS", str(BUCKETS))


class RedisCache:
    """`Cache` on one Redis server. Opens no connection before the first call."""

    def __init__(self, settings: Settings) -> None:
        self._patience = settings.redis_timeout.total_seconds()
        self._pause = settings.redis_pause.total_seconds()
        self._again_at = 0.0
        #: Waiting for a free connection is not waiting for Redis: a busy process must not conclude that the server does
        #: not answer.
        self._turns = asyncio.Semaphore(settings.redis_pool_size)
        pool = BlockingConnectionPool.from_url(
            settings.redis_url.get_secret_value(),
            max_connections=settings.redis_pool_size,
            timeout=self._patience,
            socket_connect_timeout=self._patience,
            # `_ask` limits the time of a command: it distinguishes a busy process from a slow server.
            socket_timeout=None,
            retry=Retry(NoBackoff(), 0),
            protocol=2,
        )
        self._redis = Redis.from_pool(pool)
        self._listening = Redis.from_url(
            settings.redis_url.get_secret_value(),
            socket_connect_timeout=self._patience,
            socket_timeout=None,
            retry=Retry(NoBackoff(), 0),
            protocol=2,
        )
        self._heartbeat = settings.redis_heartbeat.total_seconds()
        self._script = BatchedScript(self._redis, _COUNT, self._ask)

    async def get(self, key: str) -> bytes | None:
        """The value of the key, or None. Raises CacheUnavailable."""
        return cast("bytes | None", await self._ask(lambda: self._redis.get(key)))

    async def put(self, key: str, value: bytes, keep: timedelta) -> None:
        """Store the value for whole milliseconds, at least one. Raises CacheUnavailable."""
        await self._ask(lambda: self._redis.set(key, value, px=max(1, _milliseconds(keep))))

    async def get_many(self, keys: Sequence[str]) -> list[bytes | None]:
        """The value of each key, or None, read at one moment. Raises CacheUnavailable."""
        return cast("list[bytes | None]", await self._ask(lambda: self._redis.mget(keys)))

    async def put_new(self, key: str, value: bytes, keep: timedelta) -> None:
        """Store the value unless the key has one. Raises CacheUnavailable."""
        await self._ask(lambda: self._redis.set(key, value, px=max(1, _milliseconds(keep)), nx=True))

    async def count(self, windows: Sequence[Window]) -> list[LimitResult]:
        """Count one request against every window, or against none if one is full. Raises CacheUnavailable."""
        return (await self.count_and_get(windows, []))[0] if windows else []

    async def count_and_get(
        self, windows: Sequence[Window], keys: Sequence[str]
    ) -> tuple[list[LimitResult], list[bytes | None]]:
        """Both in one round trip. Raises CacheUnavailable."""
        # The length is part of the key: buckets of another length have other numbers.
        counted = [f"rate:{window.subject}:{window.bucket_milliseconds}" for window in windows]
        arguments = [number for window in windows for number in (window.limit, window.bucket_milliseconds)]
        answer = await self._script.run([*counted, *keys], arguments)
        numbers, values = answer[: 2 * len(windows)], answer[2 * len(windows) :]
        return evaluate_limits(windows, numbers[::2], numbers[1::2]), values

    async def publish(self, channel: str, message: bytes) -> None:
        """Send a message to every process that listens now. Raises CacheUnavailable."""
        await self._ask(lambda: self._redis.publish(channel, message))

    @asynccontextmanager
    async def listen(self, channel: str) -> AsyncIterator[AsyncIterator[bytes]]:
        """The messages of the channel, from when Redis has confirmed (before the block is entered). A dead connection
        is noticed within two heartbeats. Raises CacheUnavailable."""
        subscription = self._listening.pubsub()
        try:
            try:
                async with asyncio.timeout(self._patience * 2):
                    await subscription.subscribe(channel)
                    await subscription.get_message(timeout=None)
            except (RedisError, OSError, TimeoutError) as error:
                raise CacheUnavailable from error
            yield self._messages(subscription)
        finally:
            await subscription.aclose()  # type: ignore[no-untyped-call]

    async def _messages(self, subscription: PubSub) -> AsyncIterator[bytes]:
        asked = False
        while True:
            try:
                message: dict[str, Any] | None = await subscription.get_message(timeout=self._heartbeat)
                if message is None and not asked:
                    await subscription.ping()
            except (RedisError, OSError) as error:
                raise CacheUnavailable from error
            if message is None and asked:
                raise CacheUnavailable
            asked = message is None
            if message is not None and message["type"] == "message":
                yield message["data"]

    async def aclose(self) -> None:
        """Close every connection."""
        await self._script.aclose()
        await self._redis.aclose()
        await self._redis.connection_pool.disconnect()
        await self._listening.aclose()

    async def _ask(self, call: Callable[[], Awaitable[_T]]) -> _T:
        """The reply within the time limit. Raises CacheUnavailable."""
        async with self._turns:
            loop = asyncio.get_running_loop()
            if loop.time() < self._again_at:
                raise CacheUnavailable
            if self._again_at:
                self._again_at = loop.time() + self._pause  # other calls raise at once while this one tries
            task = asyncio.ensure_future(call())
            try:
                await asyncio.wait({task}, timeout=self._patience)
                # A process that was busy for longer than the limit may already have the reply, unread.
                for _ in range(10):
                    if task.done():
                        break
                    await asyncio.sleep(0)
            finally:
                if not task.done():
                    task.cancel()
            return self._answer_of(task, loop.time())

    def _answer_of(self, task: "asyncio.Future[_T]", now: float) -> _T:
        error: BaseException | None
        error = task.exception() if task.done() else TimeoutError("no answer in time")
        if error is None:
            self._again_at = 0.0
            return task.result()
        if isinstance(error, ResponseError):
            log.error("redis refuses a command", error=error)
        elif isinstance(error, (RedisError, OSError, TimeoutError)):
            if now >= self._again_at:
                log.warning("redis is unavailable", error=error)
            self._again_at = now + self._pause
        else:
            raise error
        raise CacheUnavailable from error


def _milliseconds(duration: timedelta) -> int:
    return duration // timedelta(milliseconds=1)
