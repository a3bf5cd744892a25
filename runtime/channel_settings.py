"""Settings of the channels through which messages go. A channel without its keys is off."""

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, SecretStr
from pydantic_settings import BaseSettings, NoDecode

TWILIO_URL = "https://api.twilio.com"
LINE_URL = "https://api.line.me"

#: Credentials of the sandbox; production does not reach it.
TWILIO_SANDBOX_SID = "AC00000000000000000000000000000000"
TWILIO_SANDBOX_TOKEN = "twilio_sandbox"  # noqa: S105  known to all
LINE_SANDBOX_TOKEN = "line_sandbox"  # noqa: S105  known to all
LINE_SANDBOX_SECRET = "line_secret_sandbox"  # noqa: S105  known to all
#: A private VAPID key that everybody knows.
VAPID_SANDBOX_KEY = "Hx8fHx8fHx8fHx8fHx8fHx8fHx8fHx8fHx8fHx8fHx8"


def _hosts(value: object) -> object:
    return tuple(one.strip() for one in value.split(",") if one.strip()) if isinstance(value, str) else value


class ChannelSettings(BaseSettings):
    """E-mail by SMTP instead of SendGrid, SMS, LINE and web push."""

    #: A mail server; e-mail then goes there and not to SendGrid. Empty: SendGrid. The server signs with DKIM.
    smtp_host: str = ""
    smtp_port: int = Field(default=587, ge=1, le=65535)
    smtp_username: str = ""
    smtp_password: SecretStr = SecretStr("")
    #: ``starttls`` (port 587), ``tls`` from the start (port 465), ``none`` on this machine only.
    smtp_security: Literal["starttls", "tls", "none"] = "starttls"

    #: Twilio, for SMS. Empty: SMS is off.
    twilio_account_sid: str = ""
    twilio_auth_token: SecretStr = SecretStr("")
    #: The sender: a number in E.164, an alphanumeric sender id, or a messaging service (``MG…``).
    twilio_from: str = ""
    twilio_base_url: str = TWILIO_URL

    #: The access token and the secret of the Messaging API channel of the platform's LINE Official Account. Empty: LINE
    #: is off.
    line_access_token: SecretStr = SecretStr("")
    line_channel_secret: SecretStr = SecretStr("")
    #: The LINE Login channel of the same provider, with which people prove who they are on LINE.
    line_login_channel_id: str = ""
    line_base_url: str = LINE_URL

    #: The private VAPID key (RFC 8292): base64url of the 32 bytes. Empty: web push is off.
    vapid_private_key: SecretStr = SecretStr("")
    #: How a push service reaches the operators: ``mailto:`` or ``https:``. Empty: the support address.
    vapid_subject: str = ""
    #: Hosts of push services; a name that begins with a dot is for all hosts below it. Others are not called, because
    #: anybody can write an address into a subscription. In the environment with commas between.
    push_hosts: Annotated[tuple[str, ...], NoDecode, BeforeValidator(_hosts)] = (
        "fcm.googleapis.com",
        "updates.push.services.mozilla.com",
        ".push.apple.com",
        ".notify.windows.com",
    )
    #: Whether a push service may be reached without TLS, on this machine alone: for the sandbox.
    push_insecure: bool = False

    #: What one message costs, in millionths of a yen: of an SMS each segment.
    email_price_micros: int = Field(default=0, ge=0)
    sms_price_micros: int = Field(default=10_000_000, ge=0)
    line_price_micros: int = Field(default=3_000_000, ge=0)
    #: How many SMS and messages by LINE one business may cause in 30 days.
    sms_per_business: int = Field(default=500, ge=0)
    line_per_business: int = Field(default=2000, ge=0)

    @property
    def sms_is_set(self) -> bool:
        """Whether SMS is on."""
        return bool(self.twilio_account_sid and self.twilio_auth_token.get_secret_value() and self.twilio_from)

    @property
    def line_is_set(self) -> bool:
        """Whether LINE is on."""
        return bool(self.line_access_token.get_secret_value())

    @property
    def push_is_set(self) -> bool:
        """Whether web push is on."""
        return bool(self.vapid_private_key.get_secret_value())

    def unsafe_channels(self) -> list[str]:
        """Settings that production does not accept."""
        unsafe = []
        if self.smtp_host and self.smtp_security == "none":
            unsafe.append("smtp_security")
        if self.twilio_account_sid and self.twilio_base_url != TWILIO_URL:
            unsafe.append("twilio_base_url")
        if self.line_is_set and self.line_base_url != LINE_URL:
            unsafe.append("line_base_url")
        if self.line_is_set and not self.line_channel_secret.get_secret_value():
            unsafe.append("line_channel_secret")
        if self.push_insecure:
            unsafe.append("push_insecure")
        return unsafe
