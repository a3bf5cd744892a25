"""Control endpoints for tests and demos: faults, ends of slow payments, disputes, URLs of webhooks."""

import os
import time
from collections import Counter
from collections.abc import Callable
from typing import Annotated, Any

from fastapi import APIRouter
from fastapi.responses import JSONResponse, RedirectResponse, Response
from pydantic import BaseModel, ConfigDict, Field, model_validator

from providers.sandbox.deliveries import Deliveries
from providers.sandbox.faults import KEY_KINDS, WEBHOOK_KINDS, FaultKind, Faults
from providers.sandbox.intents import Answer, Intents
from providers.sandbox.refunds import Refunds
from providers.sandbox.store import JSON, Store
from providers.sandbox.wire import shown


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class FaultRequest(_Body):
    """``operation``: a call's name as in ``/sandbox/state`` (``payment_intents.confirm``), ``*`` for every call, or
    ``webhook``. ``times`` null is until cleared. ``share`` is the part of matching calls that it hits.
    ``event_type`` narrows a webhook fault. ``stored`` makes ``error_500`` stick to its idempotency key."""

    operation: str
    kind: FaultKind
    seconds: Annotated[float, Field(ge=0, le=3600)] | None = None
    times: Annotated[int, Field(ge=1)] | None = 1
    share: Annotated[float, Field(gt=0, le=1)] = 1.0
    event_type: str | None = None
    stored: bool = False

    @model_validator(mode="after")
    def _fits(self) -> "FaultRequest":
        if (self.operation == "webhook") != (self.kind in WEBHOOK_KINDS):
            raise ValueError(f"{self.kind.value} is no fault of {self.operation}")
        if self.kind in KEY_KINDS and not self.operation.startswith("payjp_v2."):
            raise ValueError(f"{self.kind.value} is a fault of PAY.JP's v2 only")
        return self


class DisputeRequest(_Body):
    """``amount`` in minor units; all that was captured without it."""

    payment_intent: str
    reason: str = "fraudulent"
    amount: Annotated[int, Field(gt=0)] | None = None


class Targets(_Body):
    """URLs of webhooks; null sends none. A URL that is not given stays."""

    stripe: str | None = None
    payjp: str | None = None
    sendgrid: str | None = None


