"""What is fast to ask and may be lost at any time. Whatever is kept here can be had from Postgres as well."""

from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import timedelta
from typing import Protocol

from domain.platform.rate_limits import LimitResult, Window


class CacheAway(Exception):
    """The cache does not answer, or not in time. The caller goes on without it."""


class Cache(Protocol):
    """Every method raises `CacheAway`, soon: nobody waits for a cache."""

    async def get(self, key: str) -> bytes | None:
        """What is kept under the key."""

    async def put(self, key: str, value: bytes, keep: timedelta) -> None:
        """Keep it for so long."""

    async def get_many(self, keys: Sequence[str]) -> list[bytes | None]:
        """What is kept under each of the keys, as of one moment, in one round trip."""

    async def put_new(self, key: str, value: bytes, keep: timedelta) -> None:
        """Keep it for so long, unless something is kept there."""

    async def count(self, windows: Sequence[Window]) -> list[LimitResult]:
        """Count one request against every window, atomically, in one round trip. A request that one window refuses
        counts against none."""

    async def publish(self, channel: str, message: bytes) -> None:
        """Tell every process that listens now."""

    def listen(self, channel: str) -> AbstractAsyncContextManager[AsyncIterator[bytes]]:
        """What is told on the channel from now on. The iterator ends with `CacheAway` when the connection is lost:
        whoever listens must think that it missed something."""

    async def aclose(self) -> None:
        """Close every connection."""
