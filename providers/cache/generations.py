"""Generations: which answers in the cache are of today.

Each business has one for each kind of change, and there is one for changes of which nobody can say whose they are. It
is random, so that one which was lost never comes back as an old one. Whoever keeps an answer reads the generations
before it reads Postgres and keeps them with the answer; whoever changes something puts new ones in their place when
it has committed. An answer is good while its generations are the present ones, so that what was read before a change
and kept after it is never taken for the truth.
"""

import asyncio
import contextlib
import secrets
from collections.abc import Collection, Iterable
from datetime import timedelta
from uuid import UUID

import structlog

from domain.platform.invalidation import KEEP, LEANS_ON, CacheChange, CacheKind
from providers.cache.interface import Cache, CacheAway

log = structlog.get_logger(__name__)

#: Bytes of a generation.
WIDTH = 16
#: Longer than any answer is kept: a generation that ends takes no answer with it that was still good.
_LASTS = timedelta(days=1)
#: Says in the place of a generation that a change is about to be committed: nothing is kept, and nothing kept counts.
_CHANGING = b"changing"
#: Longer than any transaction takes.
_CHANGING_LASTS = timedelta(minutes=1)
#: After this nothing is left in the cache that a change could concern.
_FORGET_AFTER = max(KEEP.values()) + timedelta(minutes=1)
#: More that could not be told than this counts as a change of everything.
_MOST = 10_000
_EVERYTHING = "generation:all"


class Generations:
    """The listener of a process's changes, and what its readers ask. What the cache could not be told is told again
    every ``pause`` until it was, or until no answer can be left that it concerns."""

    def __init__(self, cache: Cache, pause: timedelta = timedelta(seconds=1)) -> None:
        self._cache = cache
        self._pause = pause.total_seconds()
        self._untold: dict[str, float] = {}
        self._telling: asyncio.Task[None] | None = None

    # -- for those who change ----------------------------------------------------------------------------------------

    async def ahead(self, changes: Collection[CacheChange]) -> None:
        """Before a business's own change is committed, its answers stop to count: should this process die between
        commit and word, the cache fills again by itself when ``_CHANGING_LASTS`` is over. Not so for the rest, which
        changes with every booking: there the word comes after the commit alone."""
        with contextlib.suppress(CacheAway):
            for change in changes:
                if change.kind is CacheKind.BUSINESS:
                    await self._cache.put(_name(change.business_id, change.kind), _CHANGING, _CHANGING_LASTS)

    async def done(self, changes: Collection[CacheChange]) -> None:
        """Begin new generations. What cannot be told now is told later."""
        until = asyncio.get_running_loop().time() + _FORGET_AFTER.total_seconds()
        names = [_name(change.business_id, change.kind) for change in changes]
        self._untold.update(dict.fromkeys(names, until))
        if len(self._untold) > _MOST:
            self._untold, names = {_EVERYTHING: until}, [_EVERYTHING]
        try:
            with contextlib.suppress(CacheAway):
                await self._tell(names)
        finally:  # cancelled, too
            if self._untold and (self._telling is None or self._telling.done()):
                log.warning("the cache cannot be told of changes", count=len(self._untold))
                self._telling = asyncio.create_task(self._tell_later())

    async def aclose(self) -> None:
        """Try a last time to tell what is left, and stop."""
        if self._telling is not None:
            self._telling.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._telling
        with contextlib.suppress(CacheAway):
            await self._tell(list(self._untold))

    async def _tell(self, names: Iterable[str]) -> None:
        for name in names:
            until = self._untold.get(name)
            await self._cache.put(name, new_generation(), _LASTS)
            # A change of the same that came meanwhile is told by whoever noted it.
            if until is not None and self._untold.get(name) == until:
                del self._untold[name]

    async def _tell_later(self) -> None:
        loop = asyncio.get_running_loop()
        while self._untold:
            await asyncio.sleep(self._pause)
            self._untold = {name: until for name, until in self._untold.items() if until > loop.time()}
            with contextlib.suppress(CacheAway):
                await self._tell(list(self._untold))

    # -- for those who read ------------------------------------------------------------------------------------------

    def behind(self, names: Iterable[str]) -> bool:
        """Whether this process knows of a change that the cache does not."""
        return any(name in self._untold for name in names)


def names_of(business_id: UUID, kind: CacheKind) -> list[str]:
    """The keys of the generations that an answer of the kind about the business has."""
    return [_EVERYTHING, *(_name(business_id, leaned_on) for leaned_on in LEANS_ON[kind])]


def new_generation() -> bytes:
    """One that never was."""
    return secrets.token_bytes(WIDTH)


async def begin(cache: Cache, names: Iterable[str], found: Iterable[bytes | None]) -> None:
    """Begin the generations that were not ``found``, unless somebody else did. Raises CacheAway."""
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
