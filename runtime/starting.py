"""What makes a process start quickly: no garbage collection while modules are loaded, and heavy modules that are loaded
when they are first used."""

import asyncio
import gc
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from types import ModuleType
from typing import Any


@contextmanager
def loading() -> Iterator[None]:
    """Around the imports of a process: they make no garbage, and a collection would take a seventh of the time.
    Afterwards the collector ignores the loaded objects."""
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()


class DeferredModule(ModuleType):
    """A module that is loaded when one of its attributes is first read."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return getattr(import_module(self.__name__), name)


def deferred(name: str) -> Any:
    """The module ``name``, loaded by its first use: for a library that takes long to load and that many processes never
    need. Use it where the first use is off the event loop, or where its loading time may block the event loop."""
    return DeferredModule(name)


async def loaded(*names: str) -> None:
    """Load modules in a thread, before the event loop uses what is deferred of them."""
    for name in names:
        await asyncio.to_thread(import_module, name)
