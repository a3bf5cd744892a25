"""Opening, refreshing and ending sessions."""

import contextlib
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from api.access.callers import ApiServices, AuthenticatedCaller, PublicCaller
from api.access.tokens import CHALLENGE_LIFETIME, Login, new_refresh_token
from api.http.operation_errors import raises
from api.v1.identity.auth.schemas import ChallengeRead, EndedRead, LoginCreate, LoginRead, TokensRead, UserRead
from db.identity.logins import KnownDevice, LoginAttempt
from db.identity.sessions import Rotation
from db.identity.users import UserRow
from db.messages.notices import AccountEmail
from domain.errors import Gone, NotFound, Unauthenticated, Unavailable
from domain.identity.errors import AccountLocked, InvalidCredentials
from domain.identity.sessions import DEVICE_KNOWN_FOR, LOCK, SessionEnd
from domain.messages.kinds import AccountEmailKind
from runtime.links import Purpose


@raises(InvalidCredentials, AccountLocked)
async def log_in(
    visitor: PublicCaller, services: ApiServices, asked: LoginCreate, now: datetime
) -> LoginRead | ChallengeRead:
    """Check the password and open a session, or ask for the second factor. Raises InvalidCredentials, AccountLocked,
    and Unavailable when more wait for a check than can be answered soon."""
    services.passwords.check_room()
    async with visitor.work() as work:
        attempt = await work.identity.logins.attempt(asked.email, now, _known_device(services, asked, now))
    user = attempt.user
    refuse_locked(attempt, now)
    right = await is_right(visitor, services, attempt, asked.password)
    if attempt.account is not None and not (right and user is not None and user.two_factor):
        # The second factor still protects the account from a guessed password, so the owner is not locked out.
        refuse_locked(attempt.account, now)
    if not right or user is None:
        await notify_if_locked(visitor, attempt)
        raise InvalidCredentials
    if not user.two_factor:
        answer = await open_session(visitor, services, user, now, attempt, two_factor=False)
        await _rehashed(visitor, services, user, asked.password)
        return answer
    user = await _rehashed(visitor, services, user, asked.password)
    async with visitor.work() as work:
        await work.identity.logins.undo_attempt(attempt)
    token = services.tokens.challenge(user.id, user.password_hash, now)
    return ChallengeRead(
        two_factor_required=True, challenge_token=token, expires_in=int(CHALLENGE_LIFETIME.total_seconds())
    )


def _known_device(services: ApiServices, asked: LoginCreate, now: datetime) -> KnownDevice | None:
    """The known device of the token; an invalid or expired token counts as none."""
    if asked.device_token is None:
        return None
    try:
        return KnownDevice(asked.device_token, services.links.read(Purpose.KNOWN_DEVICE, asked.device_token, now))
    except (Unauthenticated, Gone):
        return None


def refuse_locked(attempt: LoginAttempt, now: datetime) -> None:
    """Raise AccountLocked for an attempt during a lock, for every caller and every password."""
    if attempt.refused and attempt.locked_until is not None:
        raise AccountLocked({"retry_after": max(1, int((attempt.locked_until - now).total_seconds()) + 1)})


async def notify_if_locked(visitor: PublicCaller | AuthenticatedCaller, attempt: LoginAttempt) -> None:
    """Notify the owner of a login that this failed attempt has locked, at most once per lock, however many networks
    attack. For an unknown e-mail nobody is notified."""
    times = [one.locked_until for one in (attempt, attempt.account) if one and one.locked_until]
    if not times:
        return
    async with visitor.work() as work:
        if attempt.user is not None:
            key = f"login_locked/{attempt.user.id}/{int(attempt.at.timestamp() // LOCK.total_seconds())}"
            facts = {"until": max(times), "at": attempt.at}
            await work.messages.notices.queue_account_email(
                AccountEmail(AccountEmailKind.LOGIN_LOCKED, attempt.user.id, key, facts)
            )


async def is_right(
    visitor: PublicCaller | AuthenticatedCaller, services: ApiServices, attempt: LoginAttempt, password: str
) -> bool:
    """Whether the password is right for this attempt. Raises Unavailable, which does not count as a failure."""
    try:
        return await services.passwords.matches(password, attempt.user.password_hash if attempt.user else None)
    except Unavailable:
        # The password was not checked, so it is no failure.
        async with visitor.work() as work:
            await work.identity.logins.undo_attempt(attempt)
        raise


async def knows_password(
    caller: AuthenticatedCaller, services: ApiServices, email: str, password: str, now: datetime
) -> bool:
    """Counted by the session, so that a person who found it open cannot guess for long. Raises AccountLocked and
    Unavailable."""
    services.passwords.check_room()
    async with caller.work() as work:
        attempt = await work.identity.logins.attempt_in_session(email, current_session(caller), now)
    refuse_locked(attempt, now)
    if await is_right(caller, services, attempt, password):
        async with caller.work() as work:
            await work.identity.logins.clear_attempts(attempt)
        return True
    await notify_if_locked(caller, attempt)
    return False


