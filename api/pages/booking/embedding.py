"""``/{slug}/embed``: the booking flow in a frame on the business's own site; ``/embed.js``: the script that opens it.

Browsers send no ``SameSite`` cookie in a frame of another site, so the forms there have a signed token in place of the
cookie (`api.pages.forms`). Nobody is logged in to the flow, so a form from elsewhere could do no more than a visitor.
Only the site that the business states in its profile may show the frame.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response

from api.pages.forms import Form, read_pairs
from api.pages.static_files import static_files
from domain.errors import DomainError, Forbidden
from runtime.links import Purpose

#: How long a form may stay open.
_FORM_LASTS = timedelta(hours=4)
_HOST = re.compile(r"[a-z0-9_-]+(?:\.[a-z0-9_-]+)+")
_HEADERS = {"Cache-Control": "public, max-age=3600", "Cross-Origin-Resource-Policy": "cross-origin"}


@dataclass(frozen=True, slots=True)
class Embedding:
    """``origins``: the sites that may show the frame. ``token``: of the forms."""

    origins: tuple[str, ...]
    token: str


def is_embedded(request: Request) -> bool:
    """Whether the request is for the flow in a frame."""
    return request.url.path.endswith("/embed")


def embedding_of(request: Request, business: Mapping[str, Any]) -> Embedding | None:
    """The embedding of a business; None outside a frame."""
    if not is_embedded(request):
        return None
    services = request.app.state.services
    token = services.links.issue(Purpose.EMBED, UUID(business["id"]), services.now() + _FORM_LASTS)
    return Embedding(origins_of(business["website"]), token)


def origins_of(website: str | None) -> tuple[str, ...]:
    """The origins of a website, with and without ``www``; none without a website, or where its host is not the name of
    one: it goes into a header, where ``*`` would be every site and ``;`` would begin another rule."""
    try:
        parts = urlsplit(website or "")
        host = (parts.hostname or "").encode("idna").decode()
        port = f":{parts.port}" if parts.port is not None else ""
    except ValueError:
        return ()
    if parts.scheme not in {"http", "https"} or not _HOST.fullmatch(host):
        return ()
    bare = host.removeprefix("www.")
    return tuple(f"{parts.scheme}://{one}{port}" for one in (bare, f"www.{bare}"))


async def read_embedded_form(request: Request) -> Form:
    """The form of a POST from the frame. Raises Forbidden for one that did not come from a page of ours."""
    form, services = await read_pairs(request), request.app.state.services
    try:
        services.links.read(Purpose.EMBED, form.get("form_token"), services.now())
    except DomainError as error:
        raise Forbidden({"reason": "form_token"}) from error
    return form


async def show_script(request: Request) -> Response:
    """The script. Its address never changes, because it is written into other sites."""
    return Response(static_files()["embed.js"].content, media_type="text/javascript; charset=utf-8", headers=_HEADERS)
