"""Assembles the API: routes, middleware, and the services that it depends on."""

import asyncio
import copy
import functools
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

from fastapi import FastAPI, Request
from starlette.middleware.cors import CORSMiddleware
from starlette.responses import Response
from starlette.routing import BaseRoute
from temporalio.client import Client

from api import routes
from api.access import guest_links
from api.access.callers import ApiServices
from api.access.flags import Flags
from api.access.passwords import ROUNDS, Passwords
from api.access.payload_cookie import PayloadCookieMiddleware
from api.access.tokens import Tokens
from api.http import documentation, errors, health, metrics, root
from api.http import openapi as document
from api.http.idempotency import HEADER, REPLAYED, Replay, replayed
from api.http.rate_limits import LIMIT_HEADERS, RouteFacts, route_facts
from api.http.request_context import RequestContextMiddleware
from api.http.request_limits import RequestLimitsMiddleware
from api.http.response_cache import Answers
from api.http.route_index import RoutesByPath
from api.pages import routes as pages
from api.pages import start
from api.pages.refusals import ErrorPages
from api.v1.bookings.live.hub import LiveHub
from db.account_secrets import secrets_reader
from db.engine.session import Database, connect
from providers.cache.generations import Generations
from providers.cache.interface import Cache
from providers.cache.registry import cache_of
from providers.channels import Channels
from providers.payments.interface import PaymentProvider
from providers.payments.registry import payment_providers
from providers.storage.interface import Storage
from providers.storage.registry import storage_provider
from runtime import temporal as temporal_connection
from runtime.keyring import KeyRing
from runtime.links import Links
from runtime.payload_codec import payload_codec
from runtime.settings import Settings

_TITLE, _VERSION = "Omotenashi Connect", "1"


def _utc_now() -> datetime:
    return datetime.now(UTC)


def create_app(
    settings: Settings,
    *,
    database: Database | None = None,
    temporal: Client | None = None,
    payments: Mapping[str, PaymentProvider] | None = None,
    channels: Channels | None = None,
    cache: Cache | None = None,
    storage: Storage | None = None,
    password_rounds: int = ROUNDS,
    now: Callable[[], datetime] = _utc_now,
) -> FastAPI:
    """The application. It makes and closes the services that are not passed in; the caller closes the others. It opens
    the connections of its own pool before it takes requests, but starts without Postgres and Temporal, too: they are
    called when a request needs them."""
    keys = KeyRing.of(settings)
    payloads = payload_codec(settings)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with AsyncExitStack() as stack:
            used_database = database or _database(settings, stack)
            opening = asyncio.create_task(used_database.open_pool(_OPEN_WITHIN)) if database is None else None
            used_cache = cache or _cache(settings, stack)
            app.state.answers = _answers(settings, used_database, used_cache, stack)
            app.state.services = ApiServices(
                settings=settings,
                database=used_database,
                counting=_database(settings.model_copy(update=_COUNTING), stack),
                temporal=temporal or await temporal_connection.connect(settings, process="api", lazy=True),
                payments=payments if payments is not None else _payments(settings, used_database, stack),
                channels=channels or _channels(settings, stack),
                storage=storage or _storage(settings, stack),
                passwords=_passwords(password_rounds, stack),
                tokens=Tokens(keys, settings.access_token_lifetime),
                links=Links(keys),
                cache=used_cache,
                flags=await _flags(used_database, used_cache, stack),
                payload_codec=payloads,
                now=now,
            )
            app.state.live = _live(settings, used_database, used_cache, stack)
            if opening is not None:
                await opening
            yield

    app = _application(lifespan)
    _furnish(app, settings)
    return app


#: Counting happens inside the transaction of a request. If it waited for a connection of the same pool, requests that
#: hold all of them would wait for each other. A transaction that counts needs nothing else.
_COUNTING = {"database_pool_size": 4, "database_pool_overflow": 0}


#: How long the start waits for the connections of the pool; it takes a tenth of that. Without Postgres the API starts
#: too, and says by ``/health/ready`` that it is away.
_OPEN_WITHIN = timedelta(seconds=1)


def _application(lifespan: Callable[[FastAPI], AbstractAsyncContextManager[None]]) -> FastAPI:
    return FastAPI(
        title=_TITLE,
        version=_VERSION,
        description=document.description(),
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        # FastAPI's own would send texts of errors and whole addresses, wherever a variable of OpenTelemetry says.
        telemetry={"tracing": False, "metrics": False, "logs": False, "auto_configure": False},
    )


def openapi_document() -> dict[str, Any]:
    """The OpenAPI document, without a running server; the caller's own."""
    return copy.deepcopy(_openapi_document())


