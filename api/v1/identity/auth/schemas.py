"""Requests and answers of registering and logging in."""

from datetime import datetime
from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import ConfigDict, Field, StringConstraints

from api.http.fields import Email, Input, Output, PersonName, RecordRead, examples
from db.identity.sessions import SessionRow
from db.identity.users import UserRow

_USER = {
    "id": "019a0c5e-7b3f-7c21-b5d4-a9e1f2036c58",
    "email": "hanako@example.jp",
    "family_name": "山田",
    "given_name": "花子",
    "language": "ja",
    "role": "user",
    "email_verified": True,
    "two_factor": False,
    "created_at": "2026-11-21T10:30:00+09:00",
}

#: Any text; `domain.identity.passwords` has the rules.
Password = Annotated[str, StringConstraints(min_length=1, max_length=200)]


class RegisterCreate(Input):
    """A new login. ``language`` is the one its notices are written in; without it, that of ``Accept-Language``."""

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

    email: Email = Field(description="E-mail address.")
    password: Password = Field(description="The new password.")
    family_name: PersonName = Field(description="Family name.")
    given_name: PersonName = Field(description="Given name.")
    language: Literal["ja", "en"] | None = Field(default=None, description="Language: `ja` or `en`.")


class LoginCreate(Input):
    """E-mail and password."""

    model_config = ConfigDict(json_schema_extra=examples({"email": "hanako@example.jp", "password": "Sakura-2026"}))

    email: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=254)] = Field(
        description="E-mail address.",
    )
    password: Password = Field(description="Password.")
    device_token: Annotated[str, StringConstraints(min_length=1, max_length=500)] | None = Field(
        default=None,
        description="`device_token` of an earlier login on this device, against locks by others.",
    )


class UserRead(RecordRead):
    """A login. ``role`` is ``user`` or ``admin``. ``two_factor``: logging in asks for a second factor."""

    model_config = ConfigDict(json_schema_extra=examples(_USER))

    email: str = Field(description="E-mail address.")
    family_name: str = Field(description="Family name.")
    given_name: str = Field(description="Given name.")
    language: str = Field(description="Language: `ja` or `en`.")
    role: str = Field(description="Role on the platform.")
    email_verified: bool = Field(description="Whether the e-mail address is confirmed.")
    two_factor: bool = Field(description="Whether login asks for a second factor.")

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
            email_verified=row.email_verified_at is not None,
            two_factor=row.two_factor,
            created_at=row.created_at,
        )


_TOKENS = {
    "access_token": "eyJhbGciOi…",
    "token_type": "Bearer",
    "expires_in": 900,
    "refresh_token": "kq3vN0c4Vd0mJw…",
    "refresh_expires_in": 604800,
}


class TokensRead(Output):
    """Send ``access_token`` as ``Authorization: Bearer …``; when it is over, show ``refresh_token``, which works once,
    for the next two. Both times in seconds."""

    model_config = ConfigDict(json_schema_extra=examples(_TOKENS))

    access_token: str = Field(description="JWT for the header `Authorization: Bearer`.")
    token_type: Literal["Bearer"] = Field(description="Always `bearer`.")
    expires_in: int = Field(description="Seconds until the token expires.")
    refresh_token: str = Field(description="Token for `POST /auth/refresh`. It works once.")
    refresh_expires_in: int = Field(description="Seconds until the refresh token expires.")


class LoginRead(TokensRead):
    """An open session. ``two_factor_setup_required``: an admin's rights wait for a second factor."""

    model_config = ConfigDict(
        json_schema_extra=examples(
            {
                **_TOKENS,
                "two_factor_required": False,
                "two_factor_setup_required": False,
                "device_token": "k1.AAAAAGkg…",
                "user": _USER,
            }
        )
    )

    two_factor_required: Literal[False] = Field(description="Whether a code of the authenticator app is needed next.")
    two_factor_setup_required: bool = Field(description="Whether this login must set up a second factor first.")
    device_token: str = Field(
        description="To be kept on this device for 180 days and sent with its next logins. It gives no access."
    )
    user: UserRead = Field(description="The user who logged in.")


class ChallengeRead(Output):
    """The password was right; the second factor is asked for. ``challenge_token`` is the bearer of
    ``POST /auth/2fa/verify`` and opens nothing else. ``expires_in`` in seconds."""

    model_config = ConfigDict(
        json_schema_extra=examples({"two_factor_required": True, "challenge_token": "eyJhbGciOi…", "expires_in": 300})
    )

    two_factor_required: Literal[True] = Field(description="Whether a code of the authenticator app is needed next.")
    challenge_token: str = Field(description="JWT for `POST /auth/2fa/verify`, sent as bearer.")
    expires_in: int = Field(description="Seconds until the token expires.")


class RefreshCreate(Input):
    """The refresh token of the last login or refresh."""

    model_config = ConfigDict(json_schema_extra=examples({"refresh_token": "kq3vN0c4Vd0mJw…"}))

    refresh_token: Annotated[str, StringConstraints(min_length=1, max_length=200)] = Field(
        description="Token for `POST /auth/refresh`. It works once.",
    )


class EndedRead(Output):
    """How many sessions this has ended."""

    model_config = ConfigDict(json_schema_extra=examples({"sessions_ended": 1}))

    sessions_ended: int = Field(description="Number of sessions that ended.")


class SessionRead(RecordRead):
    """A session: one login on one device. ``current``: it is the one that asks. ``last_used_at``, ``ip`` and
    ``user_agent`` are of the last login or refresh. ``two_factor``: the second factor was proven in it."""

    model_config = ConfigDict(
        json_schema_extra=examples(
            {
                "id": "019a0c5e-7b3f-7c21-b5d4-a9e1f2036c58",
                "current": True,
                "ip": "203.0.113.7",
                "user_agent": "Mozilla/5.0 (iPhone; CPU iPhone OS 26_1 like Mac OS X)",
                "two_factor": False,
                "created_at": "2026-11-21T10:30:00+09:00",
                "last_used_at": "2026-11-21T11:15:00+09:00",
                "expires_at": "2026-11-28T11:15:00+09:00",
            }
        )
    )

    current: bool = Field(description="Whether this is the session of the request.")
    ip: str | None = Field(description="IP address of the request; null when unknown.")
    user_agent: str | None = Field(description="The header `User-Agent` of the request; null when unknown.")
    two_factor: bool = Field(description="Whether the session was opened with a second factor.")
    last_used_at: datetime = Field(description="When the session was last used, RFC 3339.")
    expires_at: datetime = Field(description="When it expires, RFC 3339.")

    @classmethod
    def of(cls, row: SessionRow, current: UUID | None) -> Self:
        """A stored session, as the session ``current`` sees it."""
        return cls(
            id=row.id,
            current=row.id == current,
            ip=row.ip,
            user_agent=row.user_agent,
            two_factor=row.two_factor,
            created_at=row.created_at,
            last_used_at=row.last_used_at,
            expires_at=row.expires_at,
        )
