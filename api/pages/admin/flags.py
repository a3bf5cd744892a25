"""``/admin/flags``: features that are switched on and off, by share or for everybody at once."""

import asyncio
import math
import secrets
from collections.abc import Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from api.pages.api_client import ApiClient, ApiError
from api.pages.forms import Form, read_form
from api.pages.rendering import page, see_other
from api.pages.sessions import logged_in
from domain.platform.flag_rollout import Measure

_MOST = 200
_ADDRESS = "/admin/flags"
_CHANGES: Mapping[str, Mapping[str, bool]] = {
    "enable": {"enabled": True},
    "disable": {"enabled": False},
    "kill": {"killed": True},
    "revive": {"killed": False},
}
_ROLLOUT = frozenset({"pause", "resume", "cancel"})


async def show_flags(request: Request) -> Response:
    """Every flag with its rollout."""
    return await _shown(request, await logged_in(request))


async def create(request: Request) -> Response:
    """A new flag; nobody has the feature yet."""
    request.scope["omotenashi.page_path"] = _ADDRESS
    form = await read_form(request)
    api = await logged_in(request)
    body = {"name": form.get("name"), "description": form.get("description"), "subject": form.get("subject") or "user"}
    try:
        await api.post("/feature-flags", body, form.get("key") or secrets.token_urlsafe(24))
    except ApiError as error:
        return await _shown(request, api, error, form)
    return see_other(request, _ADDRESS)


async def change(request: Request) -> Response:
    """Switch a flag, set its share, or command its rollout."""
    request.scope["omotenashi.page_path"] = _ADDRESS
    form = await read_form(request)
    api, what = await logged_in(request), form.get("do")
    path = f"/feature-flags/{request.path_params['flag_id']}"
    try:
        if what in _ROLLOUT:
            await api.post(f"{path}/rollout/{what}", {})
        elif what == "share":
            await api.put(path, {"percentage": form.get("percentage")})
        elif what == "start":
            await api.post(f"{path}/rollout", _plan(form), form.get("key"))
        elif what in _CHANGES:
            await api.put(path, _CHANGES[what])
        else:
            raise ApiError(404, "not_found", "", {})
    except ApiError as error:
        if error.status == 404:
            raise
        return await _shown(request, api, error)
    return see_other(request, _ADDRESS)


async def _shown(request: Request, api: ApiClient, error: ApiError | None = None, form: Form | None = None) -> Response:
    flags = await api.rows("/feature-flags", _MOST)
    rollouts = await asyncio.gather(*(_rollout(api, one["id"]) for one in flags))
    variables = {
        "flags": [{**flag, "rollout": rollout} for flag, rollout in zip(flags, rollouts, strict=True)],
        "measures": list(Measure),
        "typed": {"name": "", "description": "", "subject": "user", **(form.values if form else {})},
        "errors": error.fields if error else {},
        "error": error,
        "key": secrets.token_urlsafe(24),
    }
    return page(request, "admin/flags", variables, status=error.status if error else 200)


def _plan(form: Form) -> Mapping[str, Any]:
    """Equal times for each share that was typed, such as ``5, 25, 100``."""
    shares = [one.strip() for one in form.get("shares").replace("、", ",").split(",") if one.strip()]
    minutes, limits = form.get("minutes"), [(measure, form.get(measure)) for measure in Measure]
    return {
        "steps": [{"percentage": _number(one), "watch_minutes": _number(minutes)} for one in shares],
        "limits": {measure.value: _number(value) for measure, value in limits if value},
    }


def _number(text: str) -> float | int | str:
    """The number, or the text, which the API refuses."""
    try:
        found = float(text)
    except ValueError:
        return text
    if not math.isfinite(found):
        return text
    return int(found) if found.is_integer() else found


async def _rollout(api: ApiClient, flag_id: str) -> Mapping[str, Any] | None:
    try:
        found: Mapping[str, Any] = await api.get(f"/feature-flags/{flag_id}/rollout")
    except ApiError as error:
        if error.status != 404:
            raise
        return None
    return found
