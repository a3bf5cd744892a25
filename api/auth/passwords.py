"""bcrypt, off the event loop: one hash of 12 rounds takes a core a fifth of a second."""

import asyncio
import os
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TypeVar

import bcrypt

T = TypeVar("T")

#: The cost that is asked for; tests pass less.
ROUNDS = 12
#: bcrypt reads this much. Longer passwords are refused when they are chosen, so none can match.
_BYTES = 72


class Passwords:
    """Hashes and checks with one thread per core: bcrypt gives the interpreter free while it works."""

    def __init__(self, rounds: int = ROUNDS) -> None:
        self._rounds = rounds
        self._threads = ThreadPoolExecutor(os.cpu_count() or 1, thread_name_prefix="bcrypt")
        self._nobody = bcrypt.hashpw(os.urandom(16).hex().encode(), bcrypt.gensalt(rounds)).decode()

    async def hash(self, password: str) -> str:
        """The hash to store. The password is at most 72 bytes long, as `domain.identity.passwords` asks."""
        return await self._run(partial(self._hash, password))

    async def matches(self, password: str, stored: str | None) -> bool:
        """Whether it is the password. Takes as long for nobody's (``stored`` None) as for somebody's."""
        same = await self._run(partial(self._check, password, stored or self._nobody))
        return same and stored is not None

    def close(self) -> None:
        """End the threads."""
        self._threads.shutdown(wait=True, cancel_futures=True)

    async def _run(self, work: "partial[T]") -> T:
        return await asyncio.get_running_loop().run_in_executor(self._threads, work)

    def _hash(self, password: str) -> str:
        return bcrypt.hashpw(password.encode(), bcrypt.gensalt(self._rounds)).decode()

    @staticmethod
    def _check(password: str, stored: str) -> bool:
        typed = password.encode()
        return bcrypt.checkpw(typed[:_BYTES], stored.encode()) and len(typed) <= _BYTES
