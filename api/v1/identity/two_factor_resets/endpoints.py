"""A lost second factor: operators reset it after a delay, in which its owner can cancel."""

from typing import Annotated

from fastapi import Depends
from starlette.responses import Response

from api.access.callers import AnonymousCaller, Now, Services
from api.access.operators import Operator, operator
from api.http import routing
from api.http.envelope import Envelope
from api.http.idempotency import OptionalKey
from api.http.operation_errors import raises
from api.http.rate_limits import RateClass, limited
from api.v1.identity.two_factor_resets import handlers
from api.v1.identity.two_factor_resets.schemas import (
    CancelTwoFactorResetCommand,
    KeepTwoFactorCommand,
    TwoFactorResetCancelledRead,
    TwoFactorResetCreate,
    TwoFactorResetRead,
)
from domain.identity.permissions import IdentityAction

router = routing.router()

MayReset = Annotated[Operator, Depends(operator(IdentityAction.RESET_TWO_FACTOR))]


@router.post(
    "/admin/two-factor-resets",
    status_code=202,
    summary="Reset a lost second factor after a delay",
    response_model=Envelope[TwoFactorResetRead],
    tags=["admin"],
)
@raises(handlers.request_reset)
async def create_two_factor_reset(
    body: TwoFactorResetCreate, admin: MayReset, services: Services, now: Now, key: OptionalKey
) -> Response:
    """The owner of the login gets an e-mail at once and can cancel until `reset_at`; then the second factor is switched
    off and every session ends. Operators cannot reset their own."""
    return await handlers.request_reset(admin, services, body.email, now, key)


@router.post(
    "/admin/two-factor-resets/cancel",
    summary="Cancel the reset of a second factor",
    response_model=Envelope[TwoFactorResetCancelledRead],
    tags=["admin"],
)
@raises(handlers.withdraw_reset)
async def cancel_two_factor_reset(body: CancelTwoFactorResetCommand, admin: MayReset, key: OptionalKey) -> Response:
    """`wrong_state` where no reset waits."""
    return await handlers.withdraw_reset(admin, body.email, key)


@router.post(
    "/auth/2fa/cancel-reset",
    summary="Keep the second factor with the token of an e-mail",
    response_model=Envelope[TwoFactorResetCancelledRead],
    tags=["auth"],
)
@raises(handlers.cancel_reset)
@limited(RateClass.AUTH)
async def cancel_reset_of_two_factor(
    body: KeepTwoFactorCommand, caller: AnonymousCaller, services: Services, now: Now
) -> Response:
    """Works without a login until the reset happens. `gone` when it has happened or was cancelled before."""
    return await handlers.cancel_reset(caller, services, body.token, now)
