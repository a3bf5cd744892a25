"""A new password, and everything that it invalidates."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import text

from db.engine.store import Store
from db.identity.logins import LoginStore
from db.identity.sessions import SessionStore
from db.identity.single_use_links import RESET, SingleUseLinkStore
from db.messages.notices import AccountEmail, NoticeStore
from domain.identity.sessions import SessionEnd
from domain.messages.kinds import AccountEmailKind

_REPLACE = text("""
    UPDATE users SET password_hash = :password_hash
     WHERE id = :id AND deleted_at IS NULL AND (CAST(:was AS text) IS NULL OR password_hash = :was)
    RETURNING id
""")


@dataclass(frozen=True, slots=True)
class NewPassword:
    """``was``: the hash that was checked, None if a link replaced the old password. ``except_session``: the session
    from which it was changed. ``once`` identifies this change, for its e-mail."""

    user_id: UUID
    password_hash: str
    reason: SessionEnd
    once: str
    was: str | None = None
    except_session: UUID | None = None


class PasswordStore(Store):
    """Passwords, by their hashes."""

    async def replace(self, new: NewPassword, now: datetime) -> bool:
        """Store a new password, end every other session and every open reset link, delete failed logins, and notify the
        user. False, and nothing changed, when the old password has changed since it was checked."""
        values = {"id": new.user_id, "password_hash": new.password_hash, "was": new.was}
        if (await self.session.execute(_REPLACE, values)).one_or_none() is None:
            return False
        session, context = self.session, self.context
        await SessionStore(session, context).revoke_all(new.user_id, new.except_session, new.reason)
        await SingleUseLinkStore(session, context).void(RESET, new.user_id, now)
        await LoginStore(session, context).clear_failures(new.user_id)
        message = AccountEmail(
            AccountEmailKind.PASSWORD_CHANGED, new.user_id, f"password_changed/{new.once}", {"at": now}
        )
        await NoticeStore(session, context).queue_account_email(message)
        return True
