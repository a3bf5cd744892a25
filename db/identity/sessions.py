"""Sessions and their refresh tokens. A session is one login on one device; its tokens are one family."""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import LargeBinary, Text, bindparam, text
from sqlalchemy.dialects.postgresql import UUID as PgUUID

from db.engine.store import Store
from db.identity.tables import PlatformRole
from domain.errors import NotFound
from domain.identity.sessions import SessionEnd

_AGENT = 400
_TYPES = (
    bindparam("ip", type_=Text),
    bindparam("user_agent", type_=Text),
    bindparam("fresh", type_=LargeBinary),
)
# The lock on the user's row makes this wait for a running change of the password, and the comparison then fails: a
# login that began with the old password does not survive the change that ends all sessions.
_OPEN = text("""
    WITH who AS (
        SELECT id FROM users
         WHERE id = :user_id AND password_hash = :password_hash AND deleted_at IS NULL FOR SHARE
    ), opened AS (
        INSERT INTO user_sessions (user_id, ip, user_agent, two_factor, last_used_at, expires_at)
        SELECT id, CAST(:ip AS inet), :user_agent, :two_factor, :now, :until FROM who RETURNING id
    ), token AS (
        INSERT INTO refresh_tokens (token_hash, session_id, expires_at) SELECT :fresh, id, :until FROM opened
    )
    SELECT id FROM opened
""").bindparams(*_TYPES)
# Two requests with the same token: the second waits for the first's row, finds it used, and gets no row here.
_ROTATE = text("""
    WITH used AS (
        UPDATE refresh_tokens SET used_at = :now
         WHERE token_hash = :token AND used_at IS NULL AND expires_at > :now RETURNING session_id
    ), alive AS (
        UPDATE user_sessions s
           SET last_used_at = :now, expires_at = :until, ip = CAST(:ip AS inet), user_agent = :user_agent
          FROM used WHERE s.id = used.session_id AND s.ended_at IS NULL
        RETURNING s.id, s.user_id, s.two_factor
    ), token AS (
        INSERT INTO refresh_tokens (token_hash, session_id, expires_at) SELECT :fresh, id, :until FROM alive
    ), gone AS (
        DELETE FROM refresh_tokens t USING alive WHERE t.session_id = alive.id AND t.expires_at <= :now
    )
    SELECT alive.id, u.id AS user_id, u.platform_role, alive.two_factor
      FROM used LEFT JOIN alive ON true LEFT JOIN users u ON u.id = alive.user_id AND u.deleted_at IS NULL
""").bindparams(bindparam("token", type_=LargeBinary), *_TYPES)
_REPLAYED = text("""
    UPDATE user_sessions s SET ended_at = :now, end_reason = :reason
      FROM refresh_tokens t
     WHERE t.token_hash = :token AND t.used_at IS NOT NULL AND s.id = t.session_id AND s.ended_at IS NULL
    RETURNING s.id, s.user_id
""").bindparams(bindparam("token", type_=LargeBinary))
_END_ONE = text("""
    UPDATE user_sessions SET ended_at = :now, end_reason = :reason
     WHERE id = :id AND user_id = :user_id AND ended_at IS NULL AND expires_at > :now RETURNING id
""")
_END_ALL = text("""
    UPDATE user_sessions SET ended_at = now(), end_reason = :reason
     WHERE user_id = :user_id AND ended_at IS NULL AND id IS DISTINCT FROM :kept RETURNING id
""").bindparams(bindparam("kept", type_=PgUUID))
_LIST = text("""
    SELECT id, host(ip) AS ip, user_agent, two_factor, created_at, last_used_at, expires_at FROM user_sessions
     WHERE user_id = :user_id AND ended_at IS NULL AND expires_at > :now AND (:after IS NULL OR id < :after)
     ORDER BY id DESC LIMIT :limit
""").bindparams(bindparam("after", type_=PgUUID))
# A page has no refresh token: its cookie names the session, and using the page keeps it alive. The row is written once
# in five minutes at most.
_USE = text("""
    WITH alive AS (
        SELECT s.id, s.user_id, s.last_used_at, u.platform_role FROM user_sessions s JOIN users u ON u.id = s.user_id
         WHERE s.id = :id AND s.ended_at IS NULL AND s.expires_at > :now AND u.deleted_at IS NULL
    ), used AS (
        UPDATE user_sessions s SET last_used_at = :now, expires_at = :until
          FROM alive WHERE s.id = alive.id AND alive.last_used_at < CAST(:now AS timestamptz) - interval '5 minutes'
    )
    SELECT id, user_id, platform_role FROM alive
""")
_PROVEN = text("UPDATE user_sessions SET two_factor = true WHERE id = :id")


