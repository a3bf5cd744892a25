"""Wraps the handlers of pages: the language first, and a page in place of a refusal that a handler does not answer."""

from collections.abc import Awaitable, Callable
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from api.http.error_sentences import sentence
from api.http.error_texts import MEANINGS
from api.http.rate_limits import RateClass, count
from api.http.request_info import request_info
from api.pages.api_client import ApiError
from api.pages.refusals import reads_pages, refusal_page
from api.pages.rendering import choose_language, see_other
from api.pages.sessions import LoginNeeded, session_of
from domain.errors import DomainError, NotFound

Handler = Callable[[Request], Awaitable[Response]]


def route(path: str, handler: Handler, *methods: str) -> Route:
    """A page at ``path``."""
    return Route(path, answering(handler), methods=list(methods or ("GET",)), include_in_schema=False)


def answering(handler: Handler) -> Handler:
    """The handler with language, counting, and a page in place of a refusal."""

    async def answer(request: Request) -> Response:
        choose_language(request)
        try:
            await _count(request)
            return await handler(request)
        except ApiError as error:
            return await _refused(request, error)
        except LoginNeeded:
            back = {"next": request.url.path} if request.method == "GET" else {}
            return see_other(request, f"/console/login?{urlencode(back)}")
        except DomainError as error:
            if not reads_pages(request):
                raise
            return await _refused(request, _as_api_error(error))

    return answer


async def _count(request: Request) -> None:
    """By login where the browser has one, so that people behind one address do not use up each other's requests; else
    by address."""
    session = session_of(request)
    if session is None:
        await count(request, RateClass.STANDARD)
    else:
        await count(request, RateClass.USER, f"session:{session}")


def _as_api_error(error: DomainError) -> ApiError:
    """A refusal of the page itself, such as that of a form from elsewhere or of too many requests."""
    said = sentence(error.code, error.details, request_info().language)
    return ApiError(MEANINGS[error.code].status, error.code, said, error.details)


async def _refused(request: Request, error: ApiError) -> Response:
    if error.status == 404 and not reads_pages(request):
        raise NotFound
    expired = error.details.get("reason") == "form_token"
    return await refusal_page(request, error.status, error.message, expired=expired)
