"""Data export and erasure of the caller's data (個人情報保護法 33条, 35条; GDPR 15, 17, 20)."""

from uuid import UUID

from starlette.responses import Response

from api.access.callers import AnyCaller, CurrentUser, Now, Services
from api.http import routing
from api.http.envelope import Envelope, ok
from api.http.idempotency import OptionalKey, store_response
from api.http.operation_errors import raises
from api.http.rate_limits import RateClass, limited
from api.v1.privacy.data_rights.handlers import begin_erasure, read_erasure, send_export
from api.v1.privacy.data_rights.schemas import (
    ErasureCreate,
    ErasureRead,
    ExportFileRead,
    ExportRead,
    FetchExportCommand,
)
from domain.errors import NotFound

router = routing.router("/auth", tags=["auth"])


@router.post(
    "/me/export",
    status_code=202,
    summary="Request an export of my data",
    response_model=Envelope[ExportRead],
)
async def create_export(caller: CurrentUser, key: OptionalKey) -> Response:
    """A message says when it is ready. While an export is being written, a repeat returns that one."""
    async with caller.work(key) as work:
        export = await work.privacy.exports.begin(caller.id)
        return await store_response(work, ok(ExportRead.of(export), status_code=202))


@router.get(
    "/me/export",
    summary="Get the status of my newest export",
    response_model=Envelope[ExportRead],
)
@raises(NotFound)
async def get_export(caller: CurrentUser) -> Response:
    """The newest export."""
    async with caller.work() as work:
        return ok(ExportRead.of(await work.privacy.exports.get_newest(caller.id)))


@router.post(
    "/export/fetch",
    summary="Download an export with the token of a message",
    response_model=ExportFileRead,
)
@raises(send_export)
@limited(RateClass.AUTH)
async def fetch_export(body: FetchExportCommand, caller: AnyCaller, services: Services, now: Now) -> Response:
    """With the token of the message, for seven days and as often as wanted."""
    return await send_export(services, body.token, now)


@router.post(
    "/me/erasure",
    status_code=202,
    summary="Delete my account and personal data",
    response_model=Envelope[ErasureRead],
)
@raises(begin_erasure)
async def create_erasure(
    body: ErasureCreate, caller: CurrentUser, services: Services, now: Now, key: OptionalKey
) -> Response:
    """The login is closed at once and its personal data removed within seconds; this cannot be undone. Bookings
    ahead must be cancelled before, and businesses closed. A wrong password counts as a failed login."""
    return await begin_erasure(services, caller, body.password, now, key)


@router.get(
    "/erasures/{erasure_id}",
    summary="Get the status of an erasure",
    response_model=Envelope[ErasureRead],
)
@raises(read_erasure)
async def get_erasure(erasure_id: UUID, caller: AnyCaller, services: Services) -> Response:
    """With the id that the request returned, because an erased person has no login. The answer does not say whose data
    it was."""
    return await read_erasure(services, erasure_id)