class Control:
    """Every endpoint under ``/sandbox`` that is no page, and ``/health``."""

    def __init__(
        self,
        store: Store,
        faults: Faults,
        deliveries: Deliveries,
        intents: Intents,
        refunds: Refunds,
        calls: Counter[str],
    ) -> None:
        self._store = store
        self._faults = faults
        self._deliveries = deliveries
        self._intents = intents
        self._refunds = refunds
        self._calls = calls
        self._started = time.time()
        self.router = APIRouter()
        for method, path, endpoint in (
            ("GET", "/health", self.health),
            ("GET", "/sandbox/state", self.state),
            ("POST", "/sandbox/reset", self.reset),
            ("PUT", "/sandbox/targets", self.targets),
            ("GET", "/sandbox/faults", self.faults),
            ("POST", "/sandbox/faults", self.set_fault),
            ("DELETE", "/sandbox/faults", self.clear_faults),
            ("POST", "/sandbox/payment_intents/{object_id}/{end}", self.settle_intent),
            ("POST", "/sandbox/3ds/{object_id}/{end}", self.answer_3ds),
            ("POST", "/sandbox/refunds/{object_id}/{end}", self.settle_refund),
            ("POST", "/sandbox/disputes", self.open_dispute),
            ("POST", "/sandbox/disputes/{object_id}/{end}", self.close_dispute),
            ("GET", "/sandbox/deliveries", self.deliveries),
            ("POST", "/sandbox/events/{event_id}/resend", self.resend),
        ):
            self.router.add_api_route(path, endpoint, methods=[method], response_model=None)

    async def health(self) -> JSON:
        return {"status": "ok", "pid": os.getpid(), "uptime_seconds": round(time.time() - self._started, 1)}

    async def state(self) -> JSON:
        """Counts since the state folder was made; ``calls`` since the process started."""
        return {
            "objects": self._store.counts(),
            "calls": dict(self._calls),
            "targets": {name: self._store.find_target(name) for name in ("stripe", "payjp", "sendgrid")},
            "faults": self._faults.list_(),
            "webhooks_pending": self._deliveries.pending(),
        }

    async def reset(self) -> JSON:
        """Delete payments, messages, faults and deliveries, but not targets and keys."""
        self._store.clear()
        self._calls.clear()
        return {"status": "ok"}

    async def targets(self, body: Targets) -> JSON:
        with self._store.transaction():
            for name in body.model_fields_set:
                self._store.set_target(name, getattr(body, name))
        self._deliveries.wake()
        return {name: self._store.find_target(name) for name in ("stripe", "payjp", "sendgrid")}

    async def faults(self) -> JSON:
        return {"faults": self._faults.list_()}

    async def set_fault(self, body: FaultRequest) -> Response:
        number = self._faults.add(
            body.operation,
            body.kind,
            seconds=body.seconds,
            times=body.times,
            share=body.share,
            event_type=body.event_type,
            stored=body.stored,
        )
        return JSONResponse({"id": number, **body.model_dump(mode="json")}, status_code=201)

    async def clear_faults(self) -> JSON:
        self._faults.clear()
        return {"faults": []}

    async def settle_intent(self, object_id: str, end: str) -> Response:
        """``succeed`` or ``fail`` an intent that waits for its customer or its bank."""
        return self._ends(end, ("succeed", "fail"), lambda yes: self._intents.settle(object_id, yes))

    async def answer_3ds(self, object_id: str, end: str) -> Response:
        """The buttons of the 3-D Secure page: ``authorize`` or ``fail``, then back to the return URL."""
        answer = self._ends(end, ("authorize", "fail"), lambda yes: self._intents.settle(object_id, yes))
        intent = self._store.find("payment_intent", object_id)
        back = intent and intent.get("_return_url")
        if answer.status_code != 200 or not intent or not back:
            return answer
        result = "succeeded" if intent["status"] in {"succeeded", "requires_capture"} else "failed"
        secret = intent["client_secret"]
        query = f"payment_intent={object_id}&payment_intent_client_secret={secret}&redirect_status={result}"
        return RedirectResponse(f"{back}{'&' if '?' in back else '?'}{query}", status_code=303)

    async def settle_refund(self, object_id: str, end: str) -> Response:
        """``succeed`` or ``fail`` a pending refund."""
        return self._ends(end, ("succeed", "fail"), lambda yes: self._refunds.settle(object_id, yes))

    async def open_dispute(self, body: DisputeRequest) -> Response:
        return self._work(lambda: (201, self._refunds.dispute(body.payment_intent, body.reason, body.amount)))

    async def close_dispute(self, object_id: str, end: str) -> Response:
        """``won`` or ``lost``."""
        return self._ends(end, ("won", "lost"), lambda yes: (200, self._refunds.close_dispute(object_id, yes)))

    async def deliveries(self) -> JSON:
        """The last 200 webhooks and their states, newest first."""
        return {"deliveries": self._deliveries.list_()}

    async def resend(self, event_id: str) -> Response:
        """Send an event's webhooks once more, with the same event id."""
        count = self._deliveries.again(event_id)
        return JSONResponse({"deliveries": count}, status_code=202 if count else 404)

    def _ends(self, end: str, ends: tuple[str, str], work: Callable[[bool], Answer]) -> Response:
        if end not in ends:
            return JSONResponse({"error": f"one of {ends[0]}, {ends[1]}"}, status_code=404)
        return self._work(lambda: work(end == ends[0]))

    def _work(self, work: Callable[[], Answer]) -> Response:
        with self._store.transaction():
            status, body = work()
        self._deliveries.wake()
        answer: dict[str, Any] = shown(body)
        return JSONResponse(answer, status_code=status)
