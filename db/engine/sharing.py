"""One computation for all who ask the same within a moment."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Hashable
from dataclasses import dataclass, field
from typing import Generic, TypeVar

T = TypeVar("T")


@dataclass(slots=True)
class Shared(Generic[T]):
    """The results of one process. ``seconds``: how long a result counts for others, from when it was begun. Who comes
    while it is computed waits for it; if that fails, each computes for itself."""

    seconds: float
    most: int = 1000
    _running: dict[Hashable, "asyncio.Future[T]"] = field(default_factory=dict)
    _done: dict[Hashable, tuple[float, T]] = field(default_factory=dict)

    async def get(self, key: Hashable, compute: Callable[[], Awaitable[T]]) -> T:
        """The result for ``key``."""
        begun = time.monotonic()
        found = self._done.get(key)
        if found is not None and begun - found[0] < self.seconds:
            return found[1]
        loop = asyncio.get_running_loop()
        running = self._running.get(key)
        if running is not None and running.get_loop() is loop:
            result = await asyncio.wait([running])
            [ended] = result[0]
            if not ended.cancelled() and ended.exception() is None:
                return ended.result()
            return await compute()
        mine = self._running[key] = loop.create_future()
        try:
            value = await compute()
        except BaseException:
            mine.cancel()
            raise
        else:
            mine.set_result(value)
            if len(self._done) >= self.most:
                self._done.clear()
            self._done[key] = begun, value
            return value
        finally:
            if self._running.get(key) is mine:
                del self._running[key]
