"""bcrypt, off the event loop: one hash of 12 rounds takes a core a fifth of a second."""

import asyncio
import contextlib
import os
import threading
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TypeVar

import bcrypt

from domain.errors import Unavailable

T = TypeVar("T")

#: The cost that is asked for; tests pass less.
ROUNDS = 12
#: How many may wait for each thread: about three seconds of work. Whoever comes then is told to come back.
QUEUE = 16
#: bcrypt reads this much. Longer passwords are refused when they are chosen, so none can match.
_BYTES = 72


class Passwords:
    """Hashes and checks with one thread per core: bcrypt gives the interpreter free while it works."""

    def __init__(self, rounds: int = ROUNDS, queue: int = QUEUE) -> None:
        self._rounds = rounds
        threads = os.cpu_count() or 1
        self._room = threads * (1 + queue)
        self._busy = 0
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="bcrypt", initializer=_give_way)
        self._nobody = bcrypt.hashpw(os.urandom(16).hex().encode(), bcrypt.gensalt(rounds)).decode()

    async def hash(self, password: str) -> str:
        """The hash to store. The password is at most 72 bytes long, as `domain.identity.passwords` asks. Raises
        Unavailable when too many wait."""
        return await self._run(partial(self._hash, password))

    async def matches(self, password: str, stored: str | None) -> bool:
        """Whether it is the password. Takes as long for nobody's (``stored`` None) as for somebody's. Raises
        Unavailable when too many wait."""
        same = await self._run(partial(self._check, password, stored or self._nobody))
        return same and stored is not None

    def check_room(self) -> None:
        """Raise Unavailable when too many wait: a flood of logins is turned away before it reaches Postgres."""
        if self._busy >= self._room:
            raise Unavailable({"dependency": "password_check", "retry_after": 3})

    def is_dated(self, stored: str) -> bool:
        """Whether the hash was made with another cost than is asked for now."""
        return stored.split("$")[2:3] != [f"{self._rounds:02}"]

    def close(self) -> None:
        """End the threads."""
        self._threads.shutdown(wait=True, cancel_futures=True)

    async def _run(self, work: "partial[T]") -> T:
        self.check_room()
        self._busy += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, work)
        finally:
            self._busy -= 1

    def _hash(self, password: str) -> str:
        return bcrypt.hashpw(password.encode(), bcrypt.gensalt(self._rounds)).decode()

    @staticmethod
    def _check(password: str, stored: str) -> bool:
        typed = password.encode()
        return bcrypt.checkpw(typed[:_BYTES], stored.encode()) and len(typed) <= _BYTES


def _give_way() -> None:
    """Run this thread after the one that answers requests, where there are more of them than cores. Linux alone has a
    niceness per thread."""
    with contextlib.suppress(OSError, AttributeError):
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), 5)
