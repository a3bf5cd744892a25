"""Logins, sessions, protection against guessing, and the second factor.

Secrets are stored as digests, or encrypted where they must be read again; the audit trail masks them by name.
"""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import ARRAY, BigInteger, CheckConstraint, DateTime, ForeignKey, Index, LargeBinary, text
from sqlalchemy.dialects.postgresql import INET
from sqlalchemy.orm import Mapped, mapped_column

from db.engine.base import CITEXT, Base, Key, Stamped, Time, one_of
from domain.identity.sessions import SessionEnd


class PlatformRole(StrEnum):
    """The role of a user on the platform itself."""

    USER = "user"
    ADMIN = "admin"


class User(Base, Stamped):
    """A login. ``password_hash`` is bcrypt; e-mails compare without case."""

    __tablename__ = "users"
    __table_args__ = (one_of("platform_role", PlatformRole),)

    id: Mapped[Key]
    email: Mapped[str] = mapped_column(CITEXT, unique=True)
    password_hash: Mapped[str]
    platform_role: Mapped[str] = mapped_column(server_default=text("'user'"))
    family_name: Mapped[str] = mapped_column(server_default=text("''"))
    given_name: Mapped[str] = mapped_column(server_default=text("''"))
    language: Mapped[str] = mapped_column(server_default=text("'ja'"))
    #: For the quiet hours of messages; None: the zone of the business.
    time_zone: Mapped[str | None]
    email_verified_at: Mapped[Time | None]
    deleted_at: Mapped[Time | None]


class UserSession(Base, Stamped):
    """One login on one device. Its refresh tokens are one family: they end together. ``two_factor``: the second factor
    was proven in it. ``last_used_at``, ``ip`` and ``user_agent`` are from the last login or refresh."""

    __tablename__ = "user_sessions"
    __table_args__ = (
        one_of("end_reason", SessionEnd),
        Index("ix_user_sessions_user_id", "user_id", "id"),
    )

    id: Mapped[Key]
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"))
    ip: Mapped[str | None] = mapped_column(INET)
    user_agent: Mapped[str | None]
    two_factor: Mapped[bool] = mapped_column(server_default=text("false"))
    last_used_at: Mapped[Time]
    expires_at: Mapped[Time]
    ended_at: Mapped[Time | None]
    end_reason: Mapped[str | None]


class RefreshToken(Base):
    """SHA-256 of an opaque token. Used tokens stay until they expire, so that a replay is detected."""

    __tablename__ = "refresh_tokens"
    __table_args__ = (Index("ix_refresh_tokens_session_id", "session_id"),)

    token_hash: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    session_id: Mapped[UUID] = mapped_column(ForeignKey("user_sessions.id", ondelete="CASCADE"))
    created_at: Mapped[Time] = mapped_column(server_default=text("now()"))
    expires_at: Mapped[Time]
    used_at: Mapped[Time | None]


class LoginFailures(Base):
    """Attempts that have not succeeded, by digest of the e-mail as typed: for known and unknown ones alike."""

    __tablename__ = "login_failures"
    __table_args__ = (Index("ix_login_failures_forget_at", "forget_at"),)

    subject_hash: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    failed_at: Mapped[list[datetime]] = mapped_column(ARRAY(DateTime(timezone=True)))
    locked_until: Mapped[Time | None]
    forget_at: Mapped[Time]


class UserTwoFactor(Base, Stamped):
    """A TOTP secret (RFC 6238), encrypted under the key ``key_id`` of the ring. Not asked for before ``enabled_at``.
    ``last_step``: the time step of the last accepted code; a code counts once. ``reset_id`` and ``reset_at``: an
    operator has ordered its reset for that time."""

    __tablename__ = "user_two_factors"
    __table_args__ = (CheckConstraint("(reset_id IS NULL) = (reset_at IS NULL)", name="reset_whole"),)

    id: Mapped[Key]
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"), unique=True)
    totp_encrypted: Mapped[bytes] = mapped_column(LargeBinary)
    key_id: Mapped[str]
    enabled_at: Mapped[Time | None]
    last_step: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))
    reset_id: Mapped[UUID | None] = mapped_column(unique=True)
    reset_at: Mapped[Time | None]


class RecoveryCode(Base):
    """SHA-256 of a code that replaces the second factor once."""

    __tablename__ = "recovery_codes"

    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"), primary_key=True)
    code_hash: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    created_at: Mapped[Time] = mapped_column(server_default=text("now()"))
    used_at: Mapped[Time | None]


class KnownDevice(Base):
    """A device that a login was seen on, by :func:`domain.identity.sessions.device_fingerprint`."""

    __tablename__ = "known_devices"

    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"), primary_key=True)
    device_hash: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    created_at: Mapped[Time] = mapped_column(server_default=text("now()"))
    last_seen_at: Mapped[Time] = mapped_column(server_default=text("now()"))
