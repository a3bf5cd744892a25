"""Calls operations of the API from a page, in this process: same permissions, same errors, same idempotency.

A page is a client of the API that calls it in memory, without a network request. Its calls pass every layer of the API
again, as the same caller:
the client's address, the language and the request id are those of the page. Reading calls are not counted against the
rate limits, because the page was counted already; calls that change something are.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson
from httpx import ASGITransport, AsyncClient, Response
from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from api.access.guest_links import HEADER, MESSAGE_HEADER, WAITLIST_HEADER
from api.http.idempotency import HEADER as KEY_HEADER
from api.http.rate_limits import do_not_count
from api.http.request_info import RequestInfo, request_info, set_request_info

_PREFIX = "/api/v1"


class ApiError(Exception):
    """A refusal of the API. ``message`` is its sentence in the page's language; ``fields`` maps names of fields to
    their sentences."""

    def __init__(self, status: int, code: str, message: str, details: Mapping[str, Any]) -> None:
        super().__init__(code)
        self.status = status
        self.code = code
        self.message = message
        self.details = details

    @property
    def fields(self) -> Mapping[str, str]:
        """The sentence of each field that is wrong."""
        found = self.details.get("fields", ())
        return {item["field"]: item["message"] for item in found if isinstance(item, dict) and "message" in item}

    @classmethod
    def of(cls, response: Response) -> "ApiError":
        """From an answer in the API's envelope."""
        body = orjson.loads(response.content)
        error = body["error"]
        return cls(response.status_code, error["code"], error["message"], error.get("details") or {})


@dataclass(frozen=True, slots=True)
class ApiClient:
    """``links``: headers with the signed link of a booking or of a waitlist entry."""

    request: Request
    links: Mapping[str, str] = field(default_factory=dict)

    def with_login(self, access_token: str) -> "ApiClient":
        """A client that is logged in."""
        return ApiClient(self.request, {"Authorization": f"Bearer {access_token}"})

    def with_booking(self, token: str) -> "ApiClient":
        """A client that shows the link of a booking."""
        return ApiClient(self.request, {HEADER: token})

    def with_waitlist(self, token: str) -> "ApiClient":
        """A client that shows the link of a waitlist entry."""
        return ApiClient(self.request, {WAITLIST_HEADER: token})

    def with_message(self, token: str) -> "ApiClient":
        """A client that shows the link of a message."""
        return ApiClient(self.request, {MESSAGE_HEADER: token})

    async def get(self, path: str, **query: Any) -> Any:
        """The ``data`` of ``GET path``. Raises ApiError."""
        return await self._call("GET", path, params=query)

    async def post(self, path: str, body: Mapping[str, Any], key: str | None = None) -> Any:
        """The ``data`` of ``POST path``; ``key`` is its idempotency key. Raises ApiError."""
        return await self._call("POST", path, json=body, headers={KEY_HEADER: key} if key else None)

    async def put(self, path: str, body: Mapping[str, Any]) -> Any:
        """The ``data`` of ``PUT path``. Raises ApiError."""
        return await self._call("PUT", path, json=body)

    async def delete(self, path: str) -> Any:
        """The ``data`` of ``DELETE path``. Raises ApiError."""
        return await self._call("DELETE", path)

    async def _call(self, method: str, path: str, headers: Mapping[str, str] | None = None, **more: Any) -> Any:
        page = request_info()
        client = self.request.client
        transport = ASGITransport(
            app=_Inner(self.request.app, uncounted=method == "GET"),
            client=(client.host, client.port) if client else ("127.0.0.1", 0),
        )
        sent = {
            "Accept-Language": page.language.value,
            "X-Request-ID": page.request_id,
            "User-Agent": self.request.headers.get("user-agent", ""),
            **self.links,
            **(headers or {}),
        }
        try:
            async with AsyncClient(transport=transport, base_url="http://pages") as http:
                response = await http.request(method, _PREFIX + path, headers=_encoded(sent), **more)
        finally:
            set_request_info(RequestInfo(page.request_id, page.language))
        if response.is_error:
            raise ApiError.of(response)
        return orjson.loads(response.content)["data"]


def _encoded(headers: Mapping[str, str]) -> list[tuple[bytes, bytes]]:
    """A browser may send other characters than ASCII (RFC 9110, 5.5); those that no header can have become ``?``."""
    return [(name.encode(), value.encode("latin-1", "replace")) for name, value in headers.items()]


@dataclass(frozen=True, slots=True)
class _Inner:
    app: ASGIApp
    uncounted: bool

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self.uncounted:
            do_not_count(scope)
        await self.app(scope, receive, send)
