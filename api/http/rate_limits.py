"""Rate limits. Every route has one class; an endpoint declares it with :func:`limited`, otherwise it is ``user`` where
a login is required and ``standard`` elsewhere.

Counted in Redis in one round trip; in Postgres while Redis is unavailable; without both, requests are refused. A
request that reaches a route is counted before its work (:func:`count_request`), others before their answer is sent
(`api.http.request_limits`).
"""

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, TypeVar
from uuid import UUID

import structlog
from fastapi import Request
from fastapi.dependencies.models import Dependant
from fastapi.routing import iter_route_contexts
from starlette.routing import BaseRoute
from starlette.types import Scope as HttpScope

from api.access.callers import LOGIN, Access, ApiServices, client_address, current_login
from api.access.tokens import Login
from api.http.operation_errors import codes_of
from api.http.query_parameters import parameters_of
from db.engine.session import Scope
from domain.errors import RateLimited, Unauthenticated, Unavailable
from domain.identity.network import network_of
from domain.platform.rate_limits import LimitResult, RateLimit, Window
from providers.cache.interface import CacheUnavailable
from runtime.settings import Settings

log = structlog.get_logger(__name__)

_Endpoint = TypeVar("_Endpoint", bound=Callable[..., Any])

LIMIT_HEADERS = ("X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset")

#: Where a request's count is kept in its ASGI scope.
_COUNTED = "omotenashi.counted"


class RateClass(StrEnum):
    """``auth`` and ``login`` count by address, the others by user, or by address without a login."""

    STANDARD = "standard"
    USER = "user"
    AUTH = "auth"
    #: By address. Wrong passwords are counted by address and account together (`db.identity.logins`), so that an office
    #: behind one address can log in.
    LOGIN = "login"
    PAYMENT = "payment"
    STRICT = "strict"
    #: Counted beside the route's class, per business, by :func:`count_booking`.
    BOOKING = "booking"
    #: Not counted: health checks must not need Redis, and signed webhooks of providers must not be refused.
    NONE = "none"


_declared: dict[Callable[..., Any], RateClass] = {}


def limited(rate_class: RateClass) -> Callable[[_Endpoint], _Endpoint]:
    """Declare the class of an endpoint; it goes below its ``@router`` line."""

    def declare(endpoint: _Endpoint) -> _Endpoint:
        _declared[endpoint] = rate_class
        return endpoint

    return declare


@dataclass(frozen=True, slots=True)
class RouteFacts:
    """Facts about a route, known at the start."""

    template: str
    methods: frozenset[str]
    rate_class: RateClass
    needs_login: bool
    #: The names of its query parameters.
    query: frozenset[str]
    #: The error codes that the route may answer.
    errors: tuple[str, ...] = ()


def route_facts(routes: Iterable[BaseRoute]) -> dict[Callable[..., Any], RouteFacts]:
    """Every route by its endpoint."""
    facts: dict[Callable[..., Any], RouteFacts] = {}
    for context in iter_route_contexts(list(routes)):
        endpoint = context.endpoint
        if endpoint is not None:
            methods = frozenset(context.methods or ())
            dependant: Dependant | None = getattr(context, "dependant", None)
            needs_login = dependant is not None and _needs_login(dependant)
            rate_class = _declared.get(endpoint, RateClass.USER if needs_login else RateClass.STANDARD)
            reads_body = getattr(context, "body_field", None) is not None
            codes = tuple(codes_of(dependant, reads_body)) if dependant is not None else ()
            template, query = context.path_format or "", parameters_of(dependant)
            facts[endpoint] = RouteFacts(template, methods, rate_class, needs_login, query, codes)
    return facts


def _needs_login(dependant: Dependant) -> bool:
    return any(one.call is current_login or _needs_login(one) for one in dependant.dependencies)


def rate_of(settings: Settings, rate_class: RateClass) -> RateLimit:
    """The rate of a class that is counted."""
    rate: RateLimit = getattr(settings, f"rate_limit_{rate_class.value}")
    return rate


@dataclass(frozen=True, slots=True)
class Tally:
    """The count of one request. ``reset_at``: Unix time at which the window allows more requests."""

    rate_class: RateClass
    limit: int
    counted: LimitResult
    reset_at: int

    def headers(self) -> list[tuple[bytes, bytes]]:
        """``X-RateLimit-*``."""
        return [
            (name.lower().encode(), b"%d" % value)
            for name, value in zip(LIMIT_HEADERS, (self.limit, self.counted.left, self.reset_at), strict=True)
        ]


