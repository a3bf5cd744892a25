"""Starting an erasure, and downloading an export."""

from datetime import datetime
from uuid import UUID

from starlette.responses import Response

from api.access.callers import ApiServices, AuthenticatedCaller
from api.http.envelope import ok
from api.http.idempotency import Key, store_response
from api.http.operation_errors import raises
from api.v1.identity.auth.handlers import knows_password
from api.v1.privacy.data_rights.schemas import ErasureRead
from db.engine.session import Scope
from db.messages.notices import AccountEmail
from domain.errors import Gone, NotFound, Unauthenticated, WrongState
from domain.identity.errors import AccountLocked, InvalidCredentials
from domain.messages.kinds import AccountEmailKind
from domain.platform.files import FileStatus
from domain.privacy.errors import ErasureBlocked
from domain.privacy.status import ERASURE_DELAY
from providers.storage.interface import ObjectMissing
from runtime.links import Purpose

#: Bytes per read of the file; a person's data is some kilobytes.
MOST = 64 * 1024 * 1024


@raises(InvalidCredentials, AccountLocked, ErasureBlocked, WrongState)
async def begin_erasure(
    services: ApiServices, caller: AuthenticatedCaller, password: str, now: datetime, key: Key | None
) -> Response:
    """Close the login and start the erasure. Raises InvalidCredentials for a wrong password, AccountLocked, and what
    `ErasureStore.begin` raises."""
    async with caller.work() as work:
        user = await work.identity.users.find(caller.id)
    if user is None:
        raise Unauthenticated({"reason": "no_user"})
    if not await knows_password(caller, services, user.email, password, now):
        raise InvalidCredentials
    async with caller.work(key) as work:
        erasure = await work.privacy.erasures.begin(caller.id, now, now + ERASURE_DELAY)
        facts = {"erasure_id": erasure.id, "delete_at": erasure.delete_at}
        message = AccountEmail(
            AccountEmailKind.ERASURE_PLANNED, None, f"erasure_planned:{erasure.id}", facts, None, user.language
        )
        await work.messages.notices.queue_account_email(message)
        return await store_response(work, ok(ErasureRead.of(erasure), status_code=202))


@raises(Gone, NotFound)
async def send_export(services: ApiServices, token: str, now: datetime) -> Response:
    """The file. Raises Unauthenticated for an invalid token, Gone for an expired one."""
    export_id = services.links.read(Purpose.DATA_EXPORT, token, now)
    async with services.database.unit_of_work(Scope.platform()) as work:
        export = await work.privacy.exports.get(export_id)
    if export.status is not FileStatus.READY or export.expires_at is None or export.expires_at <= now:
        raise Gone({"reason": "link_expired"})
    try:
        body = await services.storage.read(export.key, MOST)
    except ObjectMissing as error:
        raise Gone({"reason": "link_expired"}) from error
    headers = {"Content-Disposition": 'attachment; filename="omotenashi-data.json"'}
    return Response(body, 200, headers, "application/json")


@raises(NotFound)
async def read_erasure(services: ApiServices, erasure_id: UUID) -> Response:
    """The state of an erasure, for a caller who has its number. Raises NotFound."""
    async with services.database.unit_of_work(Scope.platform()) as work:
        return ok(ErasureRead.of(await work.privacy.erasures.get(erasure_id)))
