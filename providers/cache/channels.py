"""Channels on which processes notify each other. A listener then reads the present state from Postgres."""

import contextlib

from providers.cache.interface import Cache, CacheUnavailable

#: A feature flag was changed.
FLAGS = "flags"
#: A transaction that may have changed bookings was committed; the message is the id of their business.
BOOKINGS = "bookings"


async def notify(cache: Cache, channel: str) -> None:
    """Publish that something changed. A notification is lost while the cache is unreachable: listeners also poll."""
    with contextlib.suppress(CacheUnavailable):
        await cache.publish(channel, b"changed")
