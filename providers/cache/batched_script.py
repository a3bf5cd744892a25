"""A Lua script in Redis that many requests of a process run at once.

While one pipeline is on its way, the next callers wait for its reply and then go together: a busy process sends one
message for many requests, and a caller alone sends its own at once. Each run is still executed by itself.
"""

import asyncio
import contextlib
import hashlib
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any

import structlog
from redis.asyncio import Redis
from redis.exceptions import NoScriptError

from providers.cache.interface import CacheUnavailable

log = structlog.get_logger(__name__)

#: Runs in one pipeline.
_MOST_AT_ONCE = 200

Ask = Callable[[Callable[[], Awaitable[list[Any]]]], Awaitable[list[Any]]]


@dataclass(frozen=True, slots=True)
class _Run:
    keys: Sequence[str]
    arguments: Sequence[int]
    reply: "asyncio.Future[Any]"


class BatchedScript:
    """``ask`` calls Redis within the time limit and raises CacheUnavailable; it is used once per pipeline."""

    def __init__(self, redis: Redis, script: str, ask: Ask) -> None:
        self._redis = redis
        self._script = script
        # Redis names scripts by SHA-1 (https://redis.io/docs/latest/commands/evalsha/).
        self._sha = hashlib.sha1(script.encode(), usedforsecurity=False).hexdigest()
        self._ask = ask
        self._waiting: list[_Run] = []
        self._sending: asyncio.Task[None] | None = None

    async def run(self, keys: Sequence[str], arguments: Sequence[int]) -> list[Any]:
        """The script's reply. Raises CacheUnavailable."""
        reply: asyncio.Future[list[Any]] = asyncio.get_running_loop().create_future()
        self._waiting.append(_Run(keys, arguments, reply))
        if self._sending is None or self._sending.done():
            self._sending = asyncio.create_task(self._send())
        return await reply

    async def aclose(self) -> None:
        """Callers that still wait get CacheUnavailable."""
        if self._sending is not None:
            self._sending.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._sending
        runs, self._waiting = self._waiting, []
        for run in runs:
            _answer(run.reply, CacheUnavailable())

    async def _send(self) -> None:
        while self._waiting:
            runs, self._waiting = self._waiting[:_MOST_AT_ONCE], self._waiting[_MOST_AT_ONCE:]
            replies: Sequence[Any] = [CacheUnavailable()] * len(runs)
            try:
                replies = await self._ask(lambda runs=runs: self._pipeline(runs))  # type: ignore[misc]
            except Exception as error:  # of any kind: the callers after these still wait for their turn
                replies = [error] * len(runs)
            finally:  # cancelled, too
                for run, reply in zip(runs, replies, strict=True):
                    _answer(run.reply, reply)

    async def _pipeline(self, runs: Sequence[_Run]) -> list[Any]:
        """The replies, errors included. A server that lost the script gets it, and runs what it refused."""
        replies = await self._execute(runs)
        refused = [number for number, reply in enumerate(replies) if isinstance(reply, NoScriptError)]
        if refused:
            await self._redis.script_load(self._script)
            again = await self._execute([runs[number] for number in refused])
            for number, reply in zip(refused, again, strict=True):
                replies[number] = reply
        return replies

    async def _execute(self, runs: Sequence[_Run]) -> list[Any]:
        async with self._redis.pipeline(transaction=False) as pipeline:
            for run in runs:
                pipeline.evalsha(self._sha, len(run.keys), *run.keys, *run.arguments)
            return await pipeline.execute(raise_on_error=False)


def _answer(waiting: "asyncio.Future[Any]", reply: Any) -> None:
    if waiting.done():
        return  # whose request was cancelled
    if isinstance(reply, CacheUnavailable):
        waiting.set_exception(reply)
    elif isinstance(reply, Exception):
        log.error("redis refuses a command", error=reply)
        waiting.set_exception(CacheUnavailable())
    else:
        waiting.set_result(reply)