class Rotation(StrEnum):
    """The result of using a refresh token."""

    ROTATED = "rotated"
    REFUSED = "refused"  # unknown, over, or of a session that has ended
    REPLAYED = "replayed"  # used before: its session has been ended now


@dataclass(frozen=True, slots=True)
class Rotated:
    """``session_id`` and ``user_id`` are None when it was refused. ``is_admin`` and ``two_factor`` (proven in this
    session) are the present values."""

    outcome: Rotation
    session_id: UUID | None = None
    user_id: UUID | None = None
    is_admin: bool = False
    two_factor: bool = False


@dataclass(frozen=True, slots=True)
class LiveSession:
    """A session that has not ended, and the present role of its user."""

    id: UUID
    user_id: UUID
    is_admin: bool


@dataclass(frozen=True, slots=True)
class SessionRow:
    """A live session. ``ip`` is None if it was unknown."""

    id: UUID
    ip: str | None
    user_agent: str | None
    two_factor: bool
    created_at: datetime
    last_used_at: datetime
    expires_at: datetime


def _digest(token: str) -> bytes:
    # A random token of 256 bits needs no slow hash, because it cannot be guessed.
    return hashlib.sha256(token.encode()).digest()


class SessionStore(Store):
    """Sessions of logins. Times are aware; a session is live until it is ended or ``expires_at``."""

    async def open(
        self, user_id: UUID, password_hash: str, refresh_token: str, now: datetime, until: datetime, *, two_factor: bool
    ) -> UUID | None:
        """Open a session with its first refresh token. None when the login no longer exists or its password has changed
        since it was checked."""
        values = {
            "user_id": user_id,
            "password_hash": password_hash,
            "two_factor": two_factor,
            **self._use(refresh_token, now, until),
        }
        opened: UUID | None = (await self.session.execute(_OPEN, values)).scalar_one_or_none()
        return opened

    async def rotate(self, token: str, fresh: str, now: datetime, until: datetime) -> Rotated:
        """Replace ``token`` by ``fresh``, valid until ``until``. A token that was used before ends its whole session:
        two parties have it, and one of them stole it. In that case the caller must let the transaction commit."""
        values = {"token": _digest(token), **self._use(fresh, now, until)}
        row = (await self.session.execute(_ROTATE, values)).one_or_none()
        if row is not None:
            if row.user_id is None:
                return Rotated(Rotation.REFUSED)
            is_admin = row.platform_role == PlatformRole.ADMIN
            return Rotated(Rotation.ROTATED, row.id, row.user_id, is_admin, row.two_factor)
        values = {"token": _digest(token), "now": now, "reason": SessionEnd.TOKEN_REUSED.value}
        ended = (await self.session.execute(_REPLAYED, values)).one_or_none()
        return Rotated(Rotation.REPLAYED, ended.id, ended.user_id) if ended else Rotated(Rotation.REFUSED)

    async def use(self, session_id: UUID, now: datetime, until: datetime) -> LiveSession | None:
        """The session if it is live, which it then is until ``until``; None for one that has ended."""
        row = (await self.session.execute(_USE, {"id": session_id, "now": now, "until": until})).one_or_none()
        return None if row is None else LiveSession(row.id, row.user_id, row.platform_role == PlatformRole.ADMIN)

    async def revoke(self, user_id: UUID, session_id: UUID, now: datetime, reason: SessionEnd) -> None:
        """End one live session of the user. Raises NotFound."""
        values = {"id": session_id, "user_id": user_id, "now": now, "reason": reason.value}
        if (await self.session.execute(_END_ONE, values)).one_or_none() is None:
            raise NotFound

    async def revoke_all(
        self,
        user_id: UUID,
        except_session_id: UUID | None = None,
        reason: SessionEnd = SessionEnd.REVOKED,
    ) -> int:
        """End every session of the user but one; gives how many. With a new password: store that first, in the same
        transaction, so that a login under way with the old one is ended or refused."""
        values = {"user_id": user_id, "kept": except_session_id, "reason": reason.value}
        return len((await self.session.execute(_END_ALL, values)).all())

    async def list_(self, user_id: UUID, now: datetime, after: UUID | None, limit: int) -> list[SessionRow]:
        """The user's live sessions, the youngest first, those before ``after``."""
        values = {"user_id": user_id, "now": now, "after": after, "limit": limit}
        rows = await self.session.execute(_LIST, values)
        return [SessionRow(**row._mapping) for row in rows]

    async def prove_two_factor(self, session_id: UUID) -> None:
        """Note that the second factor was proven in this session."""
        await self.session.execute(_PROVEN, {"id": session_id})

    def _use(self, token: str, now: datetime, until: datetime) -> dict[str, object]:
        agent = self.context.user_agent
        return {
            "fresh": _digest(token),
            "now": now,
            "until": until,
            "ip": self.context.ip,
            "user_agent": agent[:_AGENT] if agent else None,
        }
