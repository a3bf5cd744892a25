"""A copy of all that is held of the caller, and being forgotten (個人情報保護法 33条, 35条; GDPR 15, 17, 20)."""

from uuid import UUID

from fastapi import APIRouter
from starlette.responses import Response

from api.data_rights.asking import begin_erasure, fetch_export, read_erasure
from api.data_rights.schemas import ErasureCreate, ErasureRead, ExportFetch, ExportFile, ExportRead
from api.dependencies import Me, Now, PartsOf, Visit
from api.envelope import Envelope, ok
from api.errors import body_errors, errors
from api.idempotency import OptionalKey, kept
from api.ratelimit import RateClass, limited
from domain.errors import (
    AccountLocked,
    ErasureBlocked,
    Gone,
    IdempotencyKeyReused,
    InvalidCredentials,
    NotFound,
    RequestInProgress,
    Unauthenticated,
    WrongState,
)

router = APIRouter(prefix="/auth", tags=["auth"])

_KEY = (IdempotencyKeyReused, RequestInProgress)


@router.post(
    "/me/export",
    status_code=202,
    summary="Ask for a copy of my data",
    response_model=Envelope[ExportRead],
    responses=errors(Unauthenticated, *_KEY),
)
async def create_export(me: Me, key: OptionalKey) -> Response:
    """A message says when it is ready. While one is being written, that one is meant."""
    async with me.work(key) as work:
        export = await work.exports.begin(me.id)
        return await kept(work, ok(ExportRead.of(export), status_code=202))


@router.get(
    "/me/export",
    summary="Where my newest copy stands",
    response_model=Envelope[ExportRead],
    responses=errors(Unauthenticated, NotFound),
)
async def get_export(me: Me) -> Response:
    """The newest that was asked for."""
    async with me.work() as work:
        return ok(ExportRead.of(await work.exports.get_newest(me.id)))


@router.post(
    "/export/fetch",
    summary="Fetch the copy that a message announced",
    response_model=ExportFile,
    responses=body_errors(Unauthenticated, Gone, NotFound),
)
@limited(RateClass.AUTH)
async def fetch(body: ExportFetch, visit: Visit, parts: PartsOf, now: Now) -> Response:
    """With the token of the message, for seven days and as often as wanted."""
    return await fetch_export(parts, body.token, now)


@router.post(
    "/me/erasure",
    status_code=202,
    summary="Be forgotten",
    response_model=Envelope[ErasureRead],
    responses=body_errors(Unauthenticated, InvalidCredentials, AccountLocked, ErasureBlocked, WrongState, *_KEY),
)
async def create_erasure(body: ErasureCreate, me: Me, parts: PartsOf, now: Now, key: OptionalKey) -> Response:
    """The login is closed at once and its personal data removed within seconds; this cannot be taken back. Bookings
    ahead must be cancelled before, and businesses closed. A wrong password counts as a failed login."""
    return await begin_erasure(parts, me, body.password, now, key)


@router.get(
    "/erasures/{erasure_id}",
    summary="Where an erasure stands",
    response_model=Envelope[ErasureRead],
    responses=errors(Unauthenticated, NotFound),
)
async def get_erasure(erasure_id: UUID, visit: Visit, parts: PartsOf) -> Response:
    """With the number that its answer gave: whoever was forgotten has no login to ask with. It says when, not who."""
    return await read_erasure(parts, erasure_id)
