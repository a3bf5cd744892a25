"""The e-mail provider of this process."""

from providers.email.interface import EmailProvider
from providers.email.sendgrid import SendGridEmail
from runtime.settings import Settings


def email_provider(settings: Settings) -> EmailProvider:
    """The provider. Call ``aclose`` at the end of the process."""
    return SendGridEmail(settings)
