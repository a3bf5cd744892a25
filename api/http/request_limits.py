"""What every request passes before its route, and every answer after it: limits on body, time and number of requests,
and the answer when something breaks that nobody expected.

It runs inside CORS, so that a browser may read why it was refused. A pure ASGI middleware: Starlette's base class
costs a task and a queue per request.
"""

import asyncio
import re
from collections.abc import Mapping
from datetime import timedelta

import structlog
from fastapi import Request
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.http.errors import UnreadableBody, error_answer, refusal
from api.http.json_body import check_json
from api.http.rate_limits import class_of, count, tally_of
from api.http.request_info import without_tokens
from api.http.texts.shared import INTERNAL_ERROR
from domain.errors import DomainError, Malformed, TooLarge, Unavailable, UnsupportedMediaType
from runtime.settings import Settings

log = structlog.get_logger(__name__)

_JSON = re.compile(rb"application/(?:[\w.+-]+\+)?json\s*(?:;.*)?", re.IGNORECASE)
#: What pages take: browsers send the first, mail programs that unsubscribe somebody either (RFC 8058, 3.2).
_FORMS = frozenset({b"application/x-www-form-urlencoded", b"multipart/form-data"})
_WITH_BODY = frozenset({"POST", "PUT", "PATCH", "DELETE"})
#: Webhooks whose provider sends a form.
FORMS_OF_PROVIDERS = frozenset({"/api/v1/notifications/webhook/twilio"})
#: Paths of file uploads. Their handlers check a separate limit.
UPLOADS = frozenset({("POST", "/api/v1/media")})
#: Paths whose JSON holds a file.
FILES_IN_JSON = frozenset({("POST", "/api/v1/customers/import")})
#: Paths of pages whose forms hold a file.
FILES_IN_FORMS = re.compile(r"/console/[^/]+/(?:media|start/documents|customers/import)")
#: The size of a form without its file.
_FORM_BYTES = 16 * 1024
#: Answers after which the rest of the request is not read.
_UNREAD = frozenset({408, 413})
_EVENT_STREAM = b"text/event-stream; charset=utf-8"


class RequestLimitsMiddleware:
    """Wraps everything except CORS and `api.http.request_context`."""

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self.app = app
        self.max_body = settings.max_body_bytes
        self.max_upload = settings.max_media_bytes + _FORM_BYTES
        self.body_timeout = settings.body_timeout
        self.request_timeout = settings.request_timeout

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        uploads = (scope["method"], scope["path"]) in UPLOADS
        holds_file = uploads or (scope["method"], scope["path"]) in FILES_IN_JSON or _is_upload_of_page(scope)
        most = self.max_upload if holds_file else self.max_body
        exchange = _Exchange(scope, receive, send, most, self.body_timeout)
        try:
            async with asyncio.timeout(self.request_timeout.total_seconds()) as limit:
                exchange.limit = limit
                form = scope["path"] in FORMS_OF_PROVIDERS or not scope["path"].startswith("/api/")
                check_body(scope["method"], dict(scope["headers"]), most, any_type=uploads, form=form)
                await self.app(scope, exchange.receive, exchange.send)
        except DomainError as error:
            await exchange.answer(refusal(error))
        except TimeoutError as error:
            await self._unexpected(exchange, error if not limit.expired() else None)
        except Exception as error:
            await self._unexpected(exchange, error)

    async def _unexpected(self, exchange: "_Exchange", error: Exception | None) -> None:
        scope = exchange.scope
        if error is None:
            log.error("a request took too long", method=scope["method"], path=without_tokens(scope["path"]))
        else:
            log.error("unexpected error", method=scope["method"], path=without_tokens(scope["path"]), exc_info=error)
        if exchange.status:
            raise error or TimeoutError  # a part of the answer was sent: the server closes the connection
        if error is None:
            await exchange.answer(refusal(Unavailable({"reason": "too_slow", "retry_after": 5})))
        else:
            await exchange.answer(error_answer(INTERNAL_ERROR, {}))


