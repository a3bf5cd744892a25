"""Requests and answers of single-use links and new passwords."""

from datetime import datetime, timedelta
from typing import Annotated, Self

from pydantic import ConfigDict, Field, StringConstraints

from api.http.fields import Email, Input, Output, examples
from api.v1.identity.auth.schemas import Password

_TOKEN = "k1.AAAAAGcBAgMBn-qr_UNx360Dpulhcr2Wc4Qd1bP0c5u3wq9mJYkQ0A"  # noqa: S105 - an example

#: The token of an e-mail: the last part of its link.
Token = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=300)]


class LinkCreate(Input):
    """The e-mail address to which a message is sent."""

    model_config = ConfigDict(json_schema_extra=examples({"email": "hanako@example.jp"}))

    email: Email = Field(description="E-mail address.")


class LinkAskedRead(Output):
    """``valid_for``: for how many seconds the link of the e-mail is valid."""

    model_config = ConfigDict(json_schema_extra=examples({"valid_for": 3600}))

    valid_for: int = Field(description="Seconds for which the link in the message works.")

    @classmethod
    def of(cls, lifetime: timedelta) -> Self:
        """The same for everybody, known or not."""
        return cls(valid_for=int(lifetime.total_seconds()))


class VerifyEmailCommand(Input):
    """The token of an e-mail."""

    model_config = ConfigDict(json_schema_extra=examples({"token": _TOKEN}))

    token: Token = Field(description="Token of the link in the message.")


class EmailVerifiedRead(Output):
    """The address that is confirmed, and since when."""

    model_config = ConfigDict(
        json_schema_extra=examples({"email": "hanako@example.jp", "email_verified_at": "2026-11-21T10:35:00+09:00"})
    )

    email: str = Field(description="E-mail address.")
    email_verified_at: datetime = Field(description="When the e-mail address was confirmed, RFC 3339.")


class ResetPasswordCommand(Input):
    """The token of an e-mail, and a password as for registering."""

    model_config = ConfigDict(json_schema_extra=examples({"token": _TOKEN, "password": "Momiji-2026"}))

    token: Token = Field(description="Token of the link in the message.")
    password: Password = Field(description="The new password.")


class ChangePasswordCommand(Input):
    """The present password and the next, which is as for registering and another one."""

    model_config = ConfigDict(
        json_schema_extra=examples({"current_password": "Sakura-2026", "new_password": "Momiji-2026"})
    )

    current_password: Password = Field(description="The present password.")
    new_password: Password = Field(description="The new password.")


class PasswordChangedRead(Output):
    """Since when the new password is the one. Every other session has ended."""

    model_config = ConfigDict(json_schema_extra=examples({"changed_at": "2026-11-21T10:40:00+09:00"}))

    changed_at: datetime = Field(description="When the password was changed, RFC 3339.")
