"""The reset of a lost second factor: an operator requests it, its owner has time to object."""

from datetime import datetime

from starlette.responses import Response

from api.access.callers import ApiServices, PublicCaller
from api.access.operators import Operator
from api.http.envelope import SuccessMessage, ok
from api.http.idempotency import Key, store_response
from api.http.operation_errors import raises
from api.v1.identity.two_factor_resets.schemas import TwoFactorResetCancelledRead, TwoFactorResetRead
from db.engine.session import UnitOfWork
from db.identity.users import UserRow
from db.messages.notices import AccountEmail
from domain.errors import Forbidden, Gone, NotFound, Unauthenticated, WrongState
from domain.identity.errors import InvalidLink
from domain.messages.kinds import AccountEmailKind
from runtime.links import Purpose


@raises(NotFound, WrongState, Forbidden)
async def request_reset(admin: Operator, services: ApiServices, email: str, now: datetime, key: Key | None) -> Response:
    """Write the reset, its e-mail and the command that starts its run. Raises NotFound for an unknown login, Forbidden
    for the operator's own, and WrongState where the second factor is off or a reset waits already."""
    reset_at = now + services.settings.two_factor_reset_delay
    async with admin.work(key) as work:
        user = await _user(work, email)
        if user.id == admin.id:
            raise Forbidden({"reason": "own_login"})
        reset_id = await work.identity.two_factor.request_reset(user.id, reset_at)
        message = AccountEmail(
            AccountEmailKind.TWO_FACTOR_RESET_PLANNED,
            user.id,
            f"two_factor_reset/{reset_id}",
            {"reset_id": reset_id, "reset_at": reset_at, "at": now},
        )
        await work.messages.notices.queue_account_email(message)
        answer = TwoFactorResetRead(email=user.email, reset_at=reset_at)
        return await store_response(work, ok(answer, SuccessMessage.UPDATED, status_code=202))


@raises(NotFound, WrongState)
async def withdraw_reset(admin: Operator, email: str, key: Key | None) -> Response:
    """Cancel the reset as an operator. Raises NotFound for an unknown login, WrongState where no reset waits."""
    async with admin.work(key) as work:
        user = await _user(work, email)
        if not await work.identity.two_factor.cancel_reset(user_id=user.id):
            raise WrongState({"status": "done", "wanted": "waiting"})
        return await store_response(work, ok(TwoFactorResetCancelledRead(cancelled=True), SuccessMessage.UPDATED))


@raises(InvalidLink, Gone)
async def cancel_reset(visitor: PublicCaller, services: ApiServices, token: str, now: datetime) -> Response:
    """The owner of the mailbox keeps the second factor. Raises InvalidLink, and Gone for a reset that is over."""
    try:
        reset_id = services.links.read(Purpose.TWO_FACTOR_RESET, token, now)
    except Unauthenticated as error:
        raise InvalidLink(error.details) from error
    async with visitor.work() as work:
        if not await work.identity.two_factor.cancel_reset(reset_id=reset_id):
            raise Gone({"reason": "link_used"})
    return ok(TwoFactorResetCancelledRead(cancelled=True), SuccessMessage.UPDATED)


async def _user(work: UnitOfWork, email: str) -> UserRow:
    user = await work.identity.users.find_by_email(email)
    if user is None:
        raise NotFound
    return user
