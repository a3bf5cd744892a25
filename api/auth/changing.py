"""What the links of letters open, and choosing a new password."""

from datetime import datetime
from uuid import UUID, uuid4

from starlette.responses import Response

from api.auth.link_schemas import (
    EmailVerifiedRead,
    EmailVerify,
    LinkAsk,
    LinkAskedRead,
    PasswordChange,
    PasswordChangedRead,
    PasswordReset,
)
from api.auth.opening import knows_password
from api.dependencies import Myself, Parts, Visitor
from api.envelope import Said, ok
from api.idempotency import Key, kept
from db.stores.passwords import NewPassword
from db.stores.single_use_links import RESET, VERIFICATION, LinkKind
from domain.errors import InvalidInput, InvalidLink, Unauthenticated
from domain.identity.passwords import check_password
from domain.identity.sessions import SessionEnd
from runtime.links import Links


async def send_verification(visitor: Visitor, parts: Parts, asked: LinkAsk, now: datetime, key: Key | None) -> Response:
    """A new verification letter for a login that is not verified; the same answer for everybody else."""
    async with visitor.work(key) as work:
        user = await work.users.find_by_email(asked.email)
        unverified = user if user is not None and user.email_verified_at is None else None
        await work.single_use_links.send(VERIFICATION, unverified, parts.links, now)
        return await kept(work, ok(LinkAskedRead.of(VERIFICATION.lifetime), Said.LINK_SENT))


async def send_reset(visitor: Visitor, parts: Parts, asked: LinkAsk, now: datetime, key: Key | None) -> Response:
    """A letter for choosing a new password to whoever has the e-mail; the same answer where nobody has."""
    async with visitor.work(key) as work:
        user = await work.users.find_by_email(asked.email)
        await work.single_use_links.send(RESET, user, parts.links, now)
        return await kept(work, ok(LinkAskedRead.of(RESET.lifetime), Said.LINK_SENT))


async def verify(visitor: Visitor, parts: Parts, asked: EmailVerify, now: datetime, key: Key | None) -> Response:
    """Note that the login's e-mail is its own. Raises InvalidLink and Gone."""
    link_id = _opened(parts.links, VERIFICATION, asked.token, now)
    async with visitor.work(key) as work:
        user = await work.single_use_links.use(VERIFICATION, link_id, asked.token, now)
        verified = await work.users.verify_email(user.id, now)
        answer = EmailVerifiedRead(email=verified.email, email_verified_at=verified.email_verified_at or now)
        return await kept(work, ok(answer, Said.EMAIL_VERIFIED))


async def reset(visitor: Visitor, parts: Parts, asked: PasswordReset, now: datetime, key: Key | None) -> Response:
    """Store the password that was chosen through a letter. Raises InvalidInput, InvalidLink and Gone."""
    link_id = _opened(parts.links, RESET, asked.token, now)
    async with visitor.work() as work:
        email = await work.single_use_links.find_email(RESET, link_id)
    check_password(asked.password, email or "")
    password_hash = await parts.passwords.hash(asked.password)
    async with visitor.work(key) as work:
        user = await work.single_use_links.use(RESET, link_id, asked.token, now)
        new = NewPassword(user.id, password_hash, SessionEnd.PASSWORD_RESET, once=str(link_id))
        await work.passwords.replace(new, now)
        await work.users.verify_email(user.id, now)  # the letter reached them
        return await kept(work, ok(PasswordChangedRead(changed_at=now), Said.PASSWORD_CHANGED))


async def change(myself: Myself, parts: Parts, asked: PasswordChange, now: datetime, key: Key | None) -> Response:
    """Store the new password of somebody who knows the present one. Raises InvalidInput, AccountLocked,
    Unauthenticated."""
    async with myself.work() as work:
        user = await work.users.find(myself.id)
    if user is None:
        raise Unauthenticated({"reason": "no_user"})
    check_password(asked.new_password, user.email, "new_password")
    if asked.new_password == asked.current_password:
        raise InvalidInput.at("new_password", "not_the_current_password")
    right = await knows_password(myself, parts, user.email, asked.current_password, now)
    password_hash = await parts.passwords.hash(asked.new_password) if right else ""
    # A repeat with the same key is answered here: the password it names as the present one is that no longer.
    async with myself.work(key) as work:
        new = NewPassword(
            user.id,
            password_hash,
            SessionEnd.PASSWORD_CHANGED,
            once=str(uuid4()),
            was=user.password_hash,
            kept_session=myself.context.session_id,
        )
        if not right or not await work.passwords.replace(new, now):
            raise InvalidInput.at("current_password", "wrong_password")
        return await kept(work, ok(PasswordChangedRead(changed_at=now), Said.PASSWORD_CHANGED))


def _opened(links: Links, kind: LinkKind, token: str, now: datetime) -> UUID:
    """The row that the token opens. Raises InvalidLink, and Gone for one that is over: a wrong link is no missing
    login, so it is not answered like one."""
    try:
        return links.read(kind.purpose, token, now)
    except Unauthenticated as error:
        raise InvalidLink(error.details) from error
