"""Confirming an e-mail address, and choosing a new password with or without the old one."""

from starlette.responses import Response

from api.access.callers import AnonymousCaller, CurrentUser, Now, Services
from api.http import routing
from api.http.envelope import Envelope
from api.http.idempotency import OptionalKey
from api.http.operation_errors import raises
from api.http.rate_limits import RateClass, limited
from api.v1.identity.links import handlers
from api.v1.identity.links.schemas import (
    ChangePasswordCommand,
    EmailVerifiedRead,
    LinkAskedRead,
    LinkCreate,
    PasswordChangedRead,
    ResetPasswordCommand,
    VerifyEmailCommand,
)

router = routing.router("/auth", tags=["auth"])


@router.post(
    "/verify-email",
    summary="Confirm an e-mail address",
    response_model=Envelope[EmailVerifiedRead],
)
@raises(handlers.verify)
@limited(RateClass.AUTH)
async def verify_email(
    body: VerifyEmailCommand, caller: AnonymousCaller, services: Services, now: Now, key: OptionalKey
) -> Response:
    """With the token of the newest verification e-mail, once and within 24 hours. `gone` says in `details.reason` why
    the token is no longer valid: `link_used`, `link_replaced` (by a newer e-mail) or `link_expired`."""
    return await handlers.verify(caller, services, body, now, key)


@router.post(
    "/resend-verification",
    summary="Send the verification e-mail again",
    response_model=Envelope[LinkAskedRead],
)
@limited(RateClass.AUTH)
async def resend_verification(
    body: LinkCreate, caller: AnonymousCaller, services: Services, now: Now, key: OptionalKey
) -> Response:
    """Answers alike, in body and in time, whether or not there is such a login and whether it is verified already."""
    return await handlers.send_verification(caller, services, body, now, key)


@router.post(
    "/forgot-password",
    summary="Request a password reset",
    response_model=Envelope[LinkAskedRead],
)
@limited(RateClass.AUTH)
async def forgot_password(
    body: LinkCreate, caller: AnonymousCaller, services: Services, now: Now, key: OptionalKey
) -> Response:
    """Answers alike, in body and in time, whether or not the e-mail is known. The password stays as it is until the
    link is used."""
    return await handlers.send_reset(caller, services, body, now, key)


@router.post(
    "/reset-password",
    summary="Reset my password with the token of an e-mail",
    response_model=Envelope[PasswordChangedRead],
)
@raises(handlers.reset)
@limited(RateClass.AUTH)
async def reset_password(
    body: ResetPasswordCommand, caller: AnonymousCaller, services: Services, now: Now, key: OptionalKey
) -> Response:
    """Once, within an hour. Ends every session, lifts a lock, confirms the e-mail, and voids all other such links.
    An older link stays valid when a newer one was requested. `gone` says why in `details.reason`: `link_used` or
    `link_expired`."""
    return await handlers.reset(caller, services, body, now, key)


@router.post(
    "/change-password",
    summary="Change my password",
    response_model=Envelope[PasswordChangedRead],
)
@raises(handlers.change)
async def change_password(
    body: ChangePasswordCommand, caller: CurrentUser, services: Services, now: Now, key: OptionalKey
) -> Response:
    """Ends every other session and voids the links for resetting it. A wrong present password is `invalid_input` (422)
    with the rule `wrong_password`, not 401."""
    return await handlers.change(caller, services, body, now, key)
