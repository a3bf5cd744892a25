"""Metrics of this process for Prometheus: counts and durations by route template, never by id or person."""

import contextlib
import hmac
import ipaddress
from collections.abc import Mapping

from fastapi import Request
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4
from starlette.responses import Response
from starlette.types import Scope as RequestScope

from api.access.callers import client_address
from api.http import routing
from api.http.forwarded import was_forwarded
from api.http.operation_errors import raises
from api.http.rate_limits import RateClass, RouteFacts, limited, tally_of
from db.engine.session import Database, Scope
from db.platform.outbox import OutboxLag
from domain.errors import NotFound, Unavailable

router = routing.router(tags=["health"], version="")

_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
_UNKNOWN = "unknown"
_METHODS = frozenset({"GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"})


_EXAMPLE = 'omotenashi_requests_total{method="GET",route="/api/v1/businesses",status="200"} 41.0'


class Metrics:
    """The counters of one application."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._requests = Counter(
            "omotenashi_requests", "Requests answered.", ("method", "route", "status"), registry=self.registry
        )
        self._seconds = Histogram(
            "omotenashi_request_seconds",
            "Time from the first byte of a request to the end of its answer.",
            ("method", "route"),
            buckets=_SECONDS,
            registry=self.registry,
        )
        self._of_answers: dict[tuple[str, str, int], tuple[Counter, Histogram]] = {}
        self._limited = Counter(
            "omotenashi_rate_limited", "Requests turned away with 429.", ("class",), registry=self.registry
        )
        self._refused_webhooks = Counter(
            "omotenashi_refused_webhooks",
            "Webhooks that were refused as forged, too old or unreadable.",
            ("provider", "reason"),
            registry=self.registry,
        )
        self._pool = Gauge(
            "omotenashi_database_connections", "Connections to Postgres.", ("state",), registry=self.registry
        )

        self._waiting = Gauge("omotenashi_outbox_waiting", "Commands that are due.", registry=self.registry)
        self._age = Gauge("omotenashi_outbox_age_seconds", "Age of the oldest of them.", registry=self.registry)
        self._parked = Gauge("omotenashi_outbox_parked", "Commands that wait for a person.", registry=self.registry)
        self._attention = Gauge(
            "omotenashi_attention_open", "Open items of the attention list.", ("kind",), registry=self.registry
        )

    def observe(self, scope: RequestScope, status: int, seconds: float) -> None:
        """Count one request. ``status`` 0: it ended without an answer."""
        method, route = name_of(scope)
        counter, histogram = self._of_answers.get((method, route, status)) or self._learn(method, route, status)
        counter.inc()
        histogram.observe(seconds)
        tally = tally_of(scope)
        if tally is not None and not tally.counted.allowed:
            self._limited.labels(tally.rate_class.value).inc()

    def _learn(self, method: str, route: str, status: int) -> tuple[Counter, Histogram]:
        """The metrics of answers of one kind; finding them by their labels costs more than counting."""
        found = (self._requests.labels(method, route, str(status)), self._seconds.labels(method, route))
        self._of_answers[method, route, status] = found
        return found

    def count_refused_webhook(self, provider: str, reason: str) -> None:
        """Count one webhook that was not believed. ``provider``: the name of an adapter."""
        self._refused_webhooks.labels(provider, reason).inc()

    async def text(self, database: Database) -> bytes:
        """Prometheus's text format, with connections, outbox and attention list as they are now. While Postgres does
        not answer, the last two are as they were."""
        with contextlib.suppress(Unavailable):
            async with database.unit_of_work(Scope.platform()) as work:
                self._show(await work.platform.outbox.lag(), await work.platform.attention.open_by_kind())
        used, idle = database.connections()
        self._pool.labels("used").set(used)
        self._pool.labels("idle").set(idle)
        return generate_latest(self.registry)

    def _show(self, outbox: OutboxLag, attention: Mapping[str, int]) -> None:
        self._waiting.set(outbox.waiting)
        self._age.set(outbox.age.total_seconds())
        self._parked.set(outbox.parked)
        self._attention.clear()
        for kind, items in attention.items():
            self._attention.labels(kind).set(items)


def name_of(scope: RequestScope) -> tuple[str, str]:
    """Method and route template of a request that was routed; nothing that the caller wrote."""
    return scope["method"] if scope["method"] in _METHODS else _UNKNOWN, _template(scope)


def _template(scope: RequestScope) -> str:
    facts: dict[object, RouteFacts] = scope["app"].state.route_facts if "app" in scope else {}
    known = facts.get(scope.get("endpoint"))
    return known.template if known else _UNKNOWN


@router.get(
    "/metrics",
    summary="Get metrics for Prometheus",
    response_class=Response,
    responses={200: {"description": "The counters.", "content": {"text/plain": {"example": _EXAMPLE}}}},
)
@raises(NotFound)
@limited(RateClass.NONE)
async def get_metrics(request: Request) -> Response:
    """With the token of the settings as bearer token; without such a setting for direct callers of this machine and of
    private networks. All others get 404."""
    if not _may_look(request):
        raise NotFound
    found: Metrics = request.app.state.metrics
    return Response(await found.text(request.app.state.services.database), media_type=CONTENT_TYPE_PLAIN_0_0_4)


def _may_look(request: Request) -> bool:
    token: str = request.app.state.services.settings.metrics_token.get_secret_value()
    if token:
        return hmac.compare_digest(request.headers.get("authorization", "").encode(), f"Bearer {token}".encode())
    address = client_address(request)
    if address is None or was_forwarded(request.scope):
        return False
    parsed = ipaddress.ip_address(address)
    return parsed.is_loopback or parsed.is_private
