"""HTTP/1.1 with limits that uvicorn does not have: the size of a request's head, the time it may take, and only one
response per request. These checks run before ASGI.
"""

import asyncio
from datetime import UTC, datetime
from typing import Any

import orjson
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from api.http.errors import error_document
from api.http.request_info import RequestInfo

#: Request line and headers together.
MAX_HEAD_BYTES = 32 * 1024
MAX_HEADERS = 100
#: How long a head may take from the first byte, and a new connection until its first head is complete.
HEAD_SECONDS = 10.0


class GuardedProtocol(HttpToolsProtocol):
    """One connection."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._in_head = False
        self._head_bytes = 0
        self._refusal = (400, "malformed")
        self._timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """A new connection has as long as a head."""
        super().connection_made(transport)
        self._arm()

    def connection_lost(self, exc: Exception | None) -> None:
        """Cancel the timeout."""
        self._disarm()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Received data. A head that is too large is refused before it is complete."""
        super().data_received(data)
        if self.transport.is_closing():
            return
        if self._in_head:
            self._head_bytes += len(data)
            if self._head_bytes > MAX_HEAD_BYTES:
                self._refuse(431, "too_large")
        elif self.cycle is None or self.cycle.response_complete:
            self._arm()  # line ends before a request are allowed, but must not keep a connection open

    def on_message_begin(self) -> None:
        """A request begins."""
        super().on_message_begin()
        self._in_head = True
        self._head_bytes = 0
        self._arm()

    def on_headers_complete(self) -> None:
        """The head is complete. The parser reports an error raised here as an invalid request."""
        self._in_head = False
        self._disarm()
        size = len(self.url) + sum(len(name) + len(value) + 4 for name, value in self.headers)
        if size > MAX_HEAD_BYTES or len(self.headers) > MAX_HEADERS:
            self._refusal = (431, "too_large")
            raise ValueError("the head is too large")
        names = [name for name, _ in self.headers]
        if names.count(b"host") > 1 or (b"host" not in names and self.parser.get_http_version() == "1.1"):
            raise ValueError("a request names one host (RFC 9112, 3.2)")
        super().on_headers_complete()

    def send_400_response(self, msg: str) -> None:
        """The request is not valid."""
        self._refuse(*self._refusal)

    def _refuse(self, status: int, code: str) -> None:
        """Answer and close; only close if this request already has its answer, or part of it."""
        cycle = self.cycle
        if not self._in_head and cycle is not None and (cycle.response_started or cycle.response_complete):
            self.transport.close()
            return
        if cycle is not None:
            cycle.disconnected = True
        asked = RequestInfo()
        body = orjson.dumps(error_document(code, {}, asked, datetime.now(UTC))[0])
        headers = (
            f"content-type: application/json\r\ncontent-length: {len(body)}\r\nx-request-id: {asked.request_id}\r\n"
            "x-content-type-options: nosniff\r\ncache-control: no-store\r\nconnection: close\r\n\r\n"
        )
        self.transport.write(STATUS_LINE[status] + headers.encode() + body)
        self.transport.close()

    def _arm(self) -> None:
        if self._timer is None:
            self._timer = self.loop.call_later(HEAD_SECONDS, self._too_slow)

    def _disarm(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _too_slow(self) -> None:
        self._timer = None
        if self.transport.is_closing():
            return
        if self._in_head:
            self._refuse(408, "too_slow")
        else:
            self.transport.close()
