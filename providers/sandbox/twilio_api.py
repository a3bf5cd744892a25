"""Twilio's Messages resource. Shape of the request, the answer, the list and the callback:
twilio.com/docs/messaging/api/message-resource."""

import json
import re
import secrets
import time
import uuid
from email.utils import formatdate
from urllib.parse import parse_qsl, urlencode

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response

from domain.messages.channels import segments
from providers.sandbox.config import SandboxConfig
from providers.sandbox.deliveries import Deliveries
from providers.sandbox.faulty import FaultyCalls, shown_message
from providers.sandbox.store import Store
from providers.sandbox.webhook_events import WebhookEvents

OPERATION, LIST = "sms.send", "sms.list"
#: The end of numbers that no message reaches.
UNREACHABLE = "0000"
_NUMBER = re.compile(r"\+[0-9]{6,15}")


class TwilioApi:
    """``POST`` and ``GET`` of ``/2010-04-01/Accounts/{sid}/Messages.json``."""

    def __init__(
        self,
        store: Store,
        config: SandboxConfig,
        calls: FaultyCalls,
        events: WebhookEvents,
        deliveries: Deliveries,
    ) -> None:
        self._store = store
        self._config = config
        self._calls = calls
        self._events = events
        self._deliveries = deliveries
        self.router = APIRouter(include_in_schema=False)
        path = "/2010-04-01/Accounts/{sid}/Messages.json"
        self.router.add_api_route(path, self.create, methods=["POST"], response_model=None)
        self.router.add_api_route(path, self.list_, methods=["GET"], response_model=None)

    async def create(self, request: Request) -> Response:
        """201 with the message, or an error with Twilio's code."""
        form = dict(parse_qsl((await request.body()).decode()))
        return await self._calls.answer(OPERATION, lambda: self._create(request, form))

    async def list_(self, request: Request, To: str = "", PageSize: int = 50, PageToken: str = "") -> Response:
        """Messages to a number, newest first, in pages."""
        return await self._calls.answer(LIST, lambda: self._list(request, To, min(PageSize, 1000), PageToken))

    def _create(self, request: Request, form: dict[str, str]) -> Response:
        if not self._knows(request):
            return _error(401, 20003, "Authenticate")
        to, text = form.get("To", ""), form.get("Body", "")
        if not _NUMBER.fullmatch(to):
            return _error(400, 21211, f"The 'To' number {to} is not a valid phone number.")
        if not text or not (form.get("From") or form.get("MessagingServiceSid")):
            return _error(400, 21602, "Message body is required.")
        sid, now = f"SM{uuid.uuid4().hex}", time.time()
        body = {
            "sid": sid,
            "status": "queued",
            "to": to,
            "from": form.get("From"),
            "body": text,
            "num_segments": str(segments(text)),
            "price": None,
            "error_code": None,
            "date_created": formatdate(now),
        }
        with self._store.transaction():
            self._store.put({"id": sid, "object": "sms", **body}, parent=to)
            self._store.add_message(sid, to, "delivered", now, shown_message("SMS", to, text))
            ends = ("sent", "undelivered") if to.endswith(UNREACHABLE) else ("sent", "delivered")
            for status in ends if form.get("StatusCallback") else ():
                values = {"MessageSid": sid, "MessageStatus": status, "To": to}
                if status == "undelivered":
                    values["ErrorCode"] = "30003"
                self._events.twilio(status, json.dumps({"url": form["StatusCallback"], "form": values}))
        self._deliveries.wake()
        return JSONResponse(body, 201)

    def _list(self, request: Request, to: str, size: int, token: str) -> Response:
        if not self._knows(request):
            return _error(401, 20003, "Authenticate")
        found = self._store.list_objects("sms", parent=to, before=token or None, limit=size)
        more = urlencode({"To": to, "PageSize": size, "PageToken": found[-1]["id"]}) if len(found) == size else ""
        return JSONResponse({"messages": found, "next_page_uri": f"{request.url.path}?{more}" if more else None})

    def _knows(self, request: Request) -> bool:
        header = request.headers.get("authorization", "")
        return secrets.compare_digest(header.encode(), self._config.twilio_authorization.encode())


def _error(status: int, code: int, message: str) -> Response:
    return JSONResponse({"code": code, "message": message, "status": status}, status)
