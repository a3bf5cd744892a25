"""Single-use links: for confirming an e-mail address and for choosing a new password."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from db.engine.base import CITEXT, Base, Key, Stamped, Time


class SingleUseLink(Stamped):
    """``email``: where it was sent; the link is invalid once the login has another address. The token is not stored: it
    is made again from ``id``, ``expires_at`` (whole seconds) and the key ``kid`` when the message is sent.
    ``token_hash`` is its SHA-256. Only the newest link of a login is valid."""

    id: Mapped[Key]
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", deferrable=True, initially="DEFERRED"))
    email: Mapped[str] = mapped_column(CITEXT)
    token_hash: Mapped[bytes]
    kid: Mapped[str]
    expires_at: Mapped[Time]
    used_at: Mapped[datetime | None]


class EmailVerification(SingleUseLink, Base):
    """A person who opens it has access to the mailbox of ``email``."""

    __tablename__ = "email_verifications"
    __table_args__ = (Index("ix_email_verifications_user_id", "user_id", "id"),)


class PasswordReset(SingleUseLink, Base):
    """A person who opens it may choose a new password."""

    __tablename__ = "password_resets"
    __table_args__ = (Index("ix_password_resets_user_id", "user_id", "id"),)
