"""The index finds the route that the router would find."""

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.routing import Match, Route

from api.app import create_app, openapi_document
from api.http.route_index import RouteIndex
from runtime.settings import Environment, Settings
from tests.support import sampling

ROUTES = create_app(Settings(environment=Environment.DEVELOPMENT)).router.routes
INDEX = RouteIndex(ROUTES)
WORDS = sorted({part for route in ROUTES for part in getattr(route, "path", "").split("/") if "{" not in part})
METHODS = ("GET", "POST", "PUT", "DELETE", "HEAD", "PATCH")


def _first(routes: Any, method: str, path: str) -> Any:
    scope = {"type": "http", "method": method, "path": path, "root_path": ""}
    return next((route for route in routes if route.matches(scope)[0] is Match.FULL), None)


def _same(method: str, path: str) -> bool:
    return _first(INDEX.candidates(path), method, path) is _first(ROUTES, method, path)


@pytest.mark.parametrize("value", ["x", "01a22bb2-24b0-7f26-9390-06fc7206a867", "a.ics", "", "日本"])
def test_candidates_hold_the_route_of_every_path(value: str) -> None:
    for route in ROUTES:
        assert isinstance(route, Route)
        path = re.sub(r"\{[^}]+\}", value, route.path)
        for method in sampling.sample(METHODS, one_in=3, purpose=f"{route.path} {value}"):
            assert _same(method, path), (method, path)


@given(st.sampled_from(METHODS), st.lists(st.sampled_from(WORDS) | st.text(max_size=5), max_size=8))
def test_candidates_of_any_path_hold_what_the_router_finds(method: str, segments: list[str]) -> None:
    assert _same(method, "/" + "/".join(segments))


def test_candidates_of_a_path_are_few() -> None:
    for route in ROUTES:
        assert isinstance(route, Route)
        assert len(INDEX.candidates(re.sub(r"\{[^}]+\}", "x", route.path))) <= 16


def test_candidates_hold_every_route_whose_parameter_has_any_length() -> None:
    every, one = Route("/files/{path:path}", lambda request: None), Route("/files/x", lambda request: None)
    index = RouteIndex([one, every])
    assert index.candidates("/files/a/b/c") == [every]
    assert index.candidates("/files/x") == [one, every]


def test_applications_share_what_follows_from_their_routes() -> None:
    one, other = (create_app(Settings(environment=Environment.DEVELOPMENT)).state.route_facts for _ in range(2))
    shared = one.keys() & other.keys()
    assert len(shared) > 250
    assert all(one[endpoint] is other[endpoint] for endpoint in shared)


def test_openapi_document_is_the_callers_own() -> None:
    openapi_document()["paths"].clear()
    assert openapi_document()["paths"]
