"""A push service for browsers (RFC 8030): takes encrypted messages and keeps them as they came."""

import base64
import re
import time
import uuid

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response

from providers.sandbox.faulty import FaultyCalls, shown_message
from providers.sandbox.store import Store

OPERATION = "push.send"
#: The beginning of subscriptions that have ended.
GONE = "gone"
_SECONDS = re.compile(r"[0-9]+")


class PushService:
    """``POST /push/{subscription}``."""

    def __init__(self, store: Store, calls: FaultyCalls) -> None:
        self._store = store
        self._calls = calls
        self.router = APIRouter(include_in_schema=False)
        self.router.add_api_route("/push/{subscription}", self.push, methods=["POST"], response_model=None)

    async def push(self, request: Request, subscription: str) -> Response:
        """201; 410 for a subscription that has ended; 400 without what RFC 8030 and RFC 8292 ask for."""
        body = await request.body()
        return await self._calls.answer(OPERATION, lambda: self._push(request, subscription, body))

    def _push(self, request: Request, subscription: str, body: bytes) -> Response:
        headers = request.headers
        if subscription.startswith(GONE):
            return Response(status_code=410)
        vapid = headers.get("authorization", "").startswith("vapid t=")
        if (
            not vapid
            or headers.get("content-encoding") != "aes128gcm"
            or not _SECONDS.fullmatch(headers.get("ttl", ""))
        ):
            return JSONResponse({"error": "vapid, aes128gcm and TTL are required"}, 400)
        number = uuid.uuid4().hex
        shown = {
            **shown_message("Push", subscription, "(encrypted)"),
            "headers": {name: headers.get(name) for name in ("authorization", "ttl", "topic", "urgency")},
            "attachments": [{"filename": "body", "type": "", "content": base64.b64encode(body).decode()}],
        }
        with self._store.transaction():
            self._store.add_message(number, subscription, "delivered", time.time(), shown)
        return Response(status_code=201, headers={"Location": f"/message/{number}"})
