"""Start and stop of a process that runs until SIGTERM or SIGINT."""

import asyncio
import contextlib
import signal
from collections.abc import Iterator
from datetime import timedelta

import structlog
from temporalio.client import Client

from runtime.settings import Settings
from runtime.temporal import connect

log = structlog.get_logger(__name__)

_LONGEST_PAUSE = timedelta(seconds=5)


@contextlib.contextmanager
def stopping() -> Iterator[asyncio.Event]:
    """An event that SIGTERM and SIGINT set. Entered before anything slow, so that an early signal is not lost."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    numbers = (signal.SIGTERM, signal.SIGINT)
    for number in numbers:
        loop.add_signal_handler(number, stop.set)
    try:
        yield stop
    finally:
        for number in numbers:
            loop.remove_signal_handler(number)


async def pause(stop: asyncio.Event, duration: timedelta) -> None:
    """Sleep for the duration, or until the stop."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(duration.total_seconds()):
            await stop.wait()


async def connect_when_available(settings: Settings, process: str, stop: asyncio.Event) -> Client | None:
    """The client, as soon as Temporal answers. None: the process was stopped before that."""
    wait = timedelta(milliseconds=200)
    while not stop.is_set():
        try:
            return await connect(settings, process=process)
        except RuntimeError as error:
            log.warning("temporal_away", address=settings.temporal_address, error=str(error))
            await pause(stop, wait)
            wait = min(wait * 2, _LONGEST_PAUSE)
    return None
