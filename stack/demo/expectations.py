"""What the demo expects, and waiting for it: by looking again and again until a deadline, never for a fixed time."""

import asyncio
from collections.abc import Awaitable, Callable
from time import monotonic
from typing import TypeVar

T = TypeVar("T")

#: Long, because the machine may be busy; nothing healthy takes a quarter of it.
PATIENCE = 30.0
_LOOK_EVERY = 0.08


class Unexpected(Exception):
    """The platform did not do what it promises: what was expected, and what was found."""

    def __init__(self, expected: str, found: object) -> None:
        super().__init__(f"expected {expected}, found {found}")
        self.expected = expected
        self.found = str(found)


def expect(what: str, found: object, wanted: object) -> None:
    """Raise ``Unexpected`` unless ``found`` equals ``wanted``."""
    if found != wanted:
        raise Unexpected(f"{what}: {wanted}", found)


async def until(what: str, look: Callable[[], Awaitable[T]], good: Callable[[T], bool], within: float = PATIENCE) -> T:
    """What ``look`` gave when it was ``good``. Raises ``Unexpected`` with the last that it gave after ``within``
    seconds."""
    deadline = monotonic() + within
    while True:
        found = await look()
        if good(found):
            return found
        if monotonic() > deadline:
            raise Unexpected(f"{what} within {within:.0f} s", found)
        await asyncio.sleep(_LOOK_EVERY)
