"""``/console/login``: password, then the second factor where the login has one; ``/console/logout``."""

from collections.abc import Mapping
from contextlib import suppress
from typing import Any
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response

from api.pages.api_client import ApiClient, ApiError
from api.pages.forms import Form, read_form, renew_token
from api.pages.rendering import page, see_other
from api.pages.sessions import LoginNeeded, forget_session, logged_in, open_session

_START = "/console"
_PLACES = (_START, "/admin", "/account", "/staff/invitation")


async def show_login(request: Request) -> Response:
    """The form."""
    return _form(request, {"next": own_path(request.query_params.get("next", ""))})


async def log_in(request: Request) -> Response:
    """Check the password."""
    form = await read_form(request)
    body = {"email": form.get("email"), "password": form.get("password")}
    try:
        answer = await ApiClient(request).post("/auth/login", body)
    except ApiError as error:
        return _form(request, _typed(form), error, error.status)
    if answer["two_factor_required"]:
        variables = {"challenge": answer["challenge_token"], "next": own_path(form.get("next")), "error": None}
        return page(request, "console/code", variables)
    return _entered(request, form, answer)


async def prove(request: Request) -> Response:
    """Check the code of the second factor."""
    form = await read_form(request)
    api = ApiClient(request).with_login(form.get("challenge"))
    try:
        answer = await api.post("/auth/2fa/verify", {"code": form.get("code")})
    except ApiError as error:
        variables = {"challenge": form.get("challenge"), "next": own_path(form.get("next")), "error": error}
        return page(request, "console/code", variables, status=error.status)
    return _entered(request, form, answer)


async def log_out(request: Request) -> Response:
    """End the session."""
    await read_form(request)
    with suppress(LoginNeeded):  # it had ended before
        await (await logged_in(request)).post("/auth/logout", {})
    response = see_other(request, "/console/login")
    forget_session(request, response)
    return response


def own_path(path: str) -> str:
    """A path of the console, of the operators' pages, of an account or of an invitation; anything else is the console's
    start, so that a link cannot send people to another site."""
    known = path.startswith(tuple(f"{one}/" for one in _PLACES)) or path in _PLACES
    safe = known and "//" not in path and "\\" not in path
    return path if safe else _START


def login_address(back: str, page_path: str = "/console/login") -> str:
    """The log-in page, or another page before it, from which people go on to ``back``."""
    return f"{page_path}?{urlencode({'next': own_path(back)})}"


def _entered(request: Request, form: Form, answer: Mapping[str, Any]) -> Response:
    renew_token(request)
    response = see_other(request, own_path(form.get("next")))
    open_session(request, response, answer["access_token"])
    return response


def _form(request: Request, typed: Mapping[str, str], error: ApiError | None = None, status: int = 200) -> Response:
    place = typed.get("next", _START)
    variables: dict[str, Any] = {
        "email": typed.get("email", ""),
        "next": place,
        "error": error,
        "own": place.startswith("/account"),
    }
    variables["register"] = login_address(place, "/register")
    return page(request, "console/login", variables, status=status)


def _typed(form: Form) -> Mapping[str, str]:
    return {"email": form.get("email"), "next": own_path(form.get("next"))}
