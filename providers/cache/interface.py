"""A cache whose contents may be lost at any time. Everything in it can be read from Postgres instead."""

from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import timedelta
from typing import Protocol

from domain.platform.rate_limits import LimitResult, Window


class CacheUnavailable(Exception):
    """The cache does not answer, or not in time. The caller continues without it."""


class Cache(Protocol):
    """Every method raises `CacheUnavailable` after a short time limit."""

    async def get(self, key: str) -> bytes | None:
        """The value of the key, or None."""

    async def put(self, key: str, value: bytes, keep: timedelta) -> None:
        """Store the value for the duration ``keep``."""

    async def get_many(self, keys: Sequence[str]) -> list[bytes | None]:
        """The value of each key, or None, read at one moment in one round trip."""

    async def put_new(self, key: str, value: bytes, keep: timedelta) -> None:
        """Store the value for the duration ``keep``, unless the key has one."""

    async def count(self, windows: Sequence[Window]) -> list[LimitResult]:
        """Count one request against every window, atomically, in one round trip. A request that one window refuses
        counts against none."""

    async def count_and_get(
        self, windows: Sequence[Window], keys: Sequence[str]
    ) -> tuple[list[LimitResult], list[bytes | None]]:
        """What :meth:`count` and :meth:`get_many` give, in one round trip."""

    async def publish(self, channel: str, message: bytes) -> None:
        """Send a message to every process that listens now."""

    def listen(self, channel: str) -> AbstractAsyncContextManager[AsyncIterator[bytes]]:
        """The messages of the channel from now on. It ends with `CacheUnavailable` once the connection is lost:
        the listener must assume that it missed messages."""

    async def aclose(self) -> None:
        """Close every connection."""