@functools.cache
def _openapi_document() -> dict[str, Any]:
    return document.document_of(_TITLE, _VERSION, _shared_routes(), _shared_facts().values())


def _furnish(app: FastAPI, settings: Settings) -> None:
    app.state.settings = settings
    app.state.looks = health.Looks()
    app.state.metrics = metrics.Metrics()
    _add_routes(app)
    _add_layers(app, settings)
    app.openapi = _openapi_document  # type: ignore[method-assign]
    shared = {id(route) for route in _shared_routes()}
    app.state.route_facts = _shared_facts() | route_facts(route for route in app.routes if id(route) not in shared)


@functools.cache
def _shared_routes() -> tuple[BaseRoute, ...]:
    """The routes that all applications of this process share: they do not depend on settings."""
    routers = (*routes.ROUTERS, health.router, metrics.router, root.router)
    # The page at ``/`` comes before the API's answer there, which it gives to programs itself.
    return (
        *documentation.ROUTES,
        start.ROUTE,
        *(route for router in routers for route in router.routes),
        *pages.ROUTES,
    )


@functools.cache
def _shared_facts() -> dict[Callable[..., Any], RouteFacts]:
    return route_facts(_shared_routes())


def _add_routes(app: FastAPI) -> None:
    app.router.routes.extend(_shared_routes())
    errors.install(app)
    app.add_exception_handler(Replay, _replay)
    RoutesByPath.install(app.router)


async def _replay(_: Request, replay: Exception) -> Response:
    if not isinstance(replay, Replay):
        raise replay
    return replayed(replay)


def _add_layers(app: FastAPI, settings: Settings) -> None:
    """The middleware that is added last is the outermost."""
    app.add_middleware(RequestLimitsMiddleware, settings=settings)
    app.add_middleware(ErrorPages)
    if settings.cors_origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=list(settings.cors_origins),
            allow_methods=["GET", "POST", "PUT", "DELETE"],
            allow_headers=[
                "Authorization",
                guest_links.HEADER,
                guest_links.WAITLIST_HEADER,
                guest_links.MESSAGE_HEADER,
                "Content-Type",
                "Accept-Language",
                HEADER,
                "X-Request-ID",
            ],
            expose_headers=["X-Request-ID", "Retry-After", REPLAYED, *LIMIT_HEADERS],
            max_age=600,
        )
    app.add_middleware(PayloadCookieMiddleware, origin=settings.temporal_ui_origin)
    app.add_middleware(RequestContextMiddleware, settings=settings, metrics=app.state.metrics)


def _database(settings: Settings, stack: AsyncExitStack) -> Database:
    database = connect(settings)
    stack.push_async_callback(database.close)
    return database


def _payments(settings: Settings, database: Database, stack: AsyncExitStack) -> Mapping[str, PaymentProvider]:
    providers = payment_providers(settings, secrets_reader(database, KeyRing.of(settings)))
    stack.push_async_callback(providers.aclose)
    # In a thread and not waited for: the API answers meanwhile, and the first payment finds them made.
    loading = asyncio.create_task(asyncio.to_thread(providers.load))
    stack.callback(loading.cancel)
    return providers


def _channels(settings: Settings, stack: AsyncExitStack) -> Channels:
    channels = Channels.of(settings)
    stack.push_async_callback(channels.aclose)
    return channels


async def _flags(database: Database, cache: Cache, stack: AsyncExitStack) -> Flags:
    flags = Flags(database, cache)
    await stack.enter_async_context(flags.listening())
    return flags


def _cache(settings: Settings, stack: AsyncExitStack) -> Cache:
    cache = cache_of(settings)
    stack.push_async_callback(cache.aclose)
    return cache


def _answers(settings: Settings, database: Database, cache: Cache, stack: AsyncExitStack) -> Answers | None:
    """Changes are announced even if this process caches no answers, because others may."""
    generations = Generations(cache)
    database.listener = generations
    stack.push_async_callback(generations.aclose)
    stack.callback(setattr, database, "listener", None)
    return Answers(cache, generations, settings.build_id) if settings.cache_responses else None


def _live(settings: Settings, database: Database, cache: Cache, stack: AsyncExitStack) -> LiveHub:
    hub = LiveHub(database, cache, _utc_now, settings.events_connection)
    stack.callback(hub.end_all)
    return hub


def _storage(settings: Settings, stack: AsyncExitStack) -> Storage:
    provider = storage_provider(settings)
    stack.push_async_callback(provider.aclose)
    return provider


def _passwords(rounds: int, stack: AsyncExitStack) -> Passwords:
    passwords = Passwords(rounds)
    stack.callback(passwords.close)
    return passwords
