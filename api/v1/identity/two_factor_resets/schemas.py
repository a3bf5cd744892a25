"""The schemas of the reset of a second factor."""

from datetime import datetime

from pydantic import ConfigDict, Field

from api.http.fields import Email, Input, Output, examples


class TwoFactorResetCreate(Input):
    """The login whose second factor is lost."""

    model_config = ConfigDict(json_schema_extra=examples({"email": "hanako@example.jp"}))

    email: Email = Field(description="E-mail address of the login.")


class CancelTwoFactorResetCommand(Input):
    """The login whose reset is cancelled."""

    model_config = ConfigDict(json_schema_extra=examples({"email": "hanako@example.jp"}))

    email: Email = Field(description="E-mail address of the login.")


class KeepTwoFactorCommand(Input):
    """The token of the e-mail."""

    model_config = ConfigDict(json_schema_extra=examples({"token": "k1.AAAAAGk…"}))

    token: str = Field(min_length=1, max_length=300, description="Token of the link in the message.")


class TwoFactorResetRead(Output):
    """A reset that will happen at ``reset_at``."""

    model_config = ConfigDict(
        json_schema_extra=examples({"email": "hanako@example.jp", "reset_at": "2026-11-22T10:30:00Z"})
    )

    email: str = Field(description="E-mail address of the login.")
    reset_at: datetime = Field(description="When the second factor is switched off, RFC 3339.")


class TwoFactorResetCancelledRead(Output):
    """The second factor stays."""

    model_config = ConfigDict(json_schema_extra=examples({"cancelled": True}))

    cancelled: bool = Field(description="True: the reset does not happen.")
