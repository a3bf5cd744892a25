"""The e-mail provider of this process."""

from providers.email.interface import EmailProvider
from providers.email.sendgrid import SendGridEmail
from providers.email.smtp import SmtpEmail
from runtime.settings import Settings


def email_provider(settings: Settings) -> EmailProvider:
    """The provider: the mail server where one is set, else SendGrid. Call ``aclose`` at the end of the process."""
    return SmtpEmail(settings) if settings.smtp_host else SendGridEmail(settings)
