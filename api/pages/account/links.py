"""The pages behind the links of account e-mails. Opening one changes nothing, because programs that check mail open
every link; its button does. The addresses are those of `activities.templates.account_email`."""

from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Any
from urllib.parse import quote, urlencode

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from api.pages.api_client import ApiClient, ApiError
from api.pages.forms import Form, read_form
from api.pages.handling import route
from api.pages.rendering import page, see_other
from api.pages.sessions import LoginNeeded, forget_session, logged_in
from domain.identity.passwords import MIN_LENGTH

#: Codes of the refusal of a token that never works, or no longer.
_ENDED = frozenset({"gone", "invalid_link", "unauthenticated", "not_found", "already_exists"})
_ENTER = (("way_account", "/account"), ("way_console", "/console"))


@dataclass(frozen=True, slots=True)
class LinkPage:
    """A kind of link. ``name`` is in the keys of its sentences; ``again``: where to go on when the link has ended."""

    name: str
    path: str
    operation: str
    again: tuple[tuple[str, str], ...]


VERIFY = LinkPage("verify", "/verify-email", "/auth/verify-email", (("way_verify", "/verify-email"),))
RESET = LinkPage("reset", "/reset-password", "/auth/reset-password", (("way_forgot", "/forgot-password"),))
KEEP_FACTOR = LinkPage(
    "factor", "/cancel-two-factor-reset", "/auth/2fa/cancel-reset", (("way_profile", "/account/profile"),)
)
JOIN = LinkPage("join", "/staff/invitation", "/staff/invitations/accept", (("way_console", "/console"),))
EXPORT = LinkPage("file", "/data-export", "/auth/export/fetch", (("way_data", "/account/data"),))


async def _show(kind: LinkPage, request: Request) -> Response:
    """What the button does, and the button."""
    return _link(request, kind)


async def _use(kind: LinkPage, request: Request) -> Response:
    """Use the link."""
    await _sent(request)
    try:
        await ApiClient(request).post(kind.operation, {"token": request.path_params["token"]})
    except ApiError as error:
        return _refused(request, kind, error)
    return see_other(request, f"{kind.path}?done")


async def fetch_export(request: Request) -> Response:
    """The file; the link works again."""
    await _sent(request)
    try:
        file = await ApiClient(request).fetch(EXPORT.operation, {"token": request.path_params["token"]})
    except ApiError as error:
        return _refused(request, EXPORT, error)
    headers = {"Content-Disposition": file.headers["content-disposition"], "Cache-Control": "no-store"}
    return Response(file.content, media_type=file.headers["content-type"], headers=headers)


async def show_new_password(request: Request) -> Response:
    """The form for a new password."""
    return _new_password(request)


async def reset_password(request: Request) -> Response:
    """Store the new password; every session ends."""
    form = await _sent(request)
    body = {"token": request.path_params["token"], "password": form.get("password")}
    try:
        await ApiClient(request).post(RESET.operation, body)
    except ApiError as error:
        return _ended(request, RESET, error) if _has_ended(error) else _new_password(request, error)
    response = see_other(request, f"{RESET.path}?done")
    forget_session(request, response)
    return response


async def show_invitation(request: Request) -> Response:
    """The invitation, with its button for a browser that is logged in, else with the ways to a login."""
    return await _invitation(request)


async def accept_invitation(request: Request) -> Response:
    """Accept it as the login of this browser."""
    await _sent(request)
    try:
        api = await logged_in(request)
    except LoginNeeded:
        return see_other(request, _login(request))
    try:
        await api.post(JOIN.operation, {"token": request.path_params["token"]})
    except ApiError as error:
        return _ended(request, JOIN, error) if _has_ended(error) else await _invitation(request, error)
    return see_other(request, "/console")


async def _show_end(kind: LinkPage, request: Request) -> Response:
    """The address without a token: that the link was used, or that it is not complete."""
    if "done" in request.query_params:
        name = f"link_{kind.name}_done"
        return page(request, "message", {"title_key": f"{name}_title", "say_key": name, "ways": _ENTER})
    variables = {"title_key": "link_ended_title", "say_key": "link_wrong", "ways": kind.again}
    return page(request, "message", {**variables, "more_key": f"link_{kind.name}_again"})


