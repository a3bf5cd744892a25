"""Keeps children running: starts them in order, restarts what crashes, stops all in reverse order."""

import asyncio
import contextlib
from collections.abc import Callable
from pathlib import Path
from time import monotonic
from typing import Self

from stack.processes import Child, Program, StartFailed, how_it_ended
from stack.reports import Reporter

FIRST_PAUSE = 0.2
LONGEST_PAUSE = 15.0

#: A child that ran this long has recovered; its next crash counts as the first one.
RECOVERED_AFTER = 30.0


class Supervisor:
    """A context: no child that it started runs after its end, also after an error.

    Args:
        logs: folder of the children's logs.
        reporter: gets every event.
        changed: called after every start and restart, when process ids are new.
    """

    def __init__(self, logs: Path, reporter: Reporter, changed: Callable[[], None] = lambda: None) -> None:
        self._logs = logs
        self._reporter = reporter
        self._changed = changed
        self._levels: list[list[Child]] = []
        self._watchers: set[asyncio.Task[None]] = set()
        self._stopping = False
        self._force = asyncio.Event()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    @property
    def children(self) -> list[Child]:
        """All children in order of start."""
        return [child for level in self._levels for child in level]

    def child(self, name: str) -> Child:
        """One child.

        Raises:
            KeyError: there is none of this name.
        """
        for child in self.children:
            if child.name == name:
                return child
        raise KeyError(name)

    async def start(self, *programs: Program) -> None:
        """Start these at the same time, after all that were started before, and wait until each is ready.

        Raises:
            StartFailed: one of them is not.
        """
        level = [Child(program, self._logs) for program in programs]
        self._levels.append(level)
        try:
            async with asyncio.TaskGroup() as group:
                for child in level:
                    group.create_task(self._first_start(child))
        except BaseExceptionGroup as failures:
            # One sentence for a person; other failures at the same time are in the children's own logs.
            raise _first(failures) from None
        finally:
            self._changed()

    async def run(self, program: Program) -> None:
        """Run a program to its end.

        Raises:
            StartFailed: it ended with another exit code than 0.
        """
        child = Child(program, self._logs)
        self._levels.append([child])
        began = monotonic()
        try:
            await child.start()
            code = await child.wait()
        finally:
            await child.stop(self._force)
            self._levels.remove([child])
        if code != 0:
            raise StartFailed(f"{child.name} {how_it_ended(code)}. {child.tail()}")
        self._reporter.ready(child.name, monotonic() - began)

    async def stop(self) -> None:
        """Stop all, the last started first. Calling it again while it runs only waits for the same end."""
        if not self._stopping:
            self._stopping = True
            for watcher in self._watchers:
                watcher.cancel()
            await asyncio.gather(*self._watchers, return_exceptions=True)
            if self.children:
                self._reporter.stopping(self._force.is_set())
        for level in reversed(self._levels):
            await asyncio.gather(*(self._stop(child) for child in level))
        self._levels.clear()
        self._changed()

    def force(self) -> None:
        """From now on children are killed at once."""
        if not self._force.is_set():
            self._force.set()
            if self._stopping:
                self._reporter.stopping(forced=True)

    async def _stop(self, child: Child) -> None:
        if not await child.stop(self._force) and not self._force.is_set():
            self._reporter.killed(child.name)

    async def _first_start(self, child: Child) -> None:
        began = monotonic()
        await child.start()
        self._reporter.ready(child.name, monotonic() - began)
        watcher = asyncio.create_task(self._watch(child), name=f"watch {child.name}")
        self._watchers.add(watcher)
        watcher.add_done_callback(self._watchers.discard)

    async def _watch(self, child: Child) -> None:
        pause = FIRST_PAUSE
        while True:
            began = monotonic()
            code = await child.wait()
            if monotonic() - began > RECOVERED_AFTER:
                pause = FIRST_PAUSE
            self._reporter.crashed(child.name, how_it_ended(code), child.log, pause)
            pause = await self._restart(child, pause)
            # Recorded before it is reported: a reader of the report finds the new process.
            self._changed()
            self._reporter.restarted(child.name)

    async def _restart(self, child: Child, pause: float) -> float:
        """Try until it is ready. Gives the pause before the next restart."""
        while True:
            await child.stop(self._force)
            await asyncio.sleep(pause)
            pause = min(pause * 2, LONGEST_PAUSE)
            with contextlib.suppress(OSError):
                try:
                    await child.start()
                except StartFailed as failure:
                    self._reporter.stuck(child.name, str(failure), pause)
                    continue
                return pause


def _first(failures: BaseExceptionGroup[BaseException]) -> BaseException:
    starts = [failure for failure in failures.exceptions if isinstance(failure, StartFailed)]
    return (starts or failures.exceptions)[0]
