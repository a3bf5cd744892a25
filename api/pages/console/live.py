"""``/console/{business}/events``: the live events of a business for a browser that is logged in by its cookie.

``EventSource`` sends no ``Authorization`` header, so the page passes the stream of the API on. Its events lose their
names, because a page does the same at each of them: it reads itself again. An event without a name needs no listener
of its own.
"""

import re
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Message, Receive, Scope, Send

from api.pages.api_client import ApiClient
from api.pages.sessions import logged_in

_NAME = re.compile(rb"^event: ", re.MULTILINE)


class _Stream(Response):
    """An answer that is passed on while it is made."""

    def __init__(self, api: ApiClient, path: str, query: str) -> None:
        super().__init__()
        self._api, self._path, self._query = api, path, query

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def unnamed(message: Message) -> None:
            if message["type"] == "http.response.body":
                message = {**message, "body": without_names(message.get("body", b""))}
            await send(message)

        await self._api.follow(self._path, self._query, receive, unnamed)


async def show_events(request: Request) -> Response:
    """The stream. The API answers for a business where the login does not work."""
    if request.method == "HEAD":  # of a stream there is nothing to open (RFC 9110, 9.3.2)
        return Response(media_type="text/event-stream")
    api = await logged_in(request)
    tab = request.query_params.get("client", "default")
    return _Stream(api, f"/businesses/{request.path_params['business_id']}/events", urlencode({"client": tab}))


def without_names(events: bytes) -> bytes:
    """The events with ``kind`` in place of ``event``: a field of an unknown name is ignored (WHATWG HTML, 9.2.6)."""
    return _NAME.sub(b"kind: ", events)
