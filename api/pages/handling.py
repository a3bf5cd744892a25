"""Wraps the handlers of pages: the language first, and a page in place of a refusal that a handler does not answer."""

from collections.abc import Awaitable, Callable
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from api.pages.api_client import ApiError
from api.pages.rendering import choose_language, page, see_other
from api.pages.sessions import LoginNeeded
from domain.errors import Forbidden, NotFound

Handler = Callable[[Request], Awaitable[Response]]


def route(path: str, handler: Handler, *methods: str) -> Route:
    """A page at ``path``."""

    async def answer(request: Request) -> Response:
        choose_language(request)
        try:
            return await handler(request)
        except ApiError as error:
            return _refused(request, error)
        except LoginNeeded:
            return see_other(request, f"/console/login?{urlencode({'next': request.url.path})}")
        except Forbidden:  # of `read_form`; the API's own refusals come as ApiError
            return page(request, "message", {"title_key": "error_title", "say_key": "form_expired"}, status=403)

    return Route(path, answer, methods=list(methods or ("GET",)), include_in_schema=False)


def _refused(request: Request, error: ApiError) -> Response:
    if error.status == 404:
        if "text/html" not in request.headers.get("accept", ""):
            raise NotFound  # programs get the API's answer
        return page(request, "message", {"title_key": "not_found_title", "say_key": "not_found"}, status=404)
    variables = {"title_key": "error_title", "say_key": None, "said": error.message}
    return page(request, "message", variables, status=error.status)
