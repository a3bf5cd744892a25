"""The routers of the API. Their routes are complete when they are declared: with the prefix, the checks and the
operation id of every route."""

import functools
import inspect
from collections.abc import Awaitable, Callable
from enum import Enum
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.routing import APIRoute

from api.http.query_parameters import refuse_unknown_query
from api.http.rate_limits import count_request
from api.http.response_cache import answer_repeated

PREFIX = "/api/v1"


class CheckedRoute(APIRoute):
    """A route whose requests are counted, and refused for query parameters that it does not read, before anything else.

    These are no dependencies, because FastAPI takes longer for two of them than both checks do.
    """

    def get_route_handler(self) -> Callable[[Request], Awaitable[Response]]:  # type: ignore[override]
        """FastAPI's extension point."""
        handle: Callable[[Request], Any] = super().get_route_handler()

        async def check(request: Request) -> Response:
            await count_request(request)
            refuse_unknown_query(request)
            answer: Response = await handle(request)
            return answer

        return check

    async def quick(self, request: Request) -> Response | None:
        """An answer without FastAPI's exit stacks and dependencies, which take longer than all else that such a request
        needs: one that was answered before, or of an endpoint that asks for nothing but the request. None: the route
        must handle it. Raises what the endpoint raises; the application maps errors around the router, too."""
        repeated = await answer_repeated(request)
        if repeated is not None or not self._asks_nothing:
            return repeated
        await count_request(request)
        refuse_unknown_query(request)
        answer: Response = await self.endpoint(request)
        return answer

    @functools.cached_property
    def _asks_nothing(self) -> bool:
        """Whether it is a GET whose endpoint takes the request alone, and answers with a response."""
        asked = inspect.signature(self.endpoint)
        takes = [one.annotation for one in asked.parameters.values()]
        return (self.methods, self.dependencies, takes, asked.return_annotation) == ({"GET"}, [], [Request], Response)


def _operation_id(route: APIRoute) -> str:
    return route.name


def router(prefix: str = "", *, tags: list[str | Enum] | None = None, version: str = PREFIX) -> APIRouter:
    """A router whose routes the application lists as they are.

    FastAPI analyses an endpoint with all it depends on when it is declared, and again when its router is included in
    another one: a third of the API's start. So routers here are never included.

    Args:
        prefix: what the paths of all its routes begin with.
        tags: headings of the OpenAPI document.
        version: what comes before the prefix; empty for routes outside ``/api/v1``.
    """
    return APIRouter(
        prefix=version + prefix,
        tags=tags,
        route_class=CheckedRoute,
        generate_unique_id_function=_operation_id,
    )
