"""The handlers of single-use links, and of choosing a new password."""

from datetime import datetime
from uuid import UUID, uuid4

from starlette.responses import Response

from api.access.callers import ApiServices, AuthenticatedCaller, PublicCaller
from api.http.envelope import SuccessMessage, ok
from api.http.idempotency import Key, store_response
from api.http.operation_errors import raises
from api.v1.identity.auth.handlers import knows_password
from api.v1.identity.links.schemas import (
    ChangePasswordCommand,
    EmailVerifiedRead,
    LinkAskedRead,
    LinkCreate,
    PasswordChangedRead,
    ResetPasswordCommand,
    VerifyEmailCommand,
)
from db.identity.passwords import NewPassword
from db.identity.single_use_links import RESET, VERIFICATION, LinkKind
from domain.errors import Gone, InvalidInput, Unauthenticated
from domain.identity.errors import AccountLocked, InvalidLink
from domain.identity.passwords import check_password
from domain.identity.sessions import SessionEnd
from runtime.links import Links


async def send_verification(
    visitor: PublicCaller, services: ApiServices, asked: LinkCreate, now: datetime, key: Key | None
) -> Response:
    """A new verification e-mail for a login that is not verified; the same answer for everybody else."""
    async with visitor.work(key) as work:
        user = await work.identity.users.find_by_email(asked.email)
        unverified = user if user is not None and user.email_verified_at is None else None
        await work.identity.single_use_links.send(VERIFICATION, unverified, services.links, now)
        return await store_response(work, ok(LinkAskedRead.of(VERIFICATION.lifetime), SuccessMessage.LINK_SENT))


async def send_reset(
    visitor: PublicCaller, services: ApiServices, asked: LinkCreate, now: datetime, key: Key | None
) -> Response:
    """An e-mail for choosing a new password, if the address has a login; the same answer if not."""
    async with visitor.work(key) as work:
        user = await work.identity.users.find_by_email(asked.email)
        await work.identity.single_use_links.send(RESET, user, services.links, now)
        return await store_response(work, ok(LinkAskedRead.of(RESET.lifetime), SuccessMessage.LINK_SENT))


@raises(InvalidLink, Gone)
async def verify(
    visitor: PublicCaller, services: ApiServices, asked: VerifyEmailCommand, now: datetime, key: Key | None
) -> Response:
    """Confirm the login's e-mail address. Raises InvalidLink and Gone."""
    link_id = _opened(services.links, VERIFICATION, asked.token, now)
    async with visitor.work(key) as work:
        user = await work.identity.single_use_links.use(VERIFICATION, link_id, asked.token, now)
        verified = await work.identity.users.verify_email(user.id, now)
        answer = EmailVerifiedRead(email=verified.email, email_verified_at=verified.email_verified_at or now)
        return await store_response(work, ok(answer, SuccessMessage.EMAIL_VERIFIED))


@raises(InvalidLink, Gone)
async def reset(
    visitor: PublicCaller, services: ApiServices, asked: ResetPasswordCommand, now: datetime, key: Key | None
) -> Response:
    """Store the password that was chosen with a mail link. A login whose address was not proven before also loses its
    second factor. Raises InvalidInput, InvalidLink and Gone."""
    link_id = _opened(services.links, RESET, asked.token, now)
    async with visitor.work() as work:
        email = await work.identity.single_use_links.find_email(RESET, link_id)
    check_password(asked.password, email or "")
    password_hash = await services.passwords.hash(asked.password)
    async with visitor.work(key) as work:
        user = await work.identity.single_use_links.use(RESET, link_id, asked.token, now)
        new = NewPassword(user.id, password_hash, SessionEnd.PASSWORD_RESET, once=str(link_id))
        await work.identity.passwords.replace(new, now)
        if user.email_verified_at is None:
            # Another person may have registered this address. Nothing of theirs may lock out its owner.
            await work.identity.two_factor.disable(user.id)
        await work.identity.users.verify_email(user.id, now)  # the caller has received the e-mail
        return await store_response(work, ok(PasswordChangedRead(changed_at=now), SuccessMessage.PASSWORD_CHANGED))


@raises(AccountLocked)
async def change(
    caller: AuthenticatedCaller, services: ApiServices, asked: ChangePasswordCommand, now: datetime, key: Key | None
) -> Response:
    """Store the new password of a caller who knows the present one. Raises InvalidInput, AccountLocked,
    Unauthenticated."""
    async with caller.work() as work:
        user = await work.identity.users.find(caller.id)
    if user is None:
        raise Unauthenticated({"reason": "no_user"})
    check_password(asked.new_password, user.email, "new_password")
    if asked.new_password == asked.current_password:
        raise InvalidInput.at("new_password", "not_the_current_password")
    right = await knows_password(caller, services, user.email, asked.current_password, now)
    password_hash = await services.passwords.hash(asked.new_password) if right else ""
    # A repeat with the same key is answered here: its "present" password is no longer the present one.
    async with caller.work(key) as work:
        new = NewPassword(
            user.id,
            password_hash,
            SessionEnd.PASSWORD_CHANGED,
            once=str(uuid4()),
            was=user.password_hash,
            except_session=caller.context.session_id,
        )
        if not right or not await work.identity.passwords.replace(new, now):
            raise InvalidInput.at("current_password", "wrong_password")
        return await store_response(work, ok(PasswordChangedRead(changed_at=now), SuccessMessage.PASSWORD_CHANGED))


def _opened(links: Links, kind: LinkKind, token: str, now: datetime) -> UUID:
    """The row of the token. Raises InvalidLink, and Gone for one that is no longer valid. A wrong link is not answered
    with 401, because no login is missing."""
    try:
        return links.read(kind.purpose, token, now)
    except Unauthenticated as error:
        raise InvalidLink(error.details) from error
