"""``/register``: a new login, for the owner of a business or for a person who is invited."""

import secrets

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from api.pages.api_client import ApiClient, ApiError
from api.pages.console.login import login_address, own_path
from api.pages.forms import Form, read_form
from api.pages.handling import route
from api.pages.rendering import page, see_other
from domain.identity.passwords import MIN_LENGTH

_FIELDS = ("family_name", "given_name", "email", "password")


async def show_form(request: Request) -> Response:
    """The form; after it, where to look for the e-mail."""
    back = own_path(request.query_params.get("next", ""))
    if "sent" in request.query_params:
        variables = {"title_key": "mail_sent_title", "say_key": "register_sent", "more_key": "mail_missing"}
        ways = [("log_in", login_address(back)), ("way_verify", "/verify-email")]
        return page(request, "message", {**variables, "ways": ways})
    return _form(request, Form(()), back)


async def register(request: Request) -> Response:
    """Make the login. An e-mail asks to confirm its address."""
    request.scope["omotenashi.page_path"] = "/register"
    form = await read_form(request)
    back = own_path(form.get("next"))
    try:
        await ApiClient(request).post("/auth/register", {name: form.get(name) for name in _FIELDS}, form.get("key"))
    except ApiError as error:
        return _form(request, form, back, error)
    return see_other(request, f"{login_address(back, '/register')}&sent")


def _form(request: Request, form: Form, back: str, error: ApiError | None = None) -> Response:
    variables = {
        "typed": {name: form.get(name) for name in _FIELDS[:3]},
        "next": back,
        "login": login_address(back),
        "key": secrets.token_urlsafe(24),
        "error": error,
        "errors": error.fields if error else {},
        "least": MIN_LENGTH,
    }
    return page(request, "account/register", variables, status=error.status if error else 200)


ROUTES: tuple[Route, ...] = (route("/register", show_form), route("/register", register, "POST"))
