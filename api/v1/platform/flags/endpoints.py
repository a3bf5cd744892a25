"""Feature flags. Operators change them; every login may check whether a feature is on for it."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Path, Query
from starlette.responses import Response

from api.access.callers import CurrentUser, Now, Services
from api.access.operators import Operator, operator
from api.http import routing
from api.http.envelope import Envelope, ListEnvelope, SuccessMessage, created, ok
from api.http.fields import DeletedRead
from api.http.idempotency import OptionalKey, store_response
from api.http.operation_errors import raises
from api.http.paging import PageAsked
from api.v1.platform.flags.check_handlers import is_on_for
from api.v1.platform.flags.handlers import announced
from api.v1.platform.flags.schemas import FlagCheckRead, FlagCreate, FlagRead, FlagUpdate
from domain.errors import AlreadyExists, NotFound
from domain.platform.flags import MAX_NAME
from domain.platform.permissions import PlatformAction

router = routing.router("/feature-flags", tags=["platform"])

MayWrite = Annotated[Operator, Depends(operator(PlatformAction.WRITE_FLAGS))]


@router.get(
    "/check/{name}",
    summary="Check a feature flag",
    response_model=Envelope[FlagCheckRead],
)
async def check_flag(
    caller: CurrentUser,
    services: Services,
    name: Annotated[str, Path(max_length=MAX_NAME, description="Name of the feature.")],
    business_id: Annotated[UUID | None, Query(description="The business in which it would be used.")] = None,
) -> Response:
    """An unknown flag is off."""
    enabled = await is_on_for(caller, services.flags, name, business_id)
    return ok(FlagCheckRead(name=name, enabled=enabled))


@router.get("", summary="List feature flags", response_model=ListEnvelope[FlagRead])
async def list_flags(admin: MayWrite, page: PageAsked) -> Response:
    """In order of names."""
    after = page.after(str)
    async with admin.work() as work:
        rows = await work.platform.flags.list_(after=after[0] if after else None, limit=page.fetch)
    return page.answer(rows, FlagRead.of, lambda row: (row.name,))


@router.post(
    "",
    status_code=201,
    summary="Create a feature flag",
    response_model=Envelope[FlagRead],
)
@raises(AlreadyExists)
async def create_flag(body: FlagCreate, admin: MayWrite, services: Services, key: OptionalKey) -> Response:
    """Off for everybody unless the body says otherwise."""
    async with announced(services), admin.work(key) as work:
        return await store_response(
            work, created(FlagRead.of(await work.platform.flags.create(body.name, body.values())))
        )


@router.get("/{flag_id}", summary="Get a feature flag", response_model=Envelope[FlagRead])
@raises(NotFound)
async def get_flag(flag_id: UUID, admin: MayWrite) -> Response:
    """One flag."""
    async with admin.work() as work:
        return ok(FlagRead.of(await work.platform.flags.get(flag_id)))


@router.put(
    "/{flag_id}",
    summary="Update a feature flag",
    response_model=Envelope[FlagRead],
)
@raises(NotFound)
async def update_flag(flag_id: UUID, body: FlagUpdate, admin: MayWrite, services: Services, now: Now) -> Response:
    """Every process uses the change at once, or within 30 seconds when the cache is unavailable."""
    async with announced(services), admin.work() as work:
        flag = await work.platform.flags.lock_(flag_id)
        changed = await work.platform.flags.update(flag_id, body.onto(flag), now)
        return ok(FlagRead.of(changed), SuccessMessage.UPDATED)


@router.delete(
    "/{flag_id}",
    summary="Delete a feature flag",
    response_model=Envelope[DeletedRead],
)
@raises(NotFound)
async def delete_flag(flag_id: UUID, admin: MayWrite, services: Services, now: Now) -> Response:
    """The feature is off for everybody from now on."""
    async with announced(services), admin.work() as work:
        await work.platform.flags.delete(flag_id, now)
        return ok(DeletedRead(id=flag_id), SuccessMessage.DELETED)
