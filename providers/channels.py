"""The channels of this process. Those without keys are off, and are None."""

from dataclasses import dataclass

from domain.messages.kinds import Channel
from providers.email.interface import EmailProvider
from providers.email.registry import email_provider
from providers.line.interface import LineProvider
from providers.line.messaging_api import LineMessagingApi
from providers.push.interface import PushProvider
from providers.push.web_push import WebPush
from providers.sms.interface import SmsProvider
from providers.sms.twilio import TwilioSms
from providers.traced import traced
from runtime.settings import Settings


@dataclass(frozen=True, slots=True)
class Channels:
    """The providers by channel. Call ``aclose`` at the end of the process."""

    email: EmailProvider
    sms: SmsProvider | None = None
    line: LineProvider | None = None
    push: PushProvider | None = None

    @classmethod
    def of(cls, settings: Settings) -> "Channels":
        """Nothing is connected before the first use."""
        return cls(
            traced(email_provider(settings), "smtp" if settings.smtp_host else "sendgrid"),
            traced(TwilioSms(settings), "twilio") if settings.sms_is_set else None,
            traced(LineMessagingApi(settings), "line") if settings.line_is_set else None,
            traced(WebPush(settings), "push") if settings.push_is_set else None,
        )

    @property
    def on(self) -> frozenset[Channel]:
        """The channels that are switched on."""
        optional = ((Channel.SMS, self.sms), (Channel.LINE, self.line), (Channel.PUSH, self.push))
        return frozenset({Channel.EMAIL, *(channel for channel, provider in optional if provider is not None)})

    async def aclose(self) -> None:
        """Close all of them."""
        for provider in (self.email, self.sms, self.line, self.push):
            if provider is not None:
                await provider.aclose()
