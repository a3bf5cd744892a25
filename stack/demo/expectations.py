"""The demo's expectations: each is checked again and again until a deadline, never after a fixed time."""

import asyncio
from collections.abc import Awaitable, Callable
from time import monotonic
from typing import TypeVar

T = TypeVar("T")

#: Long, because the machine may be busy; a healthy step takes less than a quarter of it.
PATIENCE = 90.0
_LOOK_EVERY = 0.08


class Unexpected(Exception):
    """An expectation that was not met: what was expected, and what was found."""

    def __init__(self, expected: str, found: object) -> None:
        super().__init__(f"expected {expected}, found {found}")
        self.expected = expected
        self.found = str(found)


def expect(what: str, found: object, wanted: object) -> None:
    """Raise ``Unexpected`` unless ``found`` equals ``wanted``."""
    if found != wanted:
        raise Unexpected(f"{what}: {wanted}", found)


async def until(what: str, look: Callable[[], Awaitable[T]], good: Callable[[T], bool], within: float = PATIENCE) -> T:
    """The result of ``look`` once it is ``good``. Raises ``Unexpected`` with the last result after ``within``
    seconds."""
    deadline = monotonic() + within
    while True:
        found = await look()
        if good(found):
            return found
        if monotonic() > deadline:
            raise Unexpected(f"{what} within {within:.0f} s", found)
        await asyncio.sleep(_LOOK_EVERY)
