"""The settings of a sandbox process."""

from base64 import b64encode
from dataclasses import dataclass, field
from pathlib import Path

from runtime.channel_settings import LINE_SANDBOX_TOKEN, TWILIO_SANDBOX_SID, TWILIO_SANDBOX_TOKEN
from runtime.settings import PAYJP_SANDBOX_KEY

#: The event types that a platform's endpoint at Stripe would be subscribed to.
DEFAULT_STRIPE_EVENTS = frozenset(
    {
        "payment_intent.succeeded",
        "payment_intent.amount_capturable_updated",
        "payment_intent.processing",
        "payment_intent.requires_action",
        "payment_intent.payment_failed",
        "payment_intent.canceled",
        "charge.refunded",
        "refund.created",
        "refund.updated",
        "refund.failed",
        "charge.dispute.created",
        "charge.dispute.closed",
    }
)


@dataclass(frozen=True, slots=True)
class SandboxConfig:
    """``public_url`` is where browsers find this server. Webhooks without a URL are recorded, not sent.

    A webhook that gets no 2xx is sent again after ``webhook_pause`` seconds, then twice that, and so on up to a
    minute, ``webhook_attempts`` times in all. ``stripe_events`` empty means all types.
    """

    state_dir: Path
    public_url: str
    stripe_api_key: str = field(default="sk_test_sandbox", repr=False)
    stripe_webhook_url: str | None = None
    stripe_webhook_secret: str = field(default="whsec_sandbox", repr=False)
    stripe_events: frozenset[str] = DEFAULT_STRIPE_EVENTS
    payjp_api_key: str = field(default=PAYJP_SANDBOX_KEY, repr=False)
    payjp_webhook_url: str | None = None
    payjp_webhook_token: str = field(default="whook_sandbox", repr=False)
    sendgrid_api_key: str = field(default="SG.sandbox", repr=False)
    sendgrid_webhook_url: str | None = None
    twilio_account_sid: str = TWILIO_SANDBOX_SID
    twilio_auth_token: str = field(default=TWILIO_SANDBOX_TOKEN, repr=False)
    line_access_token: str = field(default=LINE_SANDBOX_TOKEN, repr=False)
    webhook_attempts: int = 20
    webhook_pause: float = 1.0

    @property
    def twilio_authorization(self) -> str:
        """The header of calls with Twilio's credentials (RFC 7617)."""
        return "Basic " + b64encode(f"{self.twilio_account_sid}:{self.twilio_auth_token}".encode()).decode()
