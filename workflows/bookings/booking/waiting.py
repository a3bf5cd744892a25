"""Waiting for a condition until a point in time."""

from collections.abc import Callable
from datetime import datetime, timedelta

from temporalio import workflow


async def until(condition: Callable[[], bool], deadline: datetime | None, name: str) -> bool:
    """Wait for the condition. False: ``deadline`` (aware UTC, may be in the past) came first.

    Handlers that started before the deadline are finished first, and their result counts.
    """
    left = None if deadline is None else deadline - workflow.now()
    if left is None or left > timedelta(0):
        try:
            await workflow.wait_condition(condition, timeout=left, timeout_summary=name if left else None)
        except TimeoutError:
            pass
        else:
            return True
    await workflow.wait_condition(workflow.all_handlers_finished)
    return condition()
