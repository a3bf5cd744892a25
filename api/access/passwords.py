"""bcrypt, off the event loop: one hash of 12 rounds takes a fifth of a second of a core."""

import asyncio
import os
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import partial
from typing import TypeVar

import bcrypt

from domain.errors import Unavailable
from domain.identity.passwords import check_inputs, hash_input

T = TypeVar("T")

#: The required cost; tests use less.
ROUNDS = 12
#: A request that would wait longer than this gets Unavailable.
PATIENCE = timedelta(seconds=3)
#: The weight of the last hash in the expected duration.
_WEIGHT = 0.2


class Passwords:
    """Hashes and checks with one thread per core: bcrypt releases the interpreter lock while it works."""

    def __init__(self, rounds: int = ROUNDS, patience: timedelta = PATIENCE) -> None:
        self._rounds = rounds
        self._patience = patience.total_seconds()
        self._count = os.cpu_count() or 1
        self._busy = 0
        self._threads = ThreadPoolExecutor(self._count, thread_name_prefix="bcrypt")
        self._nobody, self._seconds = _timed(partial(self._hash, os.urandom(16).hex()))

    async def hash(self, password: str) -> str:
        """The hash to store, of the normalised password. Raises Unavailable when too many wait."""
        return await self._run(partial(self._hash, password))

    async def matches(self, password: str, stored: str | None) -> bool:
        """Whether the password is right. Takes the same time without a stored hash (None). Raises Unavailable when too
        many wait."""
        same = await self._run(partial(self._check, password, stored or self._nobody))
        return same and stored is not None

    def check_room(self) -> None:
        """Raise Unavailable when too many wait: a flood of logins is refused before it reaches Postgres."""
        wait = self._busy * self._seconds / self._count
        if self._busy >= 2 * self._count and wait > self._patience:
            raise Unavailable({"dependency": "password_check", "retry_after": 3})

    def is_dated(self, stored: str) -> bool:
        """Whether the hash was made with another cost than the required one."""
        return stored.split("$")[2:3] != [f"{self._rounds:02}"]

    def close(self) -> None:
        """End the threads."""
        self._threads.shutdown(wait=True, cancel_futures=True)

    async def _run(self, work: "partial[T]") -> T:
        self.check_room()
        self._busy += 1
        try:
            result, seconds = await asyncio.get_running_loop().run_in_executor(self._threads, _timed, work)
        finally:
            self._busy -= 1
        # The present speed: on a busy machine a hash takes longer, so fewer may wait.
        self._seconds += _WEIGHT * (seconds - self._seconds)
        return result

    def _hash(self, password: str) -> str:
        return bcrypt.hashpw(hash_input(password), bcrypt.gensalt(self._rounds)).decode()

    @staticmethod
    def _check(password: str, stored: str) -> bool:
        return any(bcrypt.checkpw(typed, stored.encode()) for typed in check_inputs(password))


def _timed(work: "partial[T]") -> tuple[T, float]:
    """The result, and the seconds that it took."""
    began = time.perf_counter()
    result = work()
    return result, time.perf_counter() - began