async def _rehashed(visitor: PublicCaller, services: ApiServices, user: UserRow, password: str) -> UserRow:
    """The same login with a hash of the cost that is asked for today."""
    if not services.passwords.is_dated(user.password_hash):
        return user
    fresh = await services.passwords.hash(password)
    async with visitor.work() as work:
        replaced = await work.identity.users.replace_hash(user.id, user.password_hash, fresh)
    return replace(user, password_hash=fresh) if replaced else user


async def open_session(
    visitor: PublicCaller,
    services: ApiServices,
    user: UserRow,
    now: datetime,
    attempt: LoginAttempt,
    *,
    two_factor: bool,
) -> LoginRead:
    """A new session for a person who proved the login. Raises InvalidCredentials if the password was changed during the
    check."""
    token, until = new_refresh_token(), now + services.settings.refresh_token_lifetime
    async with visitor.work() as work:
        session_id = await work.identity.sessions.open(
            user.id, user.password_hash, token, now, until, two_factor=two_factor
        )
        if session_id is None:
            raise InvalidCredentials
        await work.identity.logins.clear_failures(user.id)
        await work.identity.logins.clear_attempts(attempt)
        if await work.identity.logins.note_device(user.id):
            key = f"new_device/{session_id}"
            facts = {"session_id": session_id, "at": now}
            message = AccountEmail(AccountEmailKind.NEW_DEVICE, user.id, key, facts)
            await work.messages.notices.queue_account_email(message)
    is_admin = _speaks_as_admin(services, user.is_admin, two_factor)
    tokens = _tokens(services, Login(user.id, is_admin, session_id), token, now)
    return LoginRead(
        **tokens.model_dump(),
        two_factor_required=False,
        two_factor_setup_required=user.is_admin and not is_admin,
        device_token=services.links.issue(Purpose.KNOWN_DEVICE, user.id, now + DEVICE_KNOWN_FOR),
        user=UserRead.of(user),
    )


@raises(Unauthenticated)
async def refresh(visitor: PublicCaller, services: ApiServices, token: str, now: datetime) -> TokensRead:
    """New tokens for a refresh token, which becomes invalid. A token that was used before ends its session, also if it
    is used concurrently. Raises Unauthenticated."""
    fresh = new_refresh_token()
    async with visitor.work() as work:
        rotated = await work.identity.sessions.rotate(token, fresh, now, now + services.settings.refresh_token_lifetime)
        if rotated.outcome is Rotation.REPLAYED:
            key, facts = f"token_reused/{rotated.session_id}", {"session_id": rotated.session_id, "at": now}
            await work.messages.notices.queue_account_email(
                AccountEmail(AccountEmailKind.TOKEN_REUSED, rotated.user_id, key, facts)
            )
    if rotated.outcome is not Rotation.ROTATED or rotated.user_id is None:
        raise Unauthenticated({"reason": "invalid_refresh_token"})
    is_admin = _speaks_as_admin(services, rotated.is_admin, rotated.two_factor)
    return _tokens(services, Login(rotated.user_id, is_admin, rotated.session_id), fresh, now)


async def log_out(caller: AuthenticatedCaller, now: datetime) -> EndedRead:
    """End the session of the token. If it has ended already, nothing changes."""
    session_id = current_session(caller)
    caller.context = replace(caller.context, session_id=None)
    async with caller.work() as work:
        with contextlib.suppress(NotFound):
            await work.identity.sessions.revoke(caller.id, session_id, now, SessionEnd.LOGGED_OUT)
            return EndedRead(sessions_ended=1)
    return EndedRead(sessions_ended=0)


def current_session(caller: AuthenticatedCaller) -> UUID:
    """The session of the token. Raises Unauthenticated for a token without one."""
    if caller.login is None or caller.login.session_id is None:
        raise Unauthenticated({"reason": "no_session"})
    return caller.login.session_id


def _speaks_as_admin(services: ApiServices, is_admin: bool, two_factor: bool) -> bool:
    return is_admin and (two_factor or not services.settings.admins_need_two_factor)


def _tokens(services: ApiServices, login: Login, refresh_token: str, now: datetime) -> TokensRead:
    return TokensRead(
        access_token=services.tokens.issue(login, now),
        token_type="Bearer",  # noqa: S106 - the scheme
        expires_in=int(services.tokens.lifetime.total_seconds()),
        refresh_token=refresh_token,
        refresh_expires_in=int(services.settings.refresh_token_lifetime.total_seconds()),
    )
