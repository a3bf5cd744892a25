"""``/messages/{token}``: which messages the recipient wants, without a login. Mail programs switch one off here."""

import re
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from api.pages.api_client import ApiClient, ApiError
from api.pages.forms import read_form
from api.pages.rendering import page, see_other
from domain.errors import Gone, Unauthenticated

#: The pair that a mail program posts, as a form of either kind (RFC 8058, 3.2: multipart/form-data or
#: application/x-www-form-urlencoded).
_ONE_CLICK = re.compile(
    rb"\AList-Unsubscribe=One-Click\s*\Z|name=\"?List-Unsubscribe\"?\r?\n(?:[^\r\n]+\r?\n)*\r?\nOne-Click\r?\n"
)
_MOST_BYTES = 2000


async def show_choices(request: Request) -> Response:
    """The choices. Opening the page changes nothing, because programs open links too."""
    api, path = _client(request)
    variables: dict[str, Any] = {
        "choices": await api.get(f"{path}/preferences"),
        "address": f"/messages/{request.path_params['token']}",
        "saved": "saved" in request.query_params,
    }
    return page(request, "choices", variables)


async def follow_short_link(request: Request) -> Response:
    """``/m/{code}``: to the page of the booking that an SMS is about; with the proof of its number where it has one."""
    found = await ApiClient(request).get(f"/notifications/links/{request.path_params['code']}")
    target = urlsplit(found["url"])
    return see_other(request, f"{target.path}?{target.query}" if target.query else target.path)


async def change_choices(request: Request) -> Response:
    """Save the form; or switch off the kind of this message, if a mail program asks for it. That has no cookie, so it
    has no form token either, and it is answered without a redirect (RFC 8058, 3.1)."""
    api, path = _client(request)
    body = await request.body()
    if len(body) <= _MOST_BYTES and _ONE_CLICK.search(body):
        await api.post(f"{path}/unsubscribe", {})
        return PlainTextResponse("unsubscribed")
    form = await read_form(request)
    shown = await api.get(f"{path}/preferences")
    wanted, granted = form.all("kind"), form.all("purpose")
    choices = [
        {"kind": one["kind"], "channel": one["channel"], "enabled": f"{one['kind']}:{one['channel']}" in wanted}
        for one in shown["choices"]
    ]
    consents = [{"purpose": one["purpose"], "granted": one["purpose"] in granted} for one in shown["consents"]]
    await api.put(f"{path}/preferences", {"choices": choices, "consents": consents})
    return see_other(request, f"/messages/{request.path_params['token']}?saved")


def _client(request: Request) -> tuple[ApiClient, str]:
    """A client that shows the link, and the path of its message. Raises ApiError for a link that is not ours."""
    token, services = request.path_params["token"], request.app.state.services
    try:
        notice_id: UUID = services.message_links.read(token, services.now())
    except (Unauthenticated, Gone) as error:
        raise ApiError(404, "not_found", "", {}) from error
    return ApiClient(request).with_message(token), f"/notifications/{notice_id}"
