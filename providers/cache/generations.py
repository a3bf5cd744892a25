"""Generations: which answers in the cache are still valid.

Each business has one for each kind of change, and one more covers changes whose business is unknown. A generation is
random, so a lost one never returns as an old one. A reader takes the generations before it reads Postgres and stores
them with the answer; a writer replaces them after its commit. An answer is valid while its generations are the present
ones: what was read before a change and cached after it is never used.
"""

import asyncio
import contextlib
import secrets
from collections.abc import Collection, Iterable
from datetime import timedelta
from uuid import UUID

import structlog

from domain.platform.invalidation import CACHE_FOR, DEPENDS_ON, CacheChange, CacheKind
from providers.cache.channels import BOOKINGS
from providers.cache.interface import Cache, CacheUnavailable

log = structlog.get_logger(__name__)

#: Bytes of a generation.
WIDTH = 16
#: Longer than any answer is cached: no valid answer is lost when a generation expires.
_LASTS = timedelta(days=1)
#: In the place of a generation: a change is about to be committed, so nothing is cached and no cached answer is used.
_CHANGING = b"changing"
#: Longer than any transaction takes.
_CHANGING_LASTS = timedelta(minutes=1)
#: After this time the cache has no answer from before a change.
_FORGET_AFTER = max(CACHE_FOR.values()) + timedelta(minutes=1)
#: More unpublished changes than this count as a change of everything.
_MOST = 10_000
_EVERYTHING = "generation:all"


class Generations:
    """Publishes the changes of a process, and serves its readers. A change that could not be published is tried again
    every ``pause``, until it succeeds or until no cached answer can be affected."""

    def __init__(self, cache: Cache, pause: timedelta = timedelta(seconds=1)) -> None:
        self._cache = cache
        self._pause = pause.total_seconds()
        self._unpublished: dict[str, float] = {}
        self._publishing: asyncio.Task[None] | None = None

    # -- for writers
    # ---------------------------------------------------------------------------------------------------------

    async def ahead(self, changes: Collection[CacheChange]) -> None:
        """Before a change of the kind ``business`` is committed, its cached answers become invalid: if this process
        dies between commit and publication, the cache fills again after ``_CHANGING_LASTS``. The other kinds change
        with every booking and are published after the commit only."""
        with contextlib.suppress(CacheUnavailable):
            for change in changes:
                if change.kind is CacheKind.BUSINESS:
                    await self._cache.put(_name(change.business_id, change.kind), _CHANGING, _CHANGING_LASTS)

    async def done(self, changes: Collection[CacheChange]) -> None:
        """Replace the generations. A change that cannot be published now is published later."""
        until = asyncio.get_running_loop().time() + _FORGET_AFTER.total_seconds()
        names = [_name(change.business_id, change.kind) for change in changes]
        self._unpublished.update(dict.fromkeys(names, until))
        if len(self._unpublished) > _MOST:
            self._unpublished, names = {_EVERYTHING: until}, [_EVERYTHING]
        try:
            with contextlib.suppress(CacheUnavailable):
                await self._publish(names)
        finally:  # cancelled, too
            if self._unpublished and (self._publishing is None or self._publishing.done()):
                log.warning("changes cannot be published to the cache", count=len(self._unpublished))
                self._publishing = asyncio.create_task(self._publish_later())
        await self._wake(changes)

    async def _wake(self, changes: Collection[CacheChange]) -> None:
        """Wake those who follow the bookings of a business; every change of a booking changes its claims. A message
        that is lost is no loss: followers also poll."""
        with contextlib.suppress(CacheUnavailable):
            for business_id in {change.business_id for change in changes if change.kind is CacheKind.AVAILABILITY}:
                if business_id is not None:
                    await self._cache.publish(BOOKINGS, business_id.bytes)

    async def aclose(self) -> None:
        """Try a last time to publish the remaining changes, then stop."""
        if self._publishing is not None:
            self._publishing.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._publishing
        with contextlib.suppress(CacheUnavailable):
            await self._publish(list(self._unpublished))

    async def _publish(self, names: Iterable[str]) -> None:
        for name in names:
            until = self._unpublished.get(name)
            await self._cache.put(name, new_generation(), _LASTS)
            # A newer change of the same name is published by the call that recorded it.
            if until is not None and self._unpublished.get(name) == until:
                del self._unpublished[name]

    async def _publish_later(self) -> None:
        loop = asyncio.get_running_loop()
        while self._unpublished:
            await asyncio.sleep(self._pause)
            self._unpublished = {name: until for name, until in self._unpublished.items() if until > loop.time()}
            with contextlib.suppress(CacheUnavailable):
                await self._publish(list(self._unpublished))

    # -- for readers
    # ---------------------------------------------------------------------------------------------------------

    def behind(self, names: Iterable[str]) -> bool:
        """Whether this process has a change that is not published yet."""
        return any(name in self._unpublished for name in names)


def names_of(business_id: UUID, kind: CacheKind) -> list[str]:
    """The keys of the generations of an answer of this kind about this business."""
    return [_EVERYTHING, *(_name(business_id, depended_on) for depended_on in DEPENDS_ON[kind])]


def new_generation() -> bytes:
    """A new random generation."""
    return secrets.token_bytes(WIDTH)


async def begin(cache: Cache, names: Iterable[str], found: Iterable[bytes | None]) -> None:
    """Begin the generations that were not ``found``, unless another process did. Raises CacheUnavailable."""
    for name, generation in zip(names, found, strict=True):
        if generation is None:
            await cache.put_new(name, new_generation(), _LASTS)


def stamp(found: Iterable[bytes | None]) -> bytes | None:
    """The generations as one stamp; None if one is missing or about to change."""
    generations = list(found)
    if all(generation is not None and len(generation) == WIDTH for generation in generations):
        return b"".join(generation or b"" for generation in generations)
    return None


def _name(business_id: UUID | None, kind: CacheKind) -> str:
    return _EVERYTHING if business_id is None else f"generation:{business_id}:{kind}"
