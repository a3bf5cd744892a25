"""The second factor: setting it up, proving it, switching it off."""

import os
import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

import pyotp
import structlog
from fastapi import Depends
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from api.access.callers import AnonymousCaller, ApiServices, AuthenticatedCaller, Now, PublicCaller, Services
from api.access.tokens import Challenge
from api.http.operation_errors import raises
from api.v1.identity.auth.handlers import (
    current_session,
    is_right,
    knows_password,
    notify_if_locked,
    open_session,
    refuse_locked,
)
from api.v1.identity.auth.schemas import LoginRead
from api.v1.identity.two_factor.schemas import (
    DisableTwoFactorCommand,
    EnableTwoFactorCommand,
    RecoveryCodesRead,
    TwoFactorSetupRead,
)
from db.engine.session import UnitOfWork
from db.identity.logins import LoginAttempt
from db.identity.two_factor import TwoFactorRow
from db.messages.notices import AccountEmail
from domain.errors import Unauthenticated, WrongState
from domain.identity.errors import AccountLocked, InvalidCode, InvalidCredentials
from domain.identity.proofs import LoginChange, check_address
from domain.identity.second_factor import RECOVERY_CODES, recovery_code, recovery_code_hash, steps_at
from domain.identity.sessions import SessionEnd
from domain.messages.kinds import AccountEmailKind
from runtime.sealing import Sealed, Sealer, Unsealable

log = structlog.get_logger(__name__)

ISSUER = "Omotenashi Connect"
#: The purpose for which the secrets of second factors are encrypted.
SEALED_FOR = "two_factor"

_bearer = HTTPBearer(
    auto_error=False,
    scheme_name="Challenge",
    description="The challenge token of a POST /auth/login that asks for a second factor.",
)


@dataclass(frozen=True, slots=True)
class Challenged:
    """A caller whose password was right and whose second factor is required."""

    visitor: PublicCaller
    challenge: Challenge


async def challenged(
    caller: AnonymousCaller,
    services: Services,
    now: Now,
    credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)],
) -> Challenged:
    """The bearer of a challenge token. Raises Unauthenticated, also for an access token."""
    if credentials is None:
        raise Unauthenticated({"reason": "no_token"})
    return Challenged(caller, services.tokens.read_challenge(credentials.credentials, now))


@raises(WrongState)
async def set_up(caller: AuthenticatedCaller, services: ApiServices) -> TwoFactorSetupRead:
    """A new secret, not required before it was proven once. Raises WrongState when the second factor is on."""
    secret = pyotp.random_base32()
    sealed = _sealer(services).seal(secret.encode(), caller.id.bytes)
    async with caller.work() as work:
        user = await work.identity.users.find(caller.id)
        if user is None:
            raise Unauthenticated({"reason": "no_user"})
        await work.identity.two_factor.begin(user.id, sealed.blob, sealed.kid)
    uri = pyotp.TOTP(secret).provisioning_uri(name=user.email, issuer_name=ISSUER)
    return TwoFactorSetupRead(secret=secret, otpauth_uri=uri)


@raises(InvalidCredentials, InvalidCode, AccountLocked, WrongState)
async def enable(
    caller: AuthenticatedCaller, services: ApiServices, asked: EnableTwoFactorCommand, now: datetime
) -> RecoveryCodesRead:
    """Ask for the second factor from now on. Sessions that were opened without it end, but for the one that proves it
    now. Raises InvalidCode, InvalidCredentials, AccountLocked, and WrongState without a setup, without a proven address
    or when it is on."""
    session_id = current_session(caller)
    await _check_enable(caller, services, asked, now)
    codes = [recovery_code(os.urandom(16)) for _ in range(RECOVERY_CODES)]
    async with caller.work() as work:
        row = await work.identity.two_factor.find(caller.id)
        if row is None or row.enabled_at is not None:
            raise WrongState({"status": "disabled" if row is None else "enabled", "wanted": "enabled"})
        step = _step_of(services, row, asked.code, now)
        if step is None:
            raise InvalidCode
        await work.identity.two_factor.enable(caller.id, step, [recovery_code_hash(one) for one in codes], now)
        await work.identity.sessions.prove_two_factor(session_id)
        await work.identity.sessions.revoke_all(caller.id, session_id, SessionEnd.TWO_FACTOR_CHANGED)
        await _notify(work, row, now, enabled=True)
    return RecoveryCodesRead(recovery_codes=codes)


async def _check_enable(
    caller: AuthenticatedCaller, services: ApiServices, asked: EnableTwoFactorCommand, now: datetime
) -> None:
    async with caller.work() as work:
        user, row = await work.identity.users.find(caller.id), await work.identity.two_factor.find(caller.id)
    if user is None:
        raise Unauthenticated({"reason": "no_user"})
    check_address(LoginChange.TWO_FACTOR_ENABLE, is_proven=user.email_verified_at is not None)
    if row is None or row.enabled_at is not None:
        raise WrongState({"status": "disabled" if row is None else "enabled", "wanted": "enabled"})
    if not await knows_password(caller, services, user.email, asked.password, now):
        raise InvalidCredentials


