"""What processes tell each other through the cache. Whoever listens reads the truth from Postgres."""

import contextlib

from providers.cache.interface import Cache, CacheAway

#: A feature flag was changed.
FLAGS = "flags"


async def tell(cache: Cache, channel: str) -> None:
    """Say that something changed. Nobody hears it while the cache is away: listeners must not rely on it alone."""
    with contextlib.suppress(CacheAway):
        await cache.publish(channel, b"changed")
