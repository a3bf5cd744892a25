"""When and with whom a service can be booked. Public, for services of approved businesses."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query
from starlette.responses import Response

from api.access.callers import Access, Now
from api.access.permissions import may
from api.http import routing
from api.http.envelope import Envelope, ok
from api.http.operation_errors import raises
from api.http.response_cache import cached
from api.http.times import Day, Moment
from api.v1.scheduling.availability.handlers import answer_with_starts, find_starts, for_staff, free_resources
from api.v1.scheduling.availability.schemas import AvailabilityRead, FreeResourcesRead
from db.scheduling.free_time import Asked
from domain.errors import CurrencyMismatch
from domain.platform.invalidation import CacheKind
from domain.scheduling.availability.model import MAX_ITEMS
from domain.scheduling.errors import NotBookable, OutsideBookingWindow, PartySizeRefused
from domain.scheduling.permissions import SchedulingAction

router = routing.router("/availability", tags=["availability"])

MaySee = Annotated[Access, Depends(may(SchedulingAction.READ_AVAILABILITY, "service", public=True))]
ServiceIds = Annotated[
    list[UUID],
    Query(
        min_length=1,
        max_length=MAX_ITEMS,
        description="One to five services of one business, in the order in which they are done; repeat the parameter.",
    ),
]
PartySize = Annotated[int, Query(ge=1, le=1000, description="How many people come.")]


@router.get(
    "",
    summary="List the available start times",
    response_model=Envelope[AvailabilityRead],
)
@raises(NotBookable, PartySizeRefused, CurrencyMismatch)
@cached(CacheKind.AVAILABILITY, about="service_id")
async def get_availability(
    access: MaySee,
    now: Now,
    service_id: ServiceIds,
    first: Annotated[Day, Query(alias="from", description="First business day, in the business's zone.")],
    last: Annotated[Day, Query(alias="to", description="Last business day, included; 31 days at most.")],
    resource_id: Annotated[
        list[UUID], Query(max_length=50, description="Preferred resources; each narrows its own group.")
    ] = [],  # noqa: B006  (FastAPI copies it)
    party_size: PartySize = 1,
) -> Response:
    """Every start at which the service fits, exact to the minute; for several services, at which all of them fit one
    after the other, and what the visit costs and when it is paid. Times can be taken in the meantime: only a booking
    claims one."""
    catalogue, starts = await find_starts(access, Asked(service_id, first, last), now, party_size, resource_id)
    return answer_with_starts(catalogue, starts, party_size, catalogue.dues(party_size))


@router.get(
    "/resources",
    summary="List the resources that are free at a start time",
    response_model=Envelope[FreeResourcesRead],
)
@raises(NotBookable, OutsideBookingWindow, PartySizeRefused)
@cached(CacheKind.AVAILABILITY, about="service_id")
async def get_free_resources(
    access: MaySee,
    now: Now,
    service_id: ServiceIds,
    start: Annotated[Moment, Query()],
    party_size: PartySize = 1,
) -> Response:
    """The resources with which the services could be booked at ``start``, one after the other."""
    async with access.work(service_id[0]) as work:
        return ok(await free_resources(work, service_id, start, now, party_size, for_staff(access)))
