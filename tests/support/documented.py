"""Every error that the API answers in a test is one that its operation documents; an answer that is not fails the test
that met it."""

import functools
import re

import httpx

from api.app import create_app
from runtime.settings import Environment, Settings

#: What is answered before a route is chosen, whatever the route is.
_BEFORE_ROUTING = frozenset({"method_not_allowed", "too_large", "too_slow", "not_found"})


class UndocumentedError(AssertionError):
    """An operation answered an error code that the OpenAPI document does not list for it."""


@functools.cache
def _operations() -> list[tuple[str, re.Pattern[str], frozenset[str]]]:
    """Method, pattern of the path and codes of every documented operation; fixed paths come first."""
    facts = create_app(Settings(environment=Environment.TEST)).state.route_facts.values()
    operations = [
        (method, re.compile(re.sub(r"\{[^}]*\}", "[^/]+", route.template)), frozenset(route.errors))
        for route in sorted(facts, key=lambda route: route.template.count("{"))
        for method in route.methods
        if route.errors
    ]
    assert len(operations) > 100, "the routes were not found"
    return operations


def documented_codes(method: str, path: str) -> frozenset[str] | None:
    """The error codes of the operation; None where no route has this method and path."""
    return next((codes for verb, shape, codes in _operations() if verb == method and shape.fullmatch(path)), None)


async def check_documented(response: httpx.Response) -> None:
    """A hook of an ``httpx.AsyncClient``. Raises UndocumentedError."""
    if response.status_code < 400 or "json" not in response.headers.get("content-type", ""):
        return
    await response.aread()
    body = response.json()
    code = body.get("code") or body.get("error", {}).get("code")
    request = response.request
    codes = documented_codes(request.method, request.url.path)
    if codes is not None and code not in codes | _BEFORE_ROUTING:
        raise UndocumentedError(f"{request.method} {request.url.path} answered {code}; documented: {sorted(codes)}")
