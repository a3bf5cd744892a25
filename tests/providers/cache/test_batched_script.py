"""Runs of a script that go to Redis together."""

import asyncio
from typing import Any

import pytest
from redis.asyncio import Redis

from providers.cache.batched_script import BatchedScript
from providers.cache.interface import CacheUnavailable

_SCRIPT = "if KEYS[1] == 'bad' then return redis.error_reply('refused') end return {KEYS[1], ARGV[1]}"


class Calls:
    """Asks Redis; the calls that ``hold`` stops wait, and fail while ``away``."""

    def __init__(self) -> None:
        self.count = 0
        self.free = asyncio.Event()
        self.free.set()
        self.away = False

    async def ask(self, call: Any) -> Any:
        self.count += 1
        await self.free.wait()
        if self.away:
            raise CacheUnavailable
        return await call()


async def test_runs_that_wait_go_together_and_each_gets_its_reply(redis_url: str) -> None:
    calls = Calls()
    async with Redis.from_url(redis_url, protocol=2) as redis:
        script = BatchedScript(redis, _SCRIPT, calls.ask)
        await script.run(["warm"], [0])
        calls.count = 0
        replies = await asyncio.gather(*(script.run([f"k{n}"], [n]) for n in range(150)))
        assert replies == [[f"k{n}".encode(), str(n).encode()] for n in range(150)]
        assert calls.count <= 2


async def test_run_that_redis_refuses_fails_alone(redis_url: str) -> None:
    async with Redis.from_url(redis_url, protocol=2) as redis:
        script = BatchedScript(redis, _SCRIPT, Calls().ask)
        found = await asyncio.gather(
            *(script.run([key], [1]) for key in ("good", "bad", "well")), return_exceptions=True
        )
    assert found[0] == [b"good", b"1"]
    assert isinstance(found[1], CacheUnavailable)
    assert found[2] == [b"well", b"1"]


async def test_cancelled_caller_leaves_the_others_their_replies(redis_url: str) -> None:
    calls = Calls()
    calls.free.clear()
    async with Redis.from_url(redis_url, protocol=2) as redis:
        script = BatchedScript(redis, _SCRIPT, calls.ask)
        first, second = (asyncio.create_task(script.run([key], [1])) for key in "ab")
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        first.cancel()
        calls.free.set()
        assert await second == [b"b", b"1"]
        with pytest.raises(asyncio.CancelledError):
            await first


@pytest.mark.parametrize("end", ["away", "closed"])
async def test_callers_do_not_wait_for_ever(redis_url: str, end: str) -> None:
    calls = Calls()
    calls.free.clear()
    async with Redis.from_url(redis_url, protocol=2) as redis:
        script = BatchedScript(redis, _SCRIPT, calls.ask)
        waiting = [asyncio.create_task(script.run(["a"], [1])) for _ in range(3)]
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        if end == "away":
            calls.away = True
            calls.free.set()
        else:
            await script.aclose()
        for one in waiting:
            with pytest.raises(CacheUnavailable):
                await asyncio.wait_for(one, 30)
        calls.away = False
        calls.free.set()
        assert await script.run(["again"], [2]) == [b"again", b"2"]


async def test_unknown_error_leaves_nobody_waiting(redis_url: str) -> None:
    calls = Calls()
    calls.free.clear()
    async with Redis.from_url(redis_url, protocol=2) as redis:

        async def ask(call: Any) -> Any:
            await calls.ask(call)
            raise RuntimeError("the transport is closed")

        script = BatchedScript(redis, _SCRIPT, ask)
        waiting = [asyncio.create_task(script.run(["a"], [1]))]
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        waiting.append(asyncio.create_task(script.run(["b"], [1])))  # while the first one is on its way
        await asyncio.sleep(0)
        calls.free.set()
        for one in waiting:
            with pytest.raises(CacheUnavailable):
                await asyncio.wait_for(one, 10)
