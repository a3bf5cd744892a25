"""The outermost layer of every request: its id and language, the limits on its body, the headers of its answer, one
line in the log, and the answer when something breaks that nobody expected.

A pure ASGI middleware: Starlette's base class costs a task and a queue per request.
"""

import re
import time
from collections.abc import Mapping

import structlog
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.errors import INTERNAL_ERROR, error_answer, refusal
from api.incoming import Incoming, arrive, language_from, request_id_from
from domain.errors import DomainError, TooLarge, UnsupportedMediaType
from runtime.settings import Environment, Settings

log = structlog.get_logger(__name__)

_JSON = re.compile(rb"application/(?:[\w.+-]+\+)?json\s*(?:;.*)?", re.IGNORECASE)
_WITH_BODY = frozenset({"POST", "PUT", "PATCH", "DELETE"})
_DOCS = "/docs"

_SECURITY = (
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
    (b"cache-control", b"no-store"),
)
_NOTHING_RUNS = (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'")
# The documentation page loads its script and style from the place that FastAPI names.
_DOCS_RUN = (
    b"content-security-policy",
    b"default-src 'self' https://cdn.jsdelivr.net https://fastapi.tiangolo.com; "
    b"script-src 'self' 'unsafe-inline' https://cdn.jsdelivr.net; "
    b"style-src 'self' 'unsafe-inline' https://cdn.jsdelivr.net; img-src 'self' data: https://fastapi.tiangolo.com; "
    b"frame-ancestors 'none'",
)
_HTTPS_ONLY = (b"strict-transport-security", b"max-age=31536000; includeSubDomains")


class Frame:
    """Wraps the whole application."""

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self.app = app
        self.max_body = settings.max_body_bytes
        production = settings.environment is Environment.PRODUCTION
        self.security = [*_SECURITY, *([_HTTPS_ONLY] if production else [])]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        headers: dict[bytes, bytes] = dict(scope["headers"])
        asked = Incoming(
            request_id_from(_text(headers, b"x-request-id")),
            language_from(_text(headers, b"accept-language")),
            b"application/problem+json" in headers.get(b"accept", b""),
        )
        arrive(asked)
        exchange = _Exchange(scope, receive, send, self.max_body, self._headers(scope, asked))
        with structlog.contextvars.bound_contextvars(request_id=asked.request_id):
            started = time.perf_counter()
            await self._answer(exchange, headers)
            log.info(
                "request",
                method=scope["method"],
                path=scope["path"],
                status=exchange.status,
                milliseconds=round((time.perf_counter() - started) * 1000, 1),
            )

    async def _answer(self, exchange: "_Exchange", headers: Mapping[bytes, bytes]) -> None:
        try:
            self._check_body(exchange.scope["method"], headers)
            await self.app(exchange.scope, exchange.receive, exchange.send)
        except DomainError as error:
            await exchange.answer(refusal(error))
        except Exception:
            log.exception("unexpected error", method=exchange.scope["method"], path=exchange.scope["path"])
            if exchange.status:
                raise  # half an answer is out: the server closes the connection
            await exchange.answer(error_answer(INTERNAL_ERROR, {}))

    def _headers(self, scope: Scope, asked: Incoming) -> list[tuple[bytes, bytes]]:
        policy = _DOCS_RUN if scope["path"] == _DOCS else _NOTHING_RUNS
        return [(b"x-request-id", asked.request_id.encode()), policy, *self.security]

    def _check_body(self, method: str, headers: Mapping[bytes, bytes]) -> None:
        """Refuse by the headers alone what they already say. Raises TooLarge and UnsupportedMediaType."""
        length = headers.get(b"content-length", b"0")
        announced = int(length) if length.isdigit() else 0
        if announced > self.max_body:
            raise TooLarge({"limit": self.max_body})
        if method not in _WITH_BODY or not (announced or b"transfer-encoding" in headers):
            return
        if not _JSON.fullmatch(headers.get(b"content-type", b"").strip()):
            raise UnsupportedMediaType({"supported": ["application/json"]})


class _Exchange:
    """One request and its answer: counts the body as it comes in, and adds headers as the answer goes out."""

    def __init__(
        self, scope: Scope, receive: Receive, send: Send, max_body: int, headers: list[tuple[bytes, bytes]]
    ) -> None:
        self.scope = scope
        self._receive = receive
        self._send = send
        self._left = max_body
        self._max_body = max_body
        self._headers = headers
        self.status = 0

    async def receive(self) -> Message:
        """The next part of the body. A body without announced length is counted as it comes."""
        message = await self._receive()
        if message["type"] == "http.request":
            self._left -= len(message.get("body", b""))
            if self._left < 0:
                # The framework hands this one on and calls any other error a malformed body.
                raise HTTPException(413)
        return message

    async def send(self, message: Message) -> None:
        """Part of the answer."""
        if message["type"] == "http.response.start":
            self.status = message["status"]
            message["headers"] = [*message.get("headers", ()), *self._headers]
        await self._send(message)

    async def answer(self, response: Response) -> None:
        """The whole answer."""
        await response(self.scope, self._receive, self.send)


def _text(headers: Mapping[bytes, bytes], name: bytes) -> str | None:
    value = headers.get(name)
    return None if value is None else value.decode("latin-1")
