"""Every route is declared once, whole: with the prefix and with the checks that all routes have."""

from fastapi import APIRouter
from fastapi.routing import APIRoute, iter_route_contexts
from starlette.routing import BaseRoute, Route

from api.app import create_app
from api.http import routing
from runtime.settings import Environment, Settings

#: Routes of this server outside the prefix, beside those of its health.
OUTSIDE = {"/", "/metrics", "/docs", "/openapi.json"}


def _incomplete(routes: list[BaseRoute]) -> list[str]:
    """The paths of routes that lack the prefix or the checks that every route has, and of included routers."""
    found = []
    for context, route in zip(iter_route_contexts(routes), routes, strict=False):
        path = context.path or ""
        if context.original_route is not route:
            found.append(f"{path}: its router is included, so it is analysed twice")
        elif isinstance(route, APIRoute):
            if not isinstance(route, routing.CheckedRoute):
                found.append(f"{path}: not counted, or unknown query parameters are not refused")
            if not path.startswith(f"{routing.PREFIX}/") and path not in OUTSIDE and not path.startswith("/health"):
                found.append(f"{path}: not under {routing.PREFIX}")
        elif not isinstance(route, Route):
            found.append(f"{path}: unknown kind of route")
    return found


def test_routes_are_whole_and_none_is_included() -> None:
    routes = list(create_app(Settings(environment=Environment.DEVELOPMENT)).routes)
    assert len(routes) > 150
    assert _incomplete(routes) == []


def test_routes_of_a_plain_router_would_be_found() -> None:
    plain = APIRouter(prefix=routing.PREFIX)
    plain.get("/things")(lambda: None)
    including = APIRouter(route_class=routing.CheckedRoute)
    including.include_router(plain)
    assert len(_incomplete(list(plain.routes))) == 1
    assert len(_incomplete(list(including.routes))) == 1