def tally_of(scope: HttpScope) -> Tally | None:
    """What was counted for the request, if anything."""
    found: Tally | None = scope.get(_COUNTED)
    return found


def do_not_count(scope: HttpScope) -> None:
    """For a call that a page makes in this process: the page itself was counted."""
    scope[_COUNTED] = None


def class_of(scope: HttpScope) -> RateClass:
    """The class of the request's route; ``standard`` for a request that reached none."""
    facts: dict[Any, RouteFacts] = scope["app"].state.route_facts if "app" in scope else {}
    known = facts.get(scope.get("endpoint"))
    return known.rate_class if known else RateClass.STANDARD


async def count_request(request: Request) -> None:
    """Every route does this first. Raises RateLimited, and Unavailable when counting is impossible."""
    await count(request, class_of(request.scope))


async def count(request: Request, rate_class: RateClass, subject: str | None = None) -> None:
    """Count the request once, for ``subject`` where the caller is known in another way than by a token. Raises
    RateLimited, and Unavailable when counting is impossible."""
    window = uncounted_window(request, rate_class, subject)
    if window is not None:
        request.scope[_COUNTED] = None  # once only, even if it fails
        note_count(request, rate_class, window, await _count(request.app.state.services, window))


def uncounted_window(request: Request, rate_class: RateClass, subject: str | None = None) -> Window | None:
    """Where to count the request; None if it is counted already, or never."""
    if rate_class is RateClass.NONE or _COUNTED in request.scope:
        return None
    rate = rate_of(request.app.state.services.settings, rate_class)
    return Window(f"{rate_class.value}:{subject or _subject(request, rate_class)}", rate.limit, rate.period)


def note_count(request: Request, rate_class: RateClass, window: Window, counted: LimitResult) -> None:
    """Remember how the request was counted, for the headers of its answer. Raises RateLimited."""
    seconds = -(-counted.resets_in.total_seconds() // 1)
    request.scope[_COUNTED] = Tally(rate_class, window.limit, counted, int(time.time() + seconds))
    if not counted.allowed:
        raise RateLimited({"retry_after": max(1, int(seconds))})


async def count_booking(services: ApiServices, caller: Access) -> None:
    """Count one try to book at the business that ``caller`` has entered, by user, or by network without a login;
    refused tries count too. Members of the business are not counted. Raises RateLimited and Unavailable."""
    if caller.works_here:
        return
    who = f"user:{caller.user_id}" if caller.user_id else f"address:{network_of(caller.address)}"
    await _count_beside(services, RateClass.BOOKING, f"booking:{who}:{caller.business_id}")


async def count_file(services: ApiServices, user_id: UUID) -> None:
    """Count one try to have a file written, by user, beside the route's class: the same route answers small requests at
    once. Raises RateLimited and Unavailable."""
    await _count_beside(services, RateClass.STRICT, f"file:user:{user_id}")


async def _count_beside(services: ApiServices, rate_class: RateClass, name: str) -> None:
    rate = rate_of(services.settings, rate_class)
    counted = await _count(services, Window(name, rate.limit, rate.period))
    if not counted.allowed:
        raise RateLimited({"retry_after": max(1, int(-(-counted.resets_in.total_seconds() // 1)))})


async def _count(services: ApiServices, window: Window) -> LimitResult:
    try:
        [counted] = await services.cache.count([window])
    except CacheUnavailable:
        try:
            async with services.counting.unit_of_work(Scope.public()) as work:
                [counted] = await work.platform.rate_limits.count([window])
        except Unavailable:
            raise
        except Exception as error:  # whichever error it is, an uncounted request must not be accepted
            log.exception("requests cannot be counted")
            raise Unavailable({"dependency": "rate_limits", "retry_after": 2}) from error
    return counted


def _subject(request: Request, rate_class: RateClass) -> str:
    if rate_class not in {RateClass.AUTH, RateClass.LOGIN}:
        login = _login_of(request)
        if login is not None:
            return f"user:{login.user_id}"
    return f"address:{network_of(client_address(request))}"


def _login_of(request: Request) -> Login | None:
    """The login of the token; None without a valid one, which the route then refuses."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    services: ApiServices = request.app.state.services
    try:
        login = services.tokens.read(token, services.now()) if scheme.lower() == "bearer" else None
    except Unauthenticated:
        return None
    request.scope[LOGIN] = login
    return login
