"""Opening a session, keeping it alive and ending it."""

import contextlib
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from api.auth.schemas import ChallengeRead, EndedRead, LoginCreate, LoginRead, TokensRead, UserRead
from api.auth.tokens import CHALLENGE_LIFETIME, Login, new_refresh_token
from api.dependencies import Myself, Parts, Visitor
from db.stores.logins import Attempt
from db.stores.notices import Letter
from db.stores.sessions import Rotation
from db.stores.users import UserRow
from domain.errors import AccountLocked, InvalidCredentials, NotFound, Unauthenticated, Unavailable
from domain.identity.sessions import SessionEnd
from domain.notices import LetterKind


async def log_in(visitor: Visitor, parts: Parts, asked: LoginCreate, now: datetime) -> LoginRead | ChallengeRead:
    """Check the password and open a session, or ask for the second factor. Raises InvalidCredentials, AccountLocked,
    and Unavailable when more wait for a check than can be answered soon."""
    parts.passwords.check_room()
    async with visitor.work() as work:
        attempt = await work.logins.attempt(asked.email, now)
    user = attempt.user
    refuse_locked(attempt, now)
    if not await is_right(visitor, parts, attempt, asked.password) or user is None:
        await tell_if_locked(visitor, attempt)
        raise InvalidCredentials
    if not user.two_factor:
        answer = await open_session(visitor, parts, user, now, two_factor=False)
        await _rehashed(visitor, parts, user, asked.password)
        return answer
    user = await _rehashed(visitor, parts, user, asked.password)
    async with visitor.work() as work:
        await work.logins.give_back(attempt)
    token = parts.tokens.challenge(user.id, user.password_hash, now)
    return ChallengeRead(
        two_factor_required=True, challenge_token=token, expires_in=int(CHALLENGE_LIFETIME.total_seconds())
    )


def refuse_locked(attempt: Attempt, now: datetime) -> None:
    """Raise AccountLocked for an attempt during a lock, whoever it is and whatever they showed."""
    if attempt.refused and attempt.locked_until is not None:
        raise AccountLocked({"retry_after": max(1, int((attempt.locked_until - now).total_seconds()) + 1)})


async def tell_if_locked(visitor: Visitor | Myself, attempt: Attempt) -> None:
    """Write to whose login this failed attempt has locked. Nobody is written to for an e-mail that nobody has."""
    if attempt.locked_until is None:
        return
    async with visitor.work() as work:
        if attempt.user is not None:
            key = f"login_locked/{attempt.user.id}/{attempt.locked_until.isoformat()}"
            facts = {"until": attempt.locked_until, "at": attempt.at}
            await work.notices.promise_letter(Letter(LetterKind.LOGIN_LOCKED, attempt.user.id, key, facts))


async def is_right(visitor: Visitor | Myself, parts: Parts, attempt: Attempt, password: str) -> bool:
    """Whether the password is that of the login that was attempted. Raises Unavailable, which is no failure."""
    try:
        return await parts.passwords.matches(password, attempt.user.password_hash if attempt.user else None)
    except Unavailable:
        # Nobody looked at it, so it is no failure.
        async with visitor.work() as work:
            await work.logins.give_back(attempt)
        raise


async def knows_password(myself: Myself, parts: Parts, email: str, password: str, now: datetime) -> bool:
    """Counted as an attempt to log in, so that whoever found a session left open cannot guess at it for long. Raises
    AccountLocked and Unavailable."""
    parts.passwords.check_room()
    async with myself.work() as work:
        attempt = await work.logins.attempt(email, now)
    refuse_locked(attempt, now)
    if await is_right(myself, parts, attempt, password):
        return True
    await tell_if_locked(myself, attempt)
    return False


