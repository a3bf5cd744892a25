"""One call of a channel's API with the fault that is set for it."""

import asyncio
from collections import Counter
from collections.abc import Callable

from fastapi.responses import JSONResponse, Response

from providers.sandbox.faults import FaultKind, Faults, withhold


class FaultyCalls:
    """Counts calls by operation and applies faults: before the work, or between the work and its answer."""

    def __init__(self, faults: Faults, calls: Counter[str]) -> None:
        self._faults = faults
        self._calls = calls

    async def answer(self, operation: str, work: Callable[[], Response]) -> Response:
        """The answer of ``work``, or what a fault makes of it."""
        self._calls[operation] += 1
        fault = self._faults.take(operation)
        kind = fault.kind if fault is not None else None
        seconds = fault.seconds if fault is not None else 0.0
        if kind is FaultKind.RATE_LIMITED:
            return JSONResponse({"message": "Too many requests", "code": 20429}, 429)
        if kind is FaultKind.ERROR_500:
            return JSONResponse({"message": "Internal error"}, 500)
        if kind is FaultKind.DELAY:
            await asyncio.sleep(seconds)
        response = work()
        if kind is FaultKind.TIMEOUT_AFTER_SUCCESS:
            await withhold(seconds)
        if kind is FaultKind.ERROR_500_AFTER_SUCCESS:
            return JSONResponse({"message": "Internal error"}, 500)
        return response


def shown_message(sender: str, to: str, text: str) -> dict[str, object]:
    """A short message as the mailbox shows it."""
    return {
        "from": sender,
        "from_name": sender,
        "reply_to": None,
        "to": to,
        "subject": text.split("\n")[0][:60],
        "text": text,
        "html": "",
        "custom_args": {},
        "headers": {},
        "attachments": [],
    }
