"""The cache of this process."""

from providers.cache.interface import Cache
from providers.cache.redis import RedisCache
from runtime.settings import Settings


def cache_of(settings: Settings) -> Cache:
    """The cache. Call ``aclose`` at the end of the process."""
    return RedisCache(settings)
