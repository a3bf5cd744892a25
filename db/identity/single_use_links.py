"""Single-use links: made, sent by e-mail, used. Their tokens are not stored."""

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import Row, bindparam, text
from sqlalchemy.dialects.postgresql import CITEXT

from db.engine.store import Store
from db.identity.users import UserRow, UserStore
from db.messages.notices import AccountEmail, NoticeStore
from domain.errors import Gone
from domain.identity.errors import InvalidLink
from domain.messages.kinds import AccountEmailKind
from runtime.links import Links, Purpose


@dataclass(frozen=True, slots=True)
class LinkKind:
    """A kind of link: its table, its e-mail, and the fact by which that e-mail finds the row."""

    purpose: Purpose
    table: str
    lifetime: timedelta
    email_kind: AccountEmailKind
    fact: str
    #: Whether a newer link invalidates older ones. Not for resets: anybody can request one, and would invalidate the
    #: owner's.
    newest_alone: bool = True


VERIFICATION = LinkKind(
    Purpose.VERIFY_EMAIL,
    "email_verifications",
    timedelta(hours=24),
    AccountEmailKind.EMAIL_VERIFICATION,
    "verification_id",
)
RESET = LinkKind(
    Purpose.RESET_PASSWORD,
    "password_resets",
    timedelta(hours=1),
    AccountEmailKind.PASSWORD_RESET,
    "reset_id",
    newest_alone=False,
)
_KINDS = (VERIFICATION, RESET)

_NEW_ID = text("SELECT uuidv7()")
_INSERT = {
    kind: text(f"""
        INSERT INTO {kind.table} (id, user_id, email, token_hash, kid, expires_at)
        VALUES (:id, :user_id, :email, :token_hash, :kid, :expires_at)
    """).bindparams(bindparam("email", type_=CITEXT))
    for kind in _KINDS
}
_OWNER = {
    kind: text(f"""
        SELECT u.id FROM users u
         WHERE u.id = (SELECT l.user_id FROM {kind.table} l WHERE l.id = :id) AND u.deleted_at IS NULL
           FOR NO KEY UPDATE
    """)
    for kind in _KINDS
}
_FIND = {
    kind: text(f"""
        SELECT l.user_id, l.email, l.token_hash, l.used_at, l.expires_at,
               l.email <> u.email OR ({kind.newest_alone} AND EXISTS (
                  SELECT 1 FROM {kind.table} x WHERE x.user_id = l.user_id AND x.id > l.id)) AS replaced
          FROM {kind.table} l JOIN users u ON u.id = l.user_id AND u.deleted_at IS NULL
         WHERE l.id = :id
    """)
    for kind in _KINDS
}
_USE = {kind: text(f"UPDATE {kind.table} SET used_at = :now WHERE id = :id") for kind in _KINDS}
_VOID = {
    kind: text(f"UPDATE {kind.table} SET used_at = :now WHERE user_id = :user_id AND used_at IS NULL")
    for kind in _KINDS
}


class SingleUseLinkStore(Store):
    """Links that work once, while the login has the e-mail address that they were sent to. Of verification links only
    the newest is valid; all reset links are valid until one is used."""

    async def send(self, kind: LinkKind, user: UserRow | None, links: Links, now: datetime) -> None:
        """Make a link and queue its e-mail.

        Without a user, for an unknown e-mail, the same statements are executed and rolled back: neither the number of
        round trips nor the database's work shows whether the e-mail is in use.
        """
        async with self.session.begin_nested() as here:
            await self._write(kind, user, links, now)
            if user is None:
                await here.rollback()

    async def find_email(self, kind: LinkKind, link_id: UUID) -> str | None:
        """Where the link was sent."""
        row = await self._find(kind, link_id)
        return row.email if row else None

    async def use(self, kind: LinkKind, link_id: UUID, token: str, now: datetime) -> UserRow:
        """Use the link; returns its login. Locks the login, so that concurrent uses, and a concurrent change of the
        password, run one after the other.

        Raises InvalidLink for an unknown link, Gone (``reason``: ``link_used``, ``link_replaced``, ``link_expired``)
        for one that is no longer valid.
        """
        owner: UUID | None = (await self.session.execute(_OWNER[kind], {"id": link_id})).scalar_one_or_none()
        row = await self._find(kind, link_id)
        user = await UserStore(self.session, self.context).find(owner) if owner else None
        if row is None or user is None or not hmac.compare_digest(row.token_hash, _digest(token)):
            raise InvalidLink({"reason": "invalid_link"})
        if reason := _over(row, now):
            raise Gone({"reason": reason})
        await self.session.execute(_USE[kind], {"id": link_id, "now": now})
        return user

    async def void(self, kind: LinkKind, user_id: UUID, now: datetime) -> None:
        """Invalidate all open links of this login."""
        await self.session.execute(_VOID[kind], {"user_id": user_id, "now": now})

    async def _find(self, kind: LinkKind, link_id: UUID) -> Row[Any] | None:
        return (await self.session.execute(_FIND[kind], {"id": link_id})).one_or_none()

    async def _write(self, kind: LinkKind, user: UserRow | None, links: Links, now: datetime) -> None:
        link_id: UUID = (await self.session.execute(_NEW_ID)).scalar_one()
        kid, until = links.keys.current, (now + kind.lifetime).replace(microsecond=0)
        values: Mapping[str, object] = {
            "id": link_id,
            "user_id": user.id if user else uuid4(),
            "email": user.email if user else "nobody@example.invalid",
            "token_hash": _digest(links.issue(kind.purpose, link_id, until, kid)),
            "kid": kid,
            "expires_at": until,
        }
        await self.session.execute(_INSERT[kind], values)
        # An e-mail must have a recipient; this one is rolled back with the rest.
        facts = {kind.fact: link_id} if user else {kind.fact: link_id, "erasure_id": link_id}
        message = AccountEmail(kind.email_kind, user.id if user else None, f"{kind.email_kind}/{link_id}", facts)
        await NoticeStore(self.session, self.context).queue_account_email(message)


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()


def _over(row: Row[Any], now: datetime) -> str | None:
    if row.used_at is not None:
        return "link_used"
    if row.replaced:
        return "link_replaced"
    return "link_expired" if row.expires_at <= now else None