@raises(InvalidCredentials, InvalidCode, AccountLocked, WrongState)
async def disable(
    caller: AuthenticatedCaller, services: ApiServices, asked: DisableTwoFactorCommand, now: datetime
) -> None:
    """No longer require it. Counts as an attempt to log in: raises InvalidCredentials, InvalidCode, AccountLocked, and
    WrongState when it is off."""
    async with caller.work() as work:
        user, row = await work.identity.users.find(caller.id), await work.identity.two_factor.find(caller.id)
        if user is None or row is None or row.enabled_at is None:
            raise WrongState({"status": "disabled", "wanted": "disabled"})
        attempt = await work.identity.logins.attempt_in_session(user.email, current_session(caller), now)
    refuse_locked(attempt, now)
    if not await is_right(caller, services, attempt, asked.password):
        await notify_if_locked(caller, attempt)
        raise InvalidCredentials
    await _prove(caller, services, attempt, row, asked.code, now)
    async with caller.work() as work:
        await work.identity.two_factor.disable(caller.id)
        await work.identity.logins.clear_attempts(attempt)
        await _notify(work, row, now, enabled=False)


@raises(InvalidCode, AccountLocked, Unauthenticated)
async def verify(caller: Challenged, services: ApiServices, code: str, now: datetime) -> LoginRead:
    """Open the session that the password alone did not. Counts as an attempt to log in: raises InvalidCode,
    AccountLocked, and Unauthenticated when the password was changed since."""
    visitor, challenge = caller.visitor, caller.challenge
    async with visitor.work() as work:
        user, row = (
            await work.identity.users.find(challenge.user_id),
            await work.identity.two_factor.find(challenge.user_id),
        )
        if user is None or row is None or row.enabled_at is None or not challenge.fits(user.password_hash):
            raise Unauthenticated({"reason": "invalid_token"})
        attempt = await work.identity.logins.attempt_code(user.email, user.id, now)
    refuse_locked(attempt, now)
    await _prove(visitor, services, attempt, row, code, now)
    return await open_session(visitor, services, user, now, attempt, two_factor=True)


async def _prove(
    caller: PublicCaller | AuthenticatedCaller,
    services: ApiServices,
    attempt: LoginAttempt,
    row: TwoFactorRow,
    code: str,
    now: datetime,
) -> None:
    """Use a code or a recovery code. Raises InvalidCode."""
    step = _step_of(services, row, code, now)
    async with caller.work() as work:
        if step is not None:
            good = await work.identity.two_factor.use_step(row.user_id, step)
        else:
            good = await work.identity.two_factor.use_recovery_code(row.user_id, recovery_code_hash(code), now)
            if good:
                await _notify(work, row, now, enabled=True, recovery_code_used=True)
        if good and row.key_id != services.tokens.ring.current:
            await reseal(work, _sealer(services), row)
    if not good:
        await notify_if_locked(caller, attempt)
        raise InvalidCode


def _step_of(services: ApiServices, row: TwoFactorRow, code: str, now: datetime) -> int | None:
    """The time step whose code this is, of those that are taken now."""
    try:
        secret = _sealer(services).open(Sealed(row.key_id, row.totp_encrypted), row.user_id.bytes)
    except Unsealable:
        # A recovery code still works; nothing else does until the key is back.
        log.error("a second factor cannot be opened", key_id=row.key_id, user_id=str(row.user_id))
        return None
    totp, typed = pyotp.TOTP(secret.decode()), "".join(code.split()).encode()
    right = (step for step in steps_at(now) if secrets.compare_digest(totp.generate_otp(step).encode(), typed))
    return next(right, None)


async def reseal(work: UnitOfWork, sealer: Sealer, row: TwoFactorRow) -> None:
    """The secret encrypted with the current key, so that the former key can be retired."""
    sealed = sealer.seal(sealer.open(Sealed(row.key_id, row.totp_encrypted), row.user_id.bytes), row.user_id.bytes)
    await work.identity.two_factor.reseal(row, sealed.blob, sealed.kid)


def _sealer(services: ApiServices) -> Sealer:
    return Sealer(services.tokens.ring, SEALED_FOR)


async def _notify(work: UnitOfWork, row: TwoFactorRow, now: datetime, **facts: bool) -> None:
    key = f"two_factor_changed/{row.user_id}/{now.isoformat()}"
    await work.messages.notices.queue_account_email(
        AccountEmail(AccountEmailKind.TWO_FACTOR_CHANGED, row.user_id, key, {"at": now, **facts})
    )
