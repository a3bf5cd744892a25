"""``/account/messages``: which messages a login wants, its browsers that get push, and the service worker that shows
them.

The scope of the worker is ``/account``: a script in the folder ``/`` may have any scope (Service Workers, "Register").
It answers no requests, so it changes no page. Browsers ask for its script again at least every 24 hours, and
``no-cache`` makes them compare it each time.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from api.pages.api_client import ApiClient, ApiError
from api.pages.forms import Form, read_form
from api.pages.handling import route
from api.pages.rendering import page, see_other
from api.pages.sessions import logged_in
from api.pages.static_files import static_files

_ADDRESS = "/account/messages"
_HEADERS = {
    "Cache-Control": "no-cache",
    "Content-Security-Policy": "default-src 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
}


async def show_messages(request: Request) -> Response:
    """Which messages the login wants, and where."""
    return await _shown(request, await logged_in(request))


async def change_messages(request: Request) -> Response:
    """Save the choices."""
    return await _change(request, _save)


async def register_browser(request: Request) -> Response:
    """Store what the browser's push service has given."""
    return await _change(request, _register)


async def remove_browser(request: Request) -> Response:
    """Nothing is sent to this browser from now on."""
    return await _change(request, _remove)


async def show_worker(request: Request) -> Response:
    """The service worker. Its address never changes, because browsers know it by that."""
    script = static_files()["push_worker.js"].content
    return Response(script, media_type="text/javascript; charset=utf-8", headers=_HEADERS)


async def _save(api: ApiClient, form: Form) -> None:
    wanted = form.all("kind")
    shown = (await api.get("/notifications/preferences"))["choices"]
    choices = [
        {**{key: one[key] for key in ("kind", "channel")}, "enabled": f"{one['kind']}/{one['channel']}" in wanted}
        for one in shown
    ]
    await api.put("/notifications/preferences", {"choices": choices})


async def _register(api: ApiClient, form: Form) -> None:
    keys = {name: form.get(name) for name in ("p256dh", "auth")}
    await api.post("/notifications/channels/push", {"endpoint": form.get("endpoint"), "keys": keys})


async def _remove(api: ApiClient, form: Form) -> None:
    browser = form.get("browser")
    if browser not in {one["id"] for one in _browsers(await api.get("/notifications/channels"))}:
        raise ApiError(404, "not_found", "", {})
    await api.delete(f"/notifications/channels/{browser}")


async def _change(request: Request, do: Callable[[ApiClient, Form], Awaitable[None]]) -> Response:
    request.scope["omotenashi.page_path"] = _ADDRESS
    form, api = await read_form(request), await logged_in(request)
    try:
        await do(api, form)
    except ApiError as error:
        # The browser is not there any more, as asked: somebody has pressed the button twice.
        if error.status != 404:
            return await _shown(request, api, error)
    return see_other(request, f"{_ADDRESS}?saved")


async def _shown(request: Request, api: ApiClient, error: ApiError | None = None) -> Response:
    found, channels = await asyncio.gather(api.get("/notifications/preferences"), api.get("/notifications/channels"))
    variables = {
        "choices": _by_kind(found["choices"]),
        "push_key": channels["push_public_key"],
        "browsers": _browsers(channels),
        "saved": "saved" in request.query_params,
        "error": error,
    }
    return page(request, "account/messages", variables, status=error.status if error else 200)


def _by_kind(choices: Sequence[Mapping[str, Any]]) -> list[tuple[str, list[Mapping[str, Any]]]]:
    """The ways to reach somebody, by what the message is about."""
    found: dict[str, list[Mapping[str, Any]]] = {}
    for one in choices:
        found.setdefault(one["kind"], []).append(one)
    return list(found.items())


def _browsers(channels: Any) -> list[Any]:
    return [one for one in channels["addresses"] if one["channel"] == "push"]


ROUTES: tuple[Route, ...] = (
    route(_ADDRESS, show_messages),
    route(_ADDRESS, change_messages, "POST"),
    route(f"{_ADDRESS}/browsers", register_browser, "POST"),
    route(f"{_ADDRESS}/browsers/remove", remove_browser, "POST"),
    Route("/push-worker.js", show_worker, include_in_schema=False),
)
