"""The routers of the API. Their routes are complete when they are declared: with the prefix, the dependencies and the
operation id of every route."""

from enum import Enum

from fastapi import APIRouter, Depends
from fastapi.routing import APIRoute

from api.http.query_parameters import known_query
from api.http.rate_limits import count_request

PREFIX = "/api/v1"


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
        dependencies=[Depends(count_request), Depends(known_query)],
        generate_unique_id_function=_operation_id,
    )
