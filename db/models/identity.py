"""Logins."""

from enum import StrEnum

from sqlalchemy import text
from sqlalchemy.orm import Mapped, mapped_column

from db.base import CITEXT, Base, Key, Stamped, Time, one_of


class PlatformRole(StrEnum):
    """What a user is to the platform itself."""

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
    email_verified_at: Mapped[Time | None]
    deleted_at: Mapped[Time | None]
