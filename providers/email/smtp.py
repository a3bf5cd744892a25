"""SMTP behind ``EmailProvider`` with the standard library, in threads. SMTP has no idempotency keys: after
``OutcomeUnknown`` a repeat may send twice. The ``Message-ID`` is the same for every try, so that mailboxes which
compare it keep one.

The mail server signs with DKIM. It must cover ``List-Unsubscribe`` and ``List-Unsubscribe-Post`` (RFC 8058, 4).
"""

import asyncio
import smtplib
import ssl
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import formataddr, formatdate

from domain.errors import ForgedWebhook
from domain.messages.delivery import DeliveryReport
from providers.email.interface import Email, list_headers
from providers.errors import OutcomeUnknown, ProviderError, ProviderRefused, ProviderUnavailable
from runtime.settings import Settings

#: Connections that may be open at once.
THREADS = 8


class SmtpEmail:
    """Built once per process; ``aclose`` at the end. Each message has its own connection."""

    name = "smtp"

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._threads = ThreadPoolExecutor(max_workers=THREADS, thread_name_prefix="smtp")

    async def aclose(self) -> None:
        """Wait for running deliveries and end the threads."""
        await asyncio.to_thread(self._threads.shutdown)

    async def send(self, email: Email) -> str:
        """Send one message; returns its ``Message-ID``."""
        answer = await asyncio.get_running_loop().run_in_executor(self._threads, self._deliver, email)
        if isinstance(answer, ProviderError):
            raise answer
        return answer

    def parse_webhook(self, body: bytes, headers: Mapping[str, str]) -> Sequence[DeliveryReport]:
        """A mail server sends no webhooks, so all are forged."""
        raise ForgedWebhook({"reason": "signature"})

    def _deliver(self, email: Email) -> str | ProviderError:
        """Runs in a thread. Until the message itself is transferred, nothing was sent."""
        message = message_of(email, self._settings.email_from)
        try:
            server = self._connected()
        except (OSError, smtplib.SMTPException):
            return ProviderUnavailable("not_connected")
        try:
            return self._transfer(server, email, message)
        finally:
            with suppress(OSError, smtplib.SMTPException):
                server.quit()

    def _connected(self) -> smtplib.SMTP:
        settings, seconds = self._settings, self._settings.provider_timeout.total_seconds()
        context = ssl.create_default_context()
        if settings.smtp_security == "tls":
            server: smtplib.SMTP = smtplib.SMTP_SSL(
                settings.smtp_host, settings.smtp_port, timeout=seconds, context=context
            )
        else:
            server = smtplib.SMTP(settings.smtp_host, settings.smtp_port, timeout=seconds)
        try:
            if settings.smtp_security == "starttls":
                server.starttls(context=context)
            if settings.smtp_username:
                server.login(settings.smtp_username, settings.smtp_password.get_secret_value())
        except BaseException:
            server.close()
            raise
        return server

    def _transfer(self, server: smtplib.SMTP, email: Email, message: EmailMessage) -> str | ProviderError:
        try:
            server.ehlo_or_helo_if_needed()
            for code, _ in (server.mail(self._settings.email_from), server.rcpt(email.to)):
                if code >= 400:
                    return _failure(code)
        except (OSError, smtplib.SMTPException):
            return ProviderUnavailable("not_connected")
        try:
            code, _ = server.data(bytes_of(email, message))
        except smtplib.SMTPDataError as error:
            return _failure(error.smtp_code)
        except (OSError, smtplib.SMTPException):
            return OutcomeUnknown("no_answer")
        return str(message["Message-ID"]) if code == 250 else _failure(code)


def bytes_of(email: Email, message: EmailMessage) -> bytes:
    """The message as it is transferred. The headers of one-click unsubscription are written as they are: the library
    makes encoded words (RFC 2047) of an address that is longer than its line, and no mail program reads those as a
    link. A line may have 998 characters (RFC 5322, 2.1.1)."""
    listed = "".join(f"{name}: {value}\r\n" for name, value in list_headers(email).items())
    return listed.encode("ascii") + message.as_bytes(policy=SMTP)


def message_of(email: Email, sender: str) -> EmailMessage:
    """The message with both parts and its files."""
    message = EmailMessage(policy=SMTP)
    message["From"] = formataddr((email.from_name, sender))
    message["To"] = email.to
    message["Subject"] = email.subject
    message["Date"] = formatdate()
    message["Message-ID"] = f"<{email.notice_id}@{sender.rpartition('@')[2]}>"
    message["Content-Language"] = email.language
    if email.reply_to:
        message["Reply-To"] = email.reply_to
    message.set_content(email.text)
    if email.html:
        message.add_alternative(email.html, subtype="html")
    for file in email.attachments:
        kind, _, subtype = file.content_type.partition(";")[0].strip().partition("/")
        message.add_attachment(file.content, maintype=kind, subtype=subtype, filename=file.filename)
    return message


def _failure(code: int) -> ProviderError:
    """Replies of 4yz are transient, of 5yz permanent (RFC 5321, 4.2.1)."""
    return ProviderRefused(f"smtp_{code}") if code >= 500 else ProviderUnavailable(f"smtp_{code}")
