"""Calls operations of the API from a page, in this process: same permissions, same errors, same idempotency.

A page is a client of the API that calls it in memory, without a network request. Its calls pass every layer of the API
again, as the same caller:
the client's address, the language and the request id are those of the page. Reading calls are not counted against the
rate limits, because the page was counted already; calls that change something are.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

import orjson
from httpx import ASGITransport, AsyncClient, InvalidURL, Response
from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from api.access.guest_links import HEADER, MESSAGE_HEADER, WAITLIST_HEADER
from api.http.idempotency import HEADER as KEY_HEADER
from api.http.rate_limits import do_not_count
from api.http.request_info import RequestInfo, request_info, set_request_info

_PREFIX = "/api/v1"
#: The most rows that the API gives at once.
_PAGE = 100
#: What a call inside this process has in common with the request of the page (ASGI, HTTP connection scope).
_OF_CONNECTION = frozenset({"type", "asgi", "http_version", "scheme", "root_path", "client", "server", "state"})


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
        if "field" in self.details:
            return {str(self.details["field"]): self.message}
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

    async def health(self) -> Any:
        """The ``data`` of ``GET /health``, which is outside the API's versions. Raises ApiError."""
        return orjson.loads((await self._response("GET", "/health", prefix="")).content)["data"]

    async def rows(self, path: str, most: int = 100, **query: Any) -> list[Any]:
        """The rows of a list, page after page, up to ``most``. Raises ApiError."""
        found: list[Any] = []
        query["limit"] = min(most, _PAGE)
        while len(found) < most:
            answer = await self._answer("GET", path, params=query)
            found += answer["data"]
            query["cursor"] = answer["meta"]["next_cursor"]
            if query["cursor"] is None:
                break
        return found[:most]

    async def post(
        self, path: str, body: Mapping[str, Any], key: str | None = None, query: Mapping[str, Any] | None = None
    ) -> Any:
        """The ``data`` of ``POST path``; ``key`` is its idempotency key. Raises ApiError."""
        return await self._call("POST", path, json=body, headers={KEY_HEADER: key} if key else None, params=query)

    async def put(self, path: str, body: Mapping[str, Any], query: Mapping[str, Any] | None = None) -> Any:
        """The ``data`` of ``PUT path``. Raises ApiError."""
        return await self._call("PUT", path, json=body, params=query)

    async def send_file(self, path: str, file: tuple[str, bytes, str], query: Mapping[str, Any]) -> Any:
        """The ``data`` of a ``POST path`` with a file: its name, content and media type. Raises ApiError."""
        return await self._call("POST", path, files={"file": file}, params=query)

    async def download(self, path: str, **query: Any) -> Response:
        """The answer of a ``GET path`` that is a file. Raises ApiError."""
        return await self._response("GET", path, params=query)

    async def fetch(self, path: str, body: Mapping[str, Any]) -> Response:
        """The answer of a ``POST path`` that is a file. Raises ApiError."""
        return await self._response("POST", path, json=body)

    async def delete(self, path: str, **query: Any) -> Any:
        """The ``data`` of ``DELETE path``. Raises ApiError."""
        return await self._call("DELETE", path, params=query)

    async def follow(self, path: str, query: str, receive: Receive, send: Send) -> None:
        """Pass on the answer of ``GET path`` while it is made: a stream that does not end by itself. ``query`` is
        encoded, and the browser's ``Last-Event-ID`` goes along (WHATWG HTML, 9.2.4)."""
        last = self.request.headers.get("last-event-id")
        headers = {"Accept": "text/event-stream", **self.links, **({"Last-Event-ID": last} if last else {})}
        scope = {
            **{key: value for key, value in self.request.scope.items() if key in _OF_CONNECTION},
            "method": "GET",
            "path": _PREFIX + path,
            "raw_path": (_PREFIX + path).encode("ascii", "replace"),
            "query_string": query.encode("ascii", "replace"),
            "headers": [(name.lower(), value) for name, value in _encoded(headers)],
        }
        await _Inner(self.request.app, uncounted=True)(scope, receive, send)

    async def _call(self, method: str, path: str, **more: Any) -> Any:
        return (await self._answer(method, path, **more))["data"]

    async def _answer(self, method: str, path: str, **more: Any) -> Any:
        return orjson.loads((await self._response(method, path, **more)).content)

    async def _response(
        self, method: str, path: str, headers: Mapping[str, str] | None = None, prefix: str = _PREFIX, **more: Any
    ) -> Response:
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
                response = await http.request(method, prefix + _quoted(path), headers=_encoded(sent), **more)
        except InvalidURL as error:  # longer than any that means something
            raise ApiError(404, "not_found", "", {}) from error
        finally:
            set_request_info(RequestInfo(page.request_id, page.language))
        if response.is_error:
            raise ApiError.of(response)
        return response


def _quoted(path: str) -> str:
    """A path whose segments may come from a browser's address: each stays one segment, whatever is in it (RFC 3986,
    3.3), also ``..``, which would be the segment above (5.2.4)."""
    return "/".join("%2E" * len(one) if one in {".", ".."} else quote(one, safe="") for one in path.split("/"))


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
