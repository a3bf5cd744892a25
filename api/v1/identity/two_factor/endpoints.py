"""Two-factor login. No answer here is stored for an ``Idempotency-Key``: each contains a secret or is safe to
repeat."""

from typing import Annotated

from fastapi import Depends
from starlette.responses import Response

from api.access.callers import CurrentUser, Now, Services
from api.http import routing
from api.http.envelope import Envelope, SuccessMessage, ok
from api.http.operation_errors import raises
from api.http.rate_limits import RateClass, limited
from api.v1.identity.auth.schemas import LoginRead
from api.v1.identity.two_factor.handlers import Challenged, challenged, disable, enable, set_up, verify
from api.v1.identity.two_factor.schemas import (
    DisableTwoFactorCommand,
    EnableTwoFactorCommand,
    RecoveryCodesRead,
    TwoFactorRead,
    TwoFactorSetupRead,
    VerifyTwoFactorCommand,
)

router = routing.router("/auth/2fa", tags=["auth"])


@router.post(
    "/setup",
    summary="Set up two-factor login",
    response_model=Envelope[TwoFactorSetupRead],
)
@raises(set_up)
async def setup_two_factor(caller: CurrentUser, services: Services) -> Response:
    """A new secret for an authenticator app (TOTP, six digits every 30 seconds). It is not required before
    ``/auth/2fa/enable``; a repeat gives another one."""
    return ok(await set_up(caller, services))


@router.post(
    "/enable",
    summary="Switch two-factor login on",
    response_model=Envelope[RecoveryCodesRead],
)
@raises(enable)
async def enable_two_factor(
    body: EnableTwoFactorCommand, caller: CurrentUser, services: Services, now: Now
) -> Response:
    """With the password and a code of the app, once the e-mail address is confirmed: `wrong_state` before that.
    Answers ten recovery codes, which are not shown again. Every other session of the login ends: it was opened without
    the second factor. Wrong passwords count as failed logins."""
    return ok(await enable(caller, services, body, now), SuccessMessage.UPDATED)


@router.post(
    "/disable",
    summary="Switch two-factor login off",
    response_model=Envelope[TwoFactorRead],
)
@raises(disable)
async def disable_two_factor(
    body: DisableTwoFactorCommand, caller: CurrentUser, services: Services, now: Now
) -> Response:
    """With the password and a code, or a recovery code. Wrong ones count as failed logins."""
    await disable(caller, services, body, now)
    return ok(TwoFactorRead(two_factor=False), SuccessMessage.UPDATED)


@router.post(
    "/verify",
    summary="Verify the second factor of a login",
    response_model=Envelope[LoginRead],
)
@raises(verify)
@limited(RateClass.LOGIN)
async def verify_two_factor(
    body: VerifyTwoFactorCommand, caller: Annotated[Challenged, Depends(challenged)], services: Services, now: Now
) -> Response:
    """Its bearer is the ``challenge_token`` of the login. A code of the app works once; so does a recovery code. Wrong
    ones count as failed logins."""
    return ok(await verify(caller, services, body.code, now), SuccessMessage.LOGGED_IN)
