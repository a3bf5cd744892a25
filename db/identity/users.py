"""Logins."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import bindparam, text
from sqlalchemy.dialects.postgresql import CITEXT

from db.engine.store import Store
from db.identity.tables import PlatformRole
from domain.errors import AlreadyExists, NotFound

#: The columns of a :class:`UserRow`, from ``users``.
COLUMNS = """
    users.id, users.email, users.password_hash, users.platform_role, users.family_name, users.given_name,
    users.language, users.email_verified_at, users.created_at,
    EXISTS (SELECT FROM user_two_factors f WHERE f.user_id = users.id AND f.enabled_at IS NOT NULL) AS two_factor
"""
# Without a type the driver would compare as text, which is case-sensitive.
_EMAIL = bindparam("email", type_=CITEXT)
_CREATE = text(f"""
    INSERT INTO users (email, password_hash, family_name, given_name, language)
    VALUES (:email, :password_hash, :family_name, :given_name, :language)
    ON CONFLICT (email) DO NOTHING RETURNING {COLUMNS}
""").bindparams(_EMAIL)
_BY_EMAIL = text(f"SELECT {COLUMNS} FROM users WHERE email = :email AND deleted_at IS NULL").bindparams(_EMAIL)
_REPLACE_HASH = text("""
    UPDATE users SET password_hash = :fresh WHERE id = :id AND password_hash = :old RETURNING id
""")
_SET_ROLE = text("""
    UPDATE users SET platform_role = :role WHERE email = :email AND deleted_at IS NULL RETURNING id
""").bindparams(_EMAIL)
_BY_ID = text(f"SELECT {COLUMNS} FROM users WHERE id = :id AND deleted_at IS NULL")

_VERIFY = text(f"""
    UPDATE users SET email_verified_at = coalesce(email_verified_at, :now) WHERE id = :id RETURNING {COLUMNS}
""")


@dataclass(frozen=True, slots=True)
class NewUser:
    """A new login; ``password_hash`` is bcrypt, ``language`` ja or en."""

    email: str
    password_hash: str
    family_name: str
    given_name: str
    language: str


@dataclass(frozen=True, slots=True)
class UserRow:
    """A login as it is stored. ``two_factor``: a second factor is required."""

    id: UUID
    email: str
    password_hash: str
    platform_role: str
    family_name: str
    given_name: str
    language: str
    email_verified_at: datetime | None
    created_at: datetime
    two_factor: bool

    @property
    def is_admin(self) -> bool:
        """Whether it operates the platform."""
        return self.platform_role == PlatformRole.ADMIN


class UserStore(Store):
    """Logins. E-mails compare without case."""

    async def create(self, new: NewUser) -> UserRow:
        """Insert a login. Raises AlreadyExists for an e-mail in use."""
        values = {
            "email": new.email,
            "password_hash": new.password_hash,
            "family_name": new.family_name,
            "given_name": new.given_name,
            "language": new.language,
        }
        row = (await self.session.execute(_CREATE, values)).one_or_none()
        if row is None:
            raise AlreadyExists({"field": "email"})
        return UserRow(**row._mapping)

    async def find_by_email(self, email: str) -> UserRow | None:
        """The login with this e-mail, deleted ones left out."""
        row = (await self.session.execute(_BY_EMAIL, {"email": email})).one_or_none()
        return UserRow(**row._mapping) if row else None

    async def verify_email(self, user_id: UUID, now: datetime) -> UserRow:
        """The owner of this login has access to its mailbox; the first time counts."""
        return UserRow(**(await self.session.execute(_VERIFY, {"id": user_id, "now": now})).one()._mapping)

    async def find(self, user_id: UUID) -> UserRow | None:
        """One login, deleted ones left out."""
        row = (await self.session.execute(_BY_ID, {"id": user_id})).one_or_none()
        return UserRow(**row._mapping) if row else None

    async def set_role(self, email: str, role: PlatformRole) -> None:
        """Set the platform role of a login. Raises NotFound."""
        values = {"email": email, "role": role.value}
        if (await self.session.execute(_SET_ROLE, values)).one_or_none() is None:
            raise NotFound

    async def replace_hash(self, user_id: UUID, old: str, fresh: str) -> bool:
        """Store the same password hashed with another cost. False when the password has changed since it was
        checked."""
        values = {"id": user_id, "old": old, "fresh": fresh}
        return (await self.session.execute(_REPLACE_HASH, values)).one_or_none() is not None
