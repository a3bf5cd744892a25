"""An HTTP client that repeats a request with the same key until there is an answer, and records the answers."""

import asyncio
import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from time import monotonic
from typing import Any

from tests.chaos.wire import Broken, Wire

#: Every process is back within seconds; a caller without an answer for this long is a finding.
PATIENCE = 90.0
_FIRST_PAUSE, _LONGEST_PAUSE = 0.25, 3.0
#: One request: longer than the slowest answer that the API has (a command waits 8 s for its workflow).
_TIMEOUT = 15.0


class NoAnswer(Exception):
    """Nobody answered within ``PATIENCE``."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came at last. ``code`` is the error's."""

    status: int
    content: bytes

    @property
    def body(self) -> Mapping[str, Any]:
        """The whole envelope."""
        found: Mapping[str, Any] = json.loads(self.content)
        return found

    @property
    def data(self) -> Any:
        """Of a success."""
        return self.body["data"]

    @property
    def code(self) -> str:
        """``ok``, or the error's code."""
        return "ok" if self.status < 300 else str(self.body["error"]["code"])

    @property
    def details(self) -> Mapping[str, Any]:
        """Of an error."""
        return self.body["error"].get("details") or {}


@dataclass
class Heard:
    """What all phones saw. ``wrong`` are sentences about what nobody should ever see."""

    requests: int = 0
    answers: Counter[str] = field(default_factory=Counter)
    retries: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)
    longest: float = 0.0


class Caller:
    """One person's phone: one request at a time, to one port of loopback."""

    def __init__(self, port: int, heard: Heard, gate: asyncio.Semaphore | None = None) -> None:
        """``gate``: of all phones together, so that no more requests are under way than it lets through."""
        self._wire = Wire(port, _TIMEOUT)
        self.heard = heard
        self._gate = gate or asyncio.Semaphore()

    async def aclose(self) -> None:
        """Hang up."""
        await self._wire.aclose()

    async def ask(
        self, method: str, path: str, body: object = None, headers: Mapping[str, str] | None = None, form: bool = True
    ) -> Answer:
        """The answer that is no outage: connection errors, 503 and "in progress" are asked again. Raises NoAnswer. The
        wait at the gate does not count: nobody was asked."""
        began, pause = monotonic(), _FIRST_PAUSE
        while True:
            came = monotonic()
            async with self._gate:
                began += monotonic() - came
                outcome = await self._once(method, path, body, headers)
            if isinstance(outcome, Answer):
                self.heard.longest = max(self.heard.longest, monotonic() - began)
                if form:
                    self._look(method, path, outcome)
                return outcome
            self.heard.retries[outcome] += 1
            if monotonic() - began > PATIENCE:
                self.heard.wrong.append(f"{method} {path}: no answer within {PATIENCE:.0f} s, at last {outcome}")
                raise NoAnswer(path)
            await asyncio.sleep(pause)
            pause = min(pause * 2, _LONGEST_PAUSE)

    async def _once(self, method: str, path: str, body: object, headers: Mapping[str, str] | None) -> Answer | str:
        """The answer, or why to ask again."""
        self.heard.requests += 1
        try:
            answer = Answer(*await self._wire.request(method, path, body, headers))
        except Broken as error:
            return str(error)
        if answer.status == 503:
            return "503"
        if answer.status == 409 and b'"request_in_progress"' in answer.content:
            return "request_in_progress"
        return answer

    def _look(self, method: str, path: str, answer: Answer) -> None:
        """In the envelope, and no 5xx but 503."""
        place = "/".join("…" if len(part) == 36 else part for part in path.split("/"))
        try:
            self.heard.answers[f"{method} {place.removeprefix('/api/v1')} {answer.status} {answer.code}"] += 1
        except (ValueError, KeyError):
            self.heard.wrong.append(f"{method} {path}: {answer.status} outside the envelope {answer.content[:200]!r}")
            return
        if answer.status >= 500:
            self.heard.wrong.append(f"{method} {path}: {answer.status} {answer.body.get('requestId')} {answer.code}")
