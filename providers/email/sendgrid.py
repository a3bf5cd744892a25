"""SendGrid behind ``EmailProvider``. It has no idempotency keys: after ``OutcomeUnknown`` a repeat may send twice."""

import asyncio
import base64
import json
import logging
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from http.client import HTTPException
from typing import Any
from urllib.error import URLError

from python_http_client.exceptions import HTTPError
from sendgrid import SendGridAPIClient
from sendgrid.helpers.eventwebhook import EventWebhook

from domain.errors import ForgedWebhook
from domain.messages.delivery import DeliveryEvent, DeliveryReport
from providers.email.interface import Attachment, Email, list_headers
from providers.errors import OutcomeUnknown, ProviderError, ProviderRefused, ProviderUnavailable
from runtime.settings import Settings

SIGNATURE_HEADER = "x-twilio-email-event-webhook-signature"
TIMESTAMP_HEADER = "x-twilio-email-event-webhook-timestamp"

#: Threads that may wait for SendGrid at once; apart from the default pool, so that a slow provider blocks nothing else.
THREADS = 16

#: A bounce's reason may be a mail server's whole answer, with many lines.
REASON_LENGTH = 300

# At DEBUG it writes the Authorization header and the whole message.
logging.getLogger("python_http_client").setLevel(logging.WARNING)

_EVENTS: Mapping[str, DeliveryEvent] = {
    "processed": DeliveryEvent.PROCESSED,
    "delivered": DeliveryEvent.DELIVERED,
    "bounce": DeliveryEvent.BOUNCED,
    "dropped": DeliveryEvent.DROPPED,
    "deferred": DeliveryEvent.DEFERRED,
}


class SendGridEmail:
    """Built once per process; ``aclose`` at the end."""

    name = "sendgrid"

    def __init__(self, settings: Settings) -> None:
        """Raises ValueError if the webhook's public key is set and is none."""
        self._from = settings.email_from
        self._timeout = settings.provider_timeout.total_seconds()
        self._client = SendGridAPIClient(
            settings.sendgrid_api_key.get_secret_value(), host=settings.sendgrid_base_url.rstrip("/")
        )
        key = settings.sendgrid_webhook_public_key
        self._webhook = EventWebhook(key) if key else None
        self._threads = ThreadPoolExecutor(max_workers=THREADS, thread_name_prefix="sendgrid")

    async def aclose(self) -> None:
        """Wait for running requests (at most the provider's time limit) and end the threads."""
        await asyncio.to_thread(self._threads.shutdown)

    async def send(self, email: Email) -> str:
        """Send one message and return SendGrid's ``X-Message-Id``."""
        answer = await asyncio.get_running_loop().run_in_executor(self._threads, self._post, email)
        if isinstance(answer, ProviderError):
            raise answer
        return answer

    def parse_webhook(self, body: bytes, headers: Mapping[str, str]) -> Sequence[DeliveryReport]:
        """Verify the ECDSA signature over ``body`` as it came, and read all events.

        Age is not checked: SendGrid repeats a batch for a day, and each event is applied once, by its id.
        """
        signature = headers.get(SIGNATURE_HEADER, "")
        timestamp = headers.get(TIMESTAMP_HEADER, "")
        if self._webhook is None or not signature or not timestamp:
            raise ForgedWebhook({"reason": "signature"})
        try:
            genuine = bool(self._webhook.verify_signature(body.decode(), signature, timestamp))
            reports = [_report(raw) for raw in json.loads(body)] if genuine else []
        except (ValueError, KeyError, TypeError, AttributeError):
            # Also invalid base64, bytes that are no text, and a signed body of another shape.
            genuine = False
        if not genuine:
            raise ForgedWebhook({"reason": "signature"})
        return reports

    def _post(self, email: Email) -> str | ProviderError:
        """Runs in a thread. Errors are given back as values, without the SDK's exception behind them."""
        try:
            response = self._client.client.mail.send.post(request_body=_body(email, self._from), timeout=self._timeout)
        except HTTPError as error:
            return _failure(int(error.status_code))
        except URLError as error:
            # urllib wraps every failure while connecting or sending; only these two mean that nothing was sent.
            if isinstance(error.reason, ConnectionRefusedError) or type(error.reason).__name__ == "gaierror":
                return ProviderUnavailable("not_connected")
            return OutcomeUnknown("no_answer")
        except (OSError, HTTPException, ValueError) as error:
            return OutcomeUnknown("timeout" if isinstance(error, TimeoutError) else "no_answer")
        if not 200 <= response.status_code < 300:
            return OutcomeUnknown(f"http_{response.status_code}")
        return str(response.headers.get("X-Message-Id") or "")


def _failure(status: int) -> ProviderError:
    reason = f"http_{status}"
    # A refused API key is no fault of the message: nothing was sent, and a later try sends it.
    if status in (401, 403, 429):
        return ProviderUnavailable(reason)
    return ProviderRefused(reason) if 400 <= status < 500 else OutcomeUnknown(reason)


def _body(email: Email, sender: str) -> dict[str, Any]:
    """The body of ``POST /v3/mail/send`` (SendGrid API reference, "Mail Send").

    Written out here, without the SDK's ``Mail``: that refuses every content that begins like an API key, such as the
    business name "SG.Nail.Lab" (sendgrid/helpers/mail/validators.py). The plain part must come first.
    """
    parts = (("text/plain", email.text), ("text/html", email.html))
    body: dict[str, Any] = {
        "personalizations": [{"to": [{"email": email.to}]}],
        "from": {"email": sender, "name": email.from_name},
        "subject": email.subject,
        "content": [{"type": kind, "value": value} for kind, value in parts if value],
        "custom_args": {"notice_id": email.notice_id},
        "headers": {"Content-Language": email.language, **list_headers(email)},
        # Rewritten links would carry a guest's signed link through a third party.
        "tracking_settings": {
            "click_tracking": {"enable": False, "enable_text": False},
            "open_tracking": {"enable": False},
        },
    }
    if email.reply_to:
        body["reply_to"] = {"email": email.reply_to}
    if email.attachments:
        body["attachments"] = [_attachment(attachment) for attachment in email.attachments]
    return body


def _attachment(attachment: Attachment) -> dict[str, str]:
    return {
        "content": base64.b64encode(attachment.content).decode(),
        "type": attachment.content_type,
        "filename": attachment.filename,
        "disposition": "attachment",
    }


def _report(raw: Mapping[str, Any]) -> DeliveryReport:
    reason = raw.get("reason")
    notice = raw.get("notice_id")
    return DeliveryReport(
        id=str(raw["sg_event_id"]),
        notice_id=str(notice) if notice else None,
        event=_EVENTS.get(str(raw["event"]), DeliveryEvent.OTHER),
        at=datetime.fromtimestamp(int(raw["timestamp"]), UTC),
        reason=str(reason)[:REASON_LENGTH] if reason else None,
    )
