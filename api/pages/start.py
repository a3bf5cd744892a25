"""``/``: the businesses that can be booked, and the ways into the other pages. Programs get the API's answer there."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from api.http.query_parameters import check_query
from api.http.root import get_root
from api.pages.api_client import ApiClient, ApiError
from api.pages.handling import answering
from api.pages.refusals import reads_pages
from api.pages.rendering import page

_MOST = 50
_LONGEST = 100


async def show_start(request: Request) -> Response:
    """Businesses by name; ``?q`` searches."""
    asked = request.query_params.get("q", "").strip()[:_LONGEST]
    error: ApiError | None = None
    found = []
    try:
        found = await ApiClient(request).rows("/businesses", _MOST, **({"q": asked} if asked else {}))
    except ApiError as refused:
        if refused.status != 422:
            raise
        error = refused
    variables = {"businesses": found, "q": asked, "full": len(found) == _MOST, "most": _MOST, "error": error}
    return page(request, "start", variables, status=error.status if error else 200)


_show = answering(show_start)


async def _answer(request: Request) -> Response:
    if reads_pages(request):
        return await _show(request)
    check_query(request.scope["query_string"], frozenset())
    return await get_root()


ROUTE = Route("/", _answer, include_in_schema=False)
