"""Blocking SDK calls in threads of their own, with a limit on the whole call."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import TypeVar

from providers.errors import OutcomeUnknown

#: A connection takes milliseconds or fails; the rest of the time limit is for the answer.
CONNECT_LIMIT_SECONDS = 5.0

T = TypeVar("T")


class OffLoop:
    """Runs blocking calls of one SDK; ``close`` at the end of the process.

    ``timeout`` is the SDK's own limit for each wait on the network. An answer that arrives in pieces can exceed it, so
    the whole call is given up after twice that; its thread goes on until the SDK's limit ends it.
    """

    def __init__(self, name: str, timeout: timedelta, threads: int = 16) -> None:
        seconds = timeout.total_seconds()
        self.connect_seconds = min(seconds, CONNECT_LIMIT_SECONDS)
        self.read_seconds = seconds
        self._whole_seconds = 2 * seconds
        self._executor = ThreadPoolExecutor(threads, thread_name_prefix=name)

    async def run(self, call: Callable[[], T]) -> T:
        """The call's result. Raises what it raises, and OutcomeUnknown when it takes too long."""
        loop = asyncio.get_running_loop()
        try:
            return await asyncio.wait_for(loop.run_in_executor(self._executor, call), self._whole_seconds)
        except TimeoutError as error:
            raise OutcomeUnknown("no_answer") from error

    def close(self) -> None:
        """Start nothing more; calls under way end by their own limit."""
        self._executor.shutdown(wait=False, cancel_futures=True)
