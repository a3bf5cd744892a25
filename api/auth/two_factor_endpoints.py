"""Two-factor login. No answer here is kept for an ``Idempotency-Key``: each holds a secret, or is safe to repeat."""

from typing import Annotated

from fastapi import APIRouter, Depends
from starlette.responses import Response

from api.auth.schemas import LoginRead
from api.auth.two_factor import Challenged, challenged, disable, enable, set_up, verify
from api.auth.two_factor_schemas import (
    RecoveryCodesRead,
    TwoFactorDelete,
    TwoFactorRead,
    TwoFactorSetupRead,
    TwoFactorUpdate,
)
from api.dependencies import Me, Now, PartsOf
from api.envelope import Envelope, Said, ok
from api.errors import body_errors, errors
from api.ratelimit import RateClass, limited
from domain.errors import AccountLocked, InvalidCode, InvalidCredentials, Unauthenticated, WrongState

router = APIRouter(prefix="/auth/2fa", tags=["auth"])


@router.post(
    "/setup",
    summary="Begin to set up two-factor login",
    response_model=Envelope[TwoFactorSetupRead],
    responses=errors(Unauthenticated, WrongState),
)
async def set_up_two_factor(myself: Me, parts: PartsOf) -> Response:
    """A new secret for an authenticator app (TOTP, six digits every 30 seconds). Nothing asks for it before
    ``/auth/2fa/enable``; asking again gives another one."""
    return ok(await set_up(myself, parts))


@router.post(
    "/enable",
    summary="Switch two-factor login on",
    response_model=Envelope[RecoveryCodesRead],
    responses=body_errors(Unauthenticated, InvalidCode, WrongState),
)
async def enable_two_factor(body: TwoFactorUpdate, myself: Me, parts: PartsOf, now: Now) -> Response:
    """With a code of the app. Answers ten recovery codes, which are not shown again. Every other session of the login
    ends: it was opened without the second factor."""
    return ok(await enable(myself, parts, body.code, now), Said.UPDATED)


@router.post(
    "/disable",
    summary="Switch two-factor login off",
    response_model=Envelope[TwoFactorRead],
    responses=body_errors(Unauthenticated, InvalidCredentials, InvalidCode, AccountLocked, WrongState),
)
async def disable_two_factor(body: TwoFactorDelete, myself: Me, parts: PartsOf, now: Now) -> Response:
    """With the password and a code, or a recovery code. Wrong ones count as failed logins."""
    await disable(myself, parts, body, now)
    return ok(TwoFactorRead(two_factor=False), Said.UPDATED)


@router.post(
    "/verify",
    summary="The second step of logging in",
    response_model=Envelope[LoginRead],
    responses=body_errors(Unauthenticated, InvalidCode, AccountLocked),
)
@limited(RateClass.AUTH)
async def verify_two_factor(
    body: TwoFactorUpdate, asker: Annotated[Challenged, Depends(challenged)], parts: PartsOf, now: Now
) -> Response:
    """Its bearer is the ``challenge_token`` of the login. A code of the app works once; so does a recovery code. Wrong
    ones count as failed logins."""
    return ok(await verify(asker, parts, body.code, now), Said.LOGGED_IN)