def _is_upload_of_page(scope: Scope) -> bool:
    return scope["method"] == "POST" and FILES_IN_FORMS.fullmatch(scope["path"]) is not None


def check_body(
    method: str, headers: Mapping[bytes, bytes], max_body: int, any_type: bool = False, form: bool = False
) -> None:
    """Refuse what the headers alone show to be wrong. Raises TooLarge and UnsupportedMediaType, which ``any_type``
    leaves to the route; ``form`` allows a form."""
    length = headers.get(b"content-length", b"0")
    announced = int(length) if length.isdigit() else 0
    if announced > max_body:
        raise TooLarge({"limit": max_body})
    if any_type or method not in _WITH_BODY or not (announced or b"transfer-encoding" in headers):
        return
    if form and headers.get(b"content-type", b"").partition(b";")[0].strip().lower() in _FORMS:
        return
    if not _JSON.fullmatch(headers.get(b"content-type", b"").strip()):
        raise UnsupportedMediaType({"supported": ["application/json"]})


class _Exchange:
    """One request and its answer: counts and times the body as it comes in, and counts the request before its answer
    goes out."""

    def __init__(self, scope: Scope, receive: Receive, send: Send, max_body: int, patience: timedelta) -> None:
        self.scope = scope
        self._receive = receive
        self._send = send
        self._left = max_body
        self._until = asyncio.get_running_loop().time() + patience.total_seconds()
        self._whole = False
        self._parts: list[bytes] = []
        self._swallow = False
        self.status = 0
        self.limit: asyncio.Timeout | None = None

    async def receive(self) -> Message:
        """The next part of the body. A body without a declared length is counted as it arrives."""
        # The framework hands an HTTPException on and calls any other error a malformed body.
        try:
            async with asyncio.timeout_at(None if self._whole else self._until):
                message = await self._receive()
        except TimeoutError as error:
            raise HTTPException(408) from error
        if message["type"] == "http.request":
            part = message.get("body", b"")
            self._whole = not message.get("more_body", False)
            self._left -= len(part)
            if self._left < 0:
                raise HTTPException(413)
            if self._is_ours_to_read():
                self._read(part)
        return message

    def _is_ours_to_read(self) -> bool:
        """JSON, and not a provider's: that is read where its signature was found good."""
        headers = dict(self.scope["headers"])
        reads_a_body = getattr(self.scope.get("route"), "body_field", None) is not None
        return reads_a_body and bool(_JSON.fullmatch(headers.get(b"content-type", b"").strip()))

    def _read(self, part: bytes) -> None:
        self._parts.append(part)
        body = b"".join(self._parts) if self._whole else b""
        if body:
            try:
                check_json(body)
            except Malformed as error:
                raise UnreadableBody(error.details) from error

    async def send(self, message: Message) -> None:
        """Part of the answer."""
        if self._swallow:
            return
        if message["type"] == "http.response.start":
            refused = await self._count()
            if refused is not None:
                # It reached no route, and exceeds the limit.
                await refused(self.scope, self._receive, self._forward)
                self._swallow = True
                return
        await self._forward(message)

    async def _count(self) -> Response | None:
        try:
            await count(Request(self.scope), class_of(self.scope))
        except DomainError as error:
            return refusal(error)
        return None

    async def _forward(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            tally = tally_of(self.scope)
            added = tally.headers() if tally else []
            if self.status in _UNREAD:
                added.append((b"connection", b"close"))
            message["headers"] = [*message.get("headers", ()), *added]
            if self.limit is not None and (b"content-type", _EVENT_STREAM) in message["headers"]:
                self.limit.reschedule(None)  # an answer that goes on as things happen
        await self._send(message)

    async def answer(self, response: Response) -> None:
        """The whole answer."""
        await response(self.scope, self._receive, self.send)
