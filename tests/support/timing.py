"""Measuring that two things take alike, on a machine that may stutter: a try proves likeness, and a difference that is
real shows in every one."""

import statistics
import time
from collections.abc import Awaitable, Callable, Mapping

import pytest

Ask = Callable[[], Awaitable[object]]
TRIES = 8


async def medians(asked: Mapping[str, Ask], turns: int) -> dict[str, float]:
    """Seconds that each takes, asked in turns, so that what else the machine does falls on all alike."""
    taken: dict[str, list[float]] = {name: [] for name in asked}
    for _ in range(turns):
        for name, ask in asked.items():
            began = time.perf_counter()
            await ask()
            taken[name].append(time.perf_counter() - began)
    return {name: statistics.median(times) for name, times in taken.items()}


async def holds(asked: Mapping[str, Ask], turns: int, rule: Callable[[dict[str, float]], bool]) -> None:
    """Measure until the rule holds once; fail when it never does."""
    seen = []
    for _ in range(TRIES):
        found = await medians(asked, turns)
        if rule(found):
            return
        seen.append(found)
    pytest.fail(f"never alike: {seen}")
