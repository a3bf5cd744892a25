"""Ends processes with SIGKILL at random points, and takes down what the supervisor says about it."""

import asyncio
import os
import random
import signal
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic

from stack.supervisor import Supervisor
from tests.chaos.plan import Plan

#: A child that is down is killed when it is there again; the supervisor pauses 15 s at most.
_COMES_BACK = 60.0


@dataclass
class Crashes:
    """The reporter of the supervisor. ``own`` are ends that nobody ordered."""

    kills: Counter[str] = field(default_factory=Counter)
    own: list[str] = field(default_factory=list)
    failed_starts: list[str] = field(default_factory=list)
    downtimes: dict[str, list[float]] = field(default_factory=dict)
    _down_since: dict[str, float] = field(default_factory=dict)

    def ordered(self, name: str) -> None:
        """It is about to be killed."""
        self.kills[name] += 1
        self._down_since.setdefault(name, monotonic())

    def ready(self, name: str, seconds: float) -> None:
        """See `stack.reports.Reporter`."""

    def crashed(self, name: str, how: str, log: Path, pause: float) -> None:
        """See `stack.reports.Reporter`."""
        if "SIGKILL" not in how:
            self.own.append(f"{name} {how}")

    def restarted(self, name: str) -> None:
        """See `stack.reports.Reporter`."""
        since = self._down_since.pop(name, None)
        if since is not None:
            self.downtimes.setdefault(name, []).append(monotonic() - since)

    def stuck(self, name: str, reason: str, pause: float) -> None:
        """See `stack.reports.Reporter`. A process that is killed while it starts is not stuck."""
        if "SIGKILL" not in reason:
            self.failed_starts.append(f"{name}: {reason}")

    def stopping(self, forced: bool) -> None:
        """See `stack.reports.Reporter`."""

    def killed(self, name: str) -> None:
        """See `stack.reports.Reporter`."""


class Killer:
    """``run`` kills every kind once per round."""

    def __init__(self, plan: Plan, supervisor: Supervisor, crashes: Crashes) -> None:
        self._plan = plan
        self._supervisor = supervisor
        self._crashes = crashes
        self._dice: random.Random = plan.dice("kills")

    async def run(self) -> None:
        """Until all rounds are over."""
        for order in self._plan.orders():
            for kind in order:
                await asyncio.sleep(self._plan.gap * self._dice.uniform(0.4, 1.6))
                await self._kill(kind)

    async def _kill(self, kind: str) -> None:
        child = self._supervisor.child(kind)
        deadline = monotonic() + _COMES_BACK
        while (pid := child.pid) is None:
            if monotonic() > deadline:
                raise RuntimeError(f"{kind} did not come back within {_COMES_BACK:.0f} s: {child.tail()}")
            await asyncio.sleep(0.05)
        self._crashes.ordered(kind)
        os.kill(pid, signal.SIGKILL)
