"""The page in place of a refusal: what happened, and where to go on. `ErrorPages` makes it too of what no page answers:
an address that no route has, a method that is not allowed, a form that is too large, an unexpected error.
"""

from typing import Any
from urllib.parse import quote, urlencode

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.pages.api_client import ApiClient, ApiError
from api.pages.booking.embedding import is_embedded, origins_of
from api.pages.rendering import Sources, choose_language, page

#: Beginnings of addresses that programs read, whatever they accept.
_OF_PROGRAMS = ("/api/", "/health", "/openapi", "/docs", "/metrics", "/static/")
#: Parts of the website with a start of their own.
_PARTS = {"console": "way_console", "admin": "way_admin", "account": "way_account"}
#: Pages behind a link: the link's own page is where to go on.
_BEHIND_LINKS = {
    "bookings": "way_booking",
    "waitlist": "way_waitlist",
    "messages": "way_messages",
    **dict.fromkeys(("verify-email", "reset-password", "cancel-two-factor-reset", "data-export"), "way_link"),
}
_TRY_AGAIN = frozenset({408, 429, 500, 502, 503, 504})
_JSON = (b"application/json", b"application/problem+json")
#: Headers of the refusal that its page keeps.
_KEPT = (b"retry-after", b"allow", b"x-ratelimit-limit", b"x-ratelimit-remaining", b"x-ratelimit-reset", b"connection")


def reads_pages(request: Request) -> bool:
    """Whether the caller asks for HTML; programs get the API's answer to a refusal."""
    return "text/html" in request.headers.get("accept", "")


async def refusal_page(request: Request, status: int, said: str, *, expired: bool = False) -> Response:
    """The page. ``said`` is the sentence of the refusal; ``expired``: the form was older than its token."""
    lost = status == 404
    variables: dict[str, Any] = {
        "title_key": "not_found_title" if lost else "error_title",
        "say_key": "not_found" if lost else "form_expired" if expired else None,
        "said": said,
        "ways": _ways(request, status),
    }
    return page(request, "message", variables, status=status, sources=await _frames(request))


def _ways(request: Request, status: int) -> list[tuple[str, str]]:
    """Where to go on: key of the text and address."""
    parts = [quote(one, safe="") for one in request.url.path.lstrip("/").split("/")]
    first, more = parts[0], len(parts) > 1
    found = []
    if status in _TRY_AGAIN and request.method == "GET":
        query = urlencode(request.query_params.multi_items())
        found.append(("try_again", "/" + "/".join(parts) + (f"?{query}" if query else "")))
    if first in _PARTS:
        return [*found, (_PARTS[first], f"/{first}")]
    if first in _BEHIND_LINKS and more and status != 404:
        return [*found, (_BEHIND_LINKS[first], f"/{first}/{parts[1]}")]
    if is_embedded(request):
        return [*found, ("begin_again", f"/{first}/embed")] if status != 404 else found
    if more and first and first not in _BEHIND_LINKS and parts[1] in {"book", "waitlist", "legal"} and status != 404:
        return [*found, ("way_business", f"/{first}")]
    return [*found, ("way_start", "/")]


async def _frames(request: Request) -> Sources | None:
    """The site of the business may show its refusals too: a frame that is not shown is blank. Where the business cannot
    be read, every site may: such a page shows nothing of anybody, and has a link to the flow alone."""
    if not is_embedded(request):
        return None
    try:
        business = await ApiClient(request).get(f"/businesses/slug/{request.url.path.split('/')[1]}")
    except ApiError:
        return Sources(around=("*",))
    return Sources(around=origins_of(business["website"]))


class ErrorPages:
    """Puts the page in place of an error in JSON, for those who ask for HTML. A pure ASGI middleware."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"].startswith(_OF_PROGRAMS) or not reads_pages(Request(scope)):
            await self.app(scope, receive, send)
            return
        await self.app(scope, receive, _Exchange(Request(scope, receive), send).take)


class _Exchange:
    """One answer, which is held back where it is an error in JSON."""

    def __init__(self, request: Request, send: Send) -> None:
        self._request = request
        self._send = send
        self._held: Message | None = None
        self._body = b""

    async def take(self, message: Message) -> None:
        """A part of the answer."""
        if message["type"] == "http.response.start" and _is_error(message):
            self._held = message
        elif self._held is None:
            await self._send(message)
        else:
            self._body += message.get("body", b"")
            if not message.get("more_body", False):
                await self._answer(self._held)

    async def _answer(self, held: Message) -> None:
        choose_language(self._request)
        body = orjson.loads(self._body) if self._body else {}
        said = str(body.get("message") or body.get("detail") or "")
        response = await refusal_page(self._request, held["status"], said)
        response.raw_headers += [(name, value) for name, value in held["headers"] if name.lower() in _KEPT]
        await response(self._request.scope, self._request.receive, self._send)


def _is_error(message: Message) -> bool:
    kind: bytes = dict(message.get("headers", ())).get(b"content-type", b"")
    return message["status"] >= 400 and kind.startswith(_JSON)
