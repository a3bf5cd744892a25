"""What registering and logging in ask and answer."""

from datetime import datetime
from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import ConfigDict, StringConstraints

from api.fields import Email, Input, Line, Output, examples
from db.stores.users import UserRow

_USER = {
    "id": "019a0c5e-7b3f-7c21-b5d4-a9e1f2036c58",
    "email": "hanako@example.jp",
    "family_name": "山田",
    "given_name": "花子",
    "language": "ja",
    "role": "user",
    "created_at": "2026-11-21T10:30:00+09:00",
}

#: Any text; what it must be is `domain.identity.passwords`.
Password = Annotated[str, StringConstraints(min_length=1, max_length=200)]


class RegisterCreate(Input):
    """A new login. ``language`` is the one its notices are written in."""

    model_config = ConfigDict(
        json_schema_extra=examples(
            {
                "email": "hanako@example.jp",
                "password": "Sakura-2026",
                "family_name": "山田",
                "given_name": "花子",
                "language": "ja",
            }
        )
    )

    email: Email
    password: Password
    family_name: Line
    given_name: Line
    language: Literal["ja", "en"] = "ja"


class LoginCreate(Input):
    """E-mail and password."""

    model_config = ConfigDict(json_schema_extra=examples({"email": "hanako@example.jp", "password": "Sakura-2026"}))

    email: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=254)]
    password: Password


class UserRead(Output):
    """A login. ``role`` is ``user`` or ``admin``."""

    model_config = ConfigDict(json_schema_extra=examples(_USER))

    id: UUID
    email: str
    family_name: str
    given_name: str
    language: str
    role: str
    created_at: datetime

    @classmethod
    def of(cls, row: UserRow) -> Self:
        """A stored login."""
        return cls(
            id=row.id,
            email=row.email,
            family_name=row.family_name,
            given_name=row.given_name,
            language=row.language,
            role=row.platform_role,
            created_at=row.created_at,
        )


class LoginRead(Output):
    """Send ``access_token`` as ``Authorization: Bearer …``. ``expires_in`` in seconds."""

    model_config = ConfigDict(
        json_schema_extra=examples(
            {"access_token": "eyJhbGciOi…", "token_type": "Bearer", "expires_in": 900, "user": _USER}
        )
    )

    access_token: str
    token_type: Literal["Bearer"]
    expires_in: int
    user: UserRead
