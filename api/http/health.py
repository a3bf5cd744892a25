"""Whether this process lives and is ready, and the state of its dependencies. Outside ``/api/v1``."""

import asyncio
import time
from collections.abc import Awaitable
from datetime import timedelta
from typing import Self

from fastapi import Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from api.access.callers import ApiServices, Services
from api.http import routing
from api.http.envelope import Envelope, ok
from api.http.rate_limits import RateClass, limited
from db.engine.session import Scope
from domain.errors import Unavailable
from runtime.settings import Settings

router = routing.router(tags=["health"], version="")

_RUN_ID = "Which start of `omotenashi up` this process belongs to; empty without it."

_PATIENCE = 2.0
#: A result is shared for this many seconds, so that callers cannot make this process query its servers all the time.
_FRESH = 1.0


class DependencyRead(BaseModel):
    """One dependency of this process."""

    model_config = ConfigDict(frozen=True)

    name: str = Field(description="Name of the server.")
    available: bool = Field(description="Whether the dependency answered.")
    milliseconds: float = Field(description="How long the answer took, in milliseconds.")


class HealthRead(BaseModel):
    """``state``: ``ok``, or ``degraded`` when a dependency other than Postgres is unavailable. Without Temporal, reads
    and new bookings work and commands wait; without the storage there are no uploads."""

    model_config = ConfigDict(
        frozen=True,
        json_schema_extra={
            "examples": [
                {
                    "state": "ok",
                    "build": "4f1c2ab",
                    "run_id": "",
                    "dependencies": [
                        {"name": "postgres", "available": True, "milliseconds": 1.2},
                        {"name": "temporal", "available": True, "milliseconds": 2.9},
                        {"name": "storage", "available": True, "milliseconds": 3.4},
                    ],
                }
            ]
        },
    )

    state: str = Field(description="`ok`, or `degraded` while a dependency does not answer.")
    build: str = Field(description="Build id of the running process.")
    run_id: str = Field(description=_RUN_ID)
    dependencies: list[DependencyRead] = Field(description="The servers that this process calls.")

    @classmethod
    def of(cls, settings: Settings, dependencies: list[DependencyRead]) -> Self:
        """Of this process, by what its servers answered."""
        state = "ok" if all(one.available for one in dependencies) else "degraded"
        return cls(state=state, build=settings.build_id, run_id=settings.run_id, dependencies=dependencies)


class AliveRead(BaseModel):
    """The process answers."""

    model_config = ConfigDict(frozen=True, json_schema_extra={"examples": [{"state": "ok", "run_id": ""}]})

    state: str = Field(description="Always `ok`.")
    run_id: str = Field(description=_RUN_ID)


async def _measure(name: str, call: Awaitable[object]) -> DependencyRead:
    started = time.perf_counter()
    try:
        await asyncio.wait_for(call, _PATIENCE)
        available = True
    except Exception:  # any error means that the dependency does not answer
        available = False
    return DependencyRead(name=name, available=available, milliseconds=round((time.perf_counter() - started) * 1000, 1))


class Looks:
    """The dependencies of this process, as checked a moment ago."""

    def __init__(self) -> None:
        self._found: list[DependencyRead] = []
        self._at = float("-inf")
        self._turn = asyncio.Lock()
        self._postgres: DependencyRead | None = None
        self._postgres_at = float("-inf")
        self._postgres_turn = asyncio.Lock()

    async def look_at_postgres(self, services: ApiServices) -> DependencyRead:
        """Postgres only; concurrent callers share one query."""
        async with self._postgres_turn:
            if self._postgres is None or time.monotonic() - self._postgres_at > _FRESH:
                self._postgres = await _measure("postgres", _ask_postgres(services))
                self._postgres_at = time.monotonic()
            return self._postgres

    async def look(self, services: ApiServices) -> list[DependencyRead]:
        """Postgres first, then the others."""
        async with self._turn:
            if time.monotonic() - self._at > _FRESH:
                self._found = [
                    *await asyncio.gather(
                        _measure("postgres", _ask_postgres(services)),
                        _measure("temporal", _ask_temporal(services)),
                        _measure("storage", services.storage.check()),
                    )
                ]
                self._at = time.monotonic()
            return self._found


async def _ask_postgres(services: ApiServices) -> None:
    async with services.database.unit_of_work(Scope.public()):
        pass


async def _ask_temporal(services: ApiServices) -> bool:
    return await services.temporal.service_client.check_health(timeout=timedelta(seconds=_PATIENCE))


@router.get("/health", response_model=Envelope[HealthRead], summary="Get the health with dependencies")
@limited(RateClass.NONE)
async def get_health(request: Request, services: Services) -> Response:
    """503 when Postgres is unavailable; ``degraded`` when another dependency is. At most a second old."""
    looks: Looks = request.app.state.looks
    postgres, *others = await looks.look(services)
    if not postgres.available:
        raise Unavailable({"dependency": "postgres", "retry_after": 2})
    return ok(HealthRead.of(services.settings, [postgres, *others]))


@router.get("/health/live", response_model=Envelope[AliveRead], summary="Check that the process lives")
@limited(RateClass.NONE)
async def get_liveness(request: Request) -> Response:
    """Checks no dependency: an orchestrator restarts a process that does not answer here."""
    services: ApiServices = request.app.state.services
    return ok(AliveRead(state="ok", run_id=services.settings.run_id))


@router.get("/health/ready", response_model=Envelope[AliveRead], summary="Check that the service is ready")
@limited(RateClass.NONE)
async def get_readiness(request: Request, services: Services) -> Response:
    """503 while Postgres is unavailable. The others may be unavailable: reads and new bookings do not need them.
    Postgres is queried once a second at most."""
    looks: Looks = request.app.state.looks
    if not (await looks.look_at_postgres(services)).available:
        raise Unavailable({"dependency": "postgres", "retry_after": 2})
    return ok(AliveRead(state="ok", run_id=services.settings.run_id))
