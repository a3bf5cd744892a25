"""The outermost middleware: the request's id, language and client, headers of the answer, one log line, and metrics.

A pure ASGI middleware: Starlette's base class costs a task and a queue per request.
"""

import time
from collections.abc import Mapping

import structlog
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.http import documentation
from api.http.forwarded import TrustedProxies
from api.http.metrics import Metrics, name_of
from api.http.request_info import RequestInfo, language_from, request_id_from, set_request_info, without_tokens
from runtime import tracing
from runtime.logging import log_line
from runtime.settings import Environment, Settings

log = structlog.get_logger(__name__)

_DOCS = documentation.PATH

_SECURITY = (
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
    (b"permissions-policy", b"camera=(), geolocation=(), microphone=()"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cache-control", b"no-store"),
)
_NOTHING_RUNS = (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'")
# Swagger UI sets styles on its elements and draws its icons from data URLs.
_DOCS_RUN = (
    b"content-security-policy",
    b"default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; frame-ancestors 'none'",
)
_HTTPS_ONLY = (b"strict-transport-security", b"max-age=31536000; includeSubDomains")

#: What later layers bind to the lines of a request; see `api.access.callers`.
BOUND = ("user_id", "business_id")


#: Asked every few seconds, by machines.
_NOT_TRACED = frozenset({"/health", "/health/live", "/health/ready", "/metrics"})


class RequestContextMiddleware:
    """Wraps the whole application."""

    def __init__(self, app: ASGIApp, settings: Settings, metrics: Metrics) -> None:
        self.app = app
        self.metrics = metrics
        self.proxies = TrustedProxies(settings.trusted_proxies)
        production = settings.environment is Environment.PRODUCTION
        self.security = [*_SECURITY, *([_HTTPS_ONLY] if production else [])]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        headers: dict[bytes, bytes] = dict(scope["headers"])
        if not tracing.is_on() or scope["path"] in _NOT_TRACED:
            await self._answer(scope, receive, send, headers)
            return
        with tracing.request("request", _text(headers, b"traceparent")) as span:
            status = await self._answer(scope, receive, send, headers)
            method, route = name_of(scope)
            if span is not None:
                span.update_name(f"{method} {route}")
                span.set_attribute("http.request.method", method)
                span.set_attribute("http.route", route)
                span.set_attribute("http.response.status_code", status)

    async def _answer(self, scope: Scope, receive: Receive, send: Send, headers: dict[bytes, bytes]) -> int:
        """The status of the answer."""
        self.proxies.settle(scope)
        asked = RequestInfo(
            request_id_from(_text(headers, b"x-request-id")),
            language_from(_text(headers, b"accept-language")),
            b"application/problem+json" in headers.get(b"accept", b""),
        )
        set_request_info(asked)
        answer = _Answer(send, self._headers(scope, asked))
        started = time.perf_counter()
        with structlog.contextvars.bound_contextvars(request_id=asked.request_id):
            try:
                await self.app(scope, receive, answer.send)
            finally:
                seconds = time.perf_counter() - started
                self.metrics.observe(scope, answer.status, seconds)
                fields = {
                    "method": scope["method"],
                    "path": without_tokens(scope["path"]),
                    "status": answer.status,
                    "milliseconds": round(seconds * 1000, 1),
                }
                log_line(log, __name__, "request", fields)
                structlog.contextvars.unbind_contextvars(*BOUND)
        return answer.status

    def _headers(self, scope: Scope, asked: RequestInfo) -> list[tuple[bytes, bytes]]:
        policy = _DOCS_RUN if scope["path"] == _DOCS else _NOTHING_RUNS
        return [(b"x-request-id", asked.request_id.encode()), policy, *self.security]


class _Answer:
    """Adds headers as the answer goes out."""

    def __init__(self, send: Send, headers: list[tuple[bytes, bytes]]) -> None:
        self._send = send
        self._headers = headers
        self.status = 0

    async def send(self, message: Message) -> None:
        """Part of the answer."""
        if message["type"] == "http.response.start":
            self.status = message["status"]
            own = list(message.get("headers", ()))
            names = {name.lower() for name, _ in own}  # a page brings its own policy, a static file its own caching
            message["headers"] = [*own, *(header for header in self._headers if header[0] not in names)]
        await self._send(message)


def _text(headers: Mapping[bytes, bytes], name: bytes) -> str | None:
    value = headers.get(name)
    return None if value is None else value.decode("latin-1")