async def _rehashed(visitor: Visitor, parts: Parts, user: UserRow, password: str) -> UserRow:
    """The same login with a hash of the cost that is asked for today."""
    if not parts.passwords.is_dated(user.password_hash):
        return user
    fresh = await parts.passwords.hash(password)
    async with visitor.work() as work:
        replaced = await work.users.replace_hash(user.id, user.password_hash, fresh)
    return replace(user, password_hash=fresh) if replaced else user


async def open_session(visitor: Visitor, parts: Parts, user: UserRow, now: datetime, *, two_factor: bool) -> LoginRead:
    """A new session of somebody who proved who they are. Raises InvalidCredentials for a password that was changed
    while it was checked."""
    token, until = new_refresh_token(), now + parts.settings.refresh_token_lifetime
    async with visitor.work() as work:
        session_id = await work.sessions.open(user.id, user.password_hash, token, now, until, two_factor=two_factor)
        if session_id is None:
            raise InvalidCredentials
        await work.logins.clear_failures(user.id)
        if await work.logins.note_device(user.id):
            key = f"new_device/{session_id}"
            facts = {"session_id": session_id, "at": now}
            await work.notices.promise_letter(Letter(LetterKind.NEW_DEVICE, user.id, key, facts))
    is_admin = _speaks_as_admin(parts, user.is_admin, two_factor)
    tokens = _tokens(parts, Login(user.id, is_admin, session_id), token, now)
    return LoginRead(
        **tokens.model_dump(),
        two_factor_required=False,
        two_factor_setup_required=user.is_admin and not is_admin,
        user=UserRead.of(user),
    )


async def refresh(visitor: Visitor, parts: Parts, token: str, now: datetime) -> TokensRead:
    """New tokens for a refresh token, which is used up. One that was used before ends its session, also when it comes
    at the same moment. Raises Unauthenticated."""
    fresh = new_refresh_token()
    async with visitor.work() as work:
        rotated = await work.sessions.rotate(token, fresh, now, now + parts.settings.refresh_token_lifetime)
        if rotated.outcome is Rotation.REPLAYED:
            key, facts = f"token_reused/{rotated.session_id}", {"session_id": rotated.session_id, "at": now}
            await work.notices.promise_letter(Letter(LetterKind.TOKEN_REUSED, rotated.user_id, key, facts))
    if rotated.outcome is not Rotation.ROTATED or rotated.user_id is None:
        raise Unauthenticated({"reason": "invalid_refresh_token"})
    is_admin = _speaks_as_admin(parts, rotated.is_admin, rotated.two_factor)
    return _tokens(parts, Login(rotated.user_id, is_admin, rotated.session_id), fresh, now)


async def log_out(myself: Myself, now: datetime) -> EndedRead:
    """End the session that the token belongs to. One that is over already is what was asked for."""
    session_id = current_session(myself)
    myself.context = replace(myself.context, session_id=None)
    async with myself.work() as work:
        with contextlib.suppress(NotFound):
            await work.sessions.revoke(myself.id, session_id, now, SessionEnd.LOGGED_OUT)
            return EndedRead(sessions_ended=1)
    return EndedRead(sessions_ended=0)


def current_session(myself: Myself) -> UUID:
    """The session that the token belongs to. Raises Unauthenticated for a token of none."""
    if myself.login is None or myself.login.session_id is None:
        raise Unauthenticated({"reason": "no_session"})
    return myself.login.session_id


def _speaks_as_admin(parts: Parts, is_admin: bool, two_factor: bool) -> bool:
    return is_admin and (two_factor or not parts.settings.admins_need_two_factor)


def _tokens(parts: Parts, login: Login, refresh_token: str, now: datetime) -> TokensRead:
    return TokensRead(
        access_token=parts.tokens.issue(login, now),
        token_type="Bearer",  # noqa: S106 - the scheme
        expires_in=int(parts.tokens.lifetime.total_seconds()),
        refresh_token=refresh_token,
        refresh_expires_in=int(parts.settings.refresh_token_lifetime.total_seconds()),
    )
