"""Twilio's Programmable Messaging behind ``SmsProvider``, by its REST API: two calls and one signature. The SDK would
bring a second HTTP client and its own thread pool for them.

Sources: twilio.com/docs/messaging/api/message-resource (create, list, statuses), twilio.com/docs/usage/security
("Validating requests": base64 of HMAC-SHA1 with the auth token over the URL and the sorted form).
"""

import base64
import hashlib
import hmac
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from domain.errors import ForgedWebhook
from domain.messages.channels import segments
from domain.messages.delivery import DeliveryEvent, DeliveryReport
from domain.messages.kinds import Channel
from providers.errors import OutcomeUnknown
from providers.http_calls import call, client_for, failure, json_of
from providers.sms.interface import SentSms, Sms
from runtime.settings import Settings

SIGNATURE_HEADER = "x-twilio-signature"
#: Where Twilio reports the status of messages.
WEBHOOK_PATH = "/api/v1/notifications/webhook/twilio"
#: Name of the parameter of the callback's address that says which message it is about.
NOTICE = "notice"

_EVENTS: Mapping[str, DeliveryEvent] = {
    "sent": DeliveryEvent.PROCESSED,
    "delivered": DeliveryEvent.DELIVERED,
    "undelivered": DeliveryEvent.BOUNCED,
    "failed": DeliveryEvent.BOUNCED,
}
#: Twilio's clock and ours may differ a little, and its times are whole seconds.
_CLOCKS = timedelta(seconds=5)
_PAGE = 200
#: A number that gets more messages than these pages have within an hour or two is not asked about any further.
_PAGES = 50


class TwilioSms:
    """Built once per process; ``aclose`` at the end."""

    name = "twilio"

    def __init__(self, settings: Settings) -> None:
        self._token = settings.twilio_auth_token.get_secret_value()
        self._from = settings.twilio_from
        self._callback = settings.public_url.rstrip("/") + WEBHOOK_PATH
        self._path = f"/2010-04-01/Accounts/{settings.twilio_account_sid}/Messages.json"
        self._client = client_for(
            settings.twilio_base_url,
            settings.provider_timeout.total_seconds(),
            auth=(settings.twilio_account_sid, self._token),
        )

    async def aclose(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    async def send(self, sms: Sms) -> SentSms:
        """Send one message; Twilio answers 201 as soon as it is queued."""
        sender = "MessagingServiceSid" if self._from.startswith("MG") else "From"
        form = {"To": sms.to, sender: self._from, "Body": sms.text}
        # Twilio calls back over the internet alone.
        if urlsplit(self._callback).scheme == "https" or "127.0.0.1" in str(self._client.base_url):
            form["StatusCallback"] = f"{self._callback}?{NOTICE}={sms.notice_id}"
        response = await call(self._client, "POST", self._path, data=form)
        body = json_of(response)
        if response.status_code != 201:
            raise failure(response.status_code, body.get("code"))
        if not body.get("sid"):
            raise OutcomeUnknown("no_id")
        return _sent(body, sms.text)

    async def find(self, sms: Sms, since: datetime) -> SentSms | None:
        """Looks through the messages to the number since then, the newest first, page by page. Twilio's list may be
        some seconds behind. A filter by ``DateSent`` would leave out those that are still queued."""
        address, asked = self._path, {"To": sms.to, "PageSize": str(_PAGE)}
        for _ in range(_PAGES):
            response = await call(self._client, "GET", address, params=asked)
            if response.status_code != 200:
                raise failure(response.status_code)
            body = json_of(response)
            for one in body.get("messages") or []:
                at = parsedate_to_datetime(str(one["date_created"])).astimezone(UTC)
                if at < since - _CLOCKS:
                    return None
                if one.get("body") == sms.text:
                    return _sent(one, sms.text)
            parts = urlsplit(str(body.get("next_page_uri") or ""))
            if not parts.path:
                return None
            address, asked = parts.path, dict(parse_qsl(parts.query))
        raise OutcomeUnknown("too_many_messages")

    def parse_webhook(self, url: str, body: bytes, headers: Mapping[str, str]) -> DeliveryReport:
        """Verify the signature and read one status. Twilio sends each status once, in no certain order."""
        try:
            form = parse_qsl(body.decode(), keep_blank_values=True, strict_parsing=bool(body))
        except ValueError:
            raise ForgedWebhook({"reason": "signature"}) from None
        expected = signature(self._token, url, form)
        if not hmac.compare_digest(expected.encode(), headers.get(SIGNATURE_HEADER, "").encode()):
            raise ForgedWebhook({"reason": "signature"})
        values = dict(form)
        status, code = values.get("MessageStatus", ""), values.get("ErrorCode")
        return DeliveryReport(
            id=f"{values.get('MessageSid', '')}/{status}",
            notice_id=dict(parse_qsl(urlsplit(url).query)).get(NOTICE),
            event=_EVENTS.get(status, DeliveryEvent.OTHER),
            at=datetime.now(UTC),
            reason=f"{status}_{code}" if code else None,
            channel=Channel.SMS,
        )


def signature(token: str, url: str, form: list[tuple[str, str]]) -> str:
    """``X-Twilio-Signature`` for a request to ``url`` with this form."""
    signed = url + "".join(name + value for name, value in sorted(set(form)))
    return base64.b64encode(hmac.digest(token.encode(), signed.encode(), hashlib.sha1)).decode()


def _sent(body: Mapping[str, Any], text: str) -> SentSms:
    # A messaging service counts segments later and answers 0.
    try:
        counted = int(body.get("num_segments") or 0)
    except ValueError:
        counted = 0
    return SentSms(str(body["sid"]), counted or segments(text))
