"""One computation for all who ask the same within a moment."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from db.engine.sharing import Shared


def counting(outcomes: list[int | BaseException], started: list[int]) -> Callable[[], Awaitable[int]]:
    async def compute() -> int:
        started.append(len(started))
        outcome = outcomes.pop(0)
        await asyncio.sleep(0.01)
        if isinstance(outcome, BaseException):
            raise outcome
        return outcome

    return compute


async def test_shared_computes_once_for_all_who_come_meanwhile() -> None:
    shared, started = Shared[int](seconds=0), list[int]()
    compute = counting([7, 8, 9], started)
    assert await asyncio.gather(*(shared.get("a", compute) for _ in range(20))) == [7] * 20
    assert await asyncio.gather(shared.get("a", compute), shared.get("b", compute)) == [8, 9]
    assert len(started) == 3


async def test_shared_result_counts_for_its_seconds() -> None:
    shared, started = Shared[int](seconds=0.05), list[int]()
    compute = counting([7, 8], started)
    assert [await shared.get("a", compute), await shared.get("a", compute)] == [7, 7]
    await asyncio.sleep(0.06)
    assert await shared.get("a", compute) == 8


@pytest.mark.parametrize("failure", [ValueError("gone"), asyncio.CancelledError()])
async def test_shared_failure_is_the_failure_of_one(failure: BaseException) -> None:
    """Those who waited compute for themselves, also if the first one's request was given up."""
    shared, started = Shared[int](seconds=1), list[int]()
    compute = counting([failure, 1, 2], started)
    heard = await asyncio.gather(*(shared.get("a", compute) for _ in range(3)), return_exceptions=True)
    assert [type(heard[0]), *heard[1:]] == [type(failure), 1, 2]


async def test_shared_holds_a_bounded_number_of_results() -> None:
    shared, started = Shared[int](seconds=60, most=3), list[int]()
    compute = counting(list(range(10)), started)
    for number in range(10):
        await shared.get(number, compute)
    assert len(shared._done) <= 3
    assert shared._running == {}