async def _show_address_form(kind: LinkPage, request: Request) -> Response:
    """Asks to which address a new link is sent."""
    if "done" in request.query_params:
        return await _show_end(kind, request)
    if "sent" in request.query_params:
        variables = {"title_key": "mail_sent_title", "say_key": "mail_sent", "more_key": "mail_missing", "ways": _ENTER}
        return page(request, "message", variables)
    return _address_form(request, kind)


async def _send_link(kind: LinkPage, operation: str, request: Request) -> Response:
    """Ask for a new link. The answer is the same for every address."""
    form = await _sent(request)
    try:
        await ApiClient(request).post(operation, {"email": form.get("email")})
    except ApiError as error:
        return _address_form(request, kind, form.get("email"), error)
    return see_other(request, f"{request.url.path}?sent")


async def _sent(request: Request) -> Form:
    request.scope["omotenashi.page_path"] = request.url.path
    return await read_form(request)


def _link(request: Request, kind: LinkPage, error: ApiError | None = None, **more: Any) -> Response:
    variables = {"name": kind.name, "error": error, "me": None, "login": "", "register": "", **more}
    return page(request, "account/link", variables, status=error.status if error else 200)


async def _invitation(request: Request, error: ApiError | None = None) -> Response:
    me = None
    with suppress(LoginNeeded):
        me = await (await logged_in(request)).get("/auth/me")
    return _link(request, JOIN, error, me=me, login=_login(request), register=f"/register?{_back(request)}")


def _new_password(request: Request, error: ApiError | None = None) -> Response:
    variables = {"error": error, "errors": error.fields if error else {}, "least": MIN_LENGTH}
    return page(request, "account/new_password", variables, status=error.status if error else 200)


def _address_form(request: Request, kind: LinkPage, email: str = "", error: ApiError | None = None) -> Response:
    variables = {"name": kind.name, "email": email, "error": error, "errors": error.fields if error else {}}
    return page(request, "account/address", variables, status=error.status if error else 200)


def _has_ended(error: ApiError) -> bool:
    return error.code in _ENDED or "token" in error.fields


def _refused(request: Request, kind: LinkPage, error: ApiError) -> Response:
    return _ended(request, kind, error) if _has_ended(error) else _link(request, kind, error)


def _ended(request: Request, kind: LinkPage, error: ApiError) -> Response:
    """Why the link does not work, and how to get another one."""
    known = error.code in {"gone", "already_exists"}
    variables = {
        "title_key": "link_ended_title",
        "say_key": None if known else "link_wrong",
        "said": error.message,
        "more_key": f"link_{kind.name}_again",
        "ways": kind.again,
    }
    return page(request, "message", variables, status=error.status)


def _login(request: Request) -> str:
    return f"/console/login?{_back(request)}"


def _back(request: Request) -> str:
    return urlencode({"next": f"{JOIN.path}/{quote(request.path_params['token'], safe='')}"})


ROUTES: tuple[Route, ...] = (
    route("/verify-email", partial(_show_address_form, VERIFY)),
    route("/verify-email", partial(_send_link, VERIFY, "/auth/resend-verification"), "POST"),
    route("/verify-email/{token}", partial(_show, VERIFY)),
    route("/verify-email/{token}", partial(_use, VERIFY), "POST"),
    route("/forgot-password", partial(_show_address_form, RESET)),
    route("/forgot-password", partial(_send_link, RESET, "/auth/forgot-password"), "POST"),
    route("/reset-password", partial(_show_end, RESET)),
    route("/reset-password/{token}", show_new_password),
    route("/reset-password/{token}", reset_password, "POST"),
    route("/staff/invitation", partial(_show_end, JOIN)),
    route("/staff/invitation/{token}", show_invitation),
    route("/staff/invitation/{token}", accept_invitation, "POST"),
    route("/cancel-two-factor-reset", partial(_show_end, KEEP_FACTOR)),
    route("/cancel-two-factor-reset/{token}", partial(_show, KEEP_FACTOR)),
    route("/cancel-two-factor-reset/{token}", partial(_use, KEEP_FACTOR), "POST"),
    route("/data-export", partial(_show_end, EXPORT)),
    route("/data-export/{token}", partial(_show, EXPORT)),
    route("/data-export/{token}", fetch_export, "POST"),
)
