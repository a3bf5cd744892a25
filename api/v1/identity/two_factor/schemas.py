"""Requests and answers of the second factor."""

from typing import Annotated

from pydantic import ConfigDict, Field, StringConstraints

from api.http.fields import Input, Output, examples
from api.v1.identity.auth.schemas import Password

_CODES = ["k7qm-2xva-h9td-w4nz", "p3he-8rjc-6fyb-s5ug"]

#: Six digits from the app, or a recovery code; spaces, hyphens and case are ignored.
Code = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=40)]


class VerifyTwoFactorCommand(Input):
    """A code of the app."""

    model_config = ConfigDict(json_schema_extra=examples({"code": "492039"}))

    code: Code = Field(description="Six digits of the authenticator app, or a recovery code.")


class EnableTwoFactorCommand(Input):
    """The password, and a code of the app. The password shows that the caller has more than a session token."""

    model_config = ConfigDict(json_schema_extra=examples({"password": "Sakura-2026", "code": "492039"}))

    password: Password = Field(description="Password.")
    code: Code = Field(description="Six digits of the authenticator app, or a recovery code.")


class DisableTwoFactorCommand(Input):
    """The password and a code, or a recovery code."""

    model_config = ConfigDict(json_schema_extra=examples({"password": "Sakura-2026", "code": "492039"}))

    password: Password = Field(description="Password.")
    code: Code = Field(description="Six digits of the authenticator app, or a recovery code.")


class TwoFactorSetupRead(Output):
    """For the app: show ``otpauth_uri`` as a QR code, and ``secret`` (Base32) for typing. Shown once."""

    model_config = ConfigDict(
        json_schema_extra=examples(
            {
                "secret": "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP",
                "otpauth_uri": "otpauth://totp/Omotenashi%20Connect:hanako%40example.jp?secret=JBSW…",
            }
        )
    )

    secret: str = Field(description="Secret of the authenticator app, Base32.")
    otpauth_uri: str = Field(description="`otpauth://` URI for the QR code.")


class RecoveryCodesRead(Output):
    """Ten codes that each replace the second factor once. They are shown once."""

    model_config = ConfigDict(json_schema_extra=examples({"recovery_codes": _CODES}))

    recovery_codes: list[str] = Field(description="Codes that each replace the app once. They are shown here only.")


class TwoFactorRead(Output):
    """Whether logging in asks for a second factor."""

    model_config = ConfigDict(json_schema_extra=examples({"two_factor": False}))

    two_factor: bool = Field(description="Whether login asks for a second factor.")
