"""SendGrid's mail call. Shape of the request, the answer and the events: SendGrid API reference, "Mail Send" and
"Event Webhook Reference"."""

import asyncio
import base64
import binascii
import json
import re
import secrets
import time
from collections import Counter
from typing import Any

from fastapi import APIRouter, Request, Response

from providers.sandbox.config import SandboxConfig
from providers.sandbox.deliveries import Deliveries
from providers.sandbox.faults import FaultKind, Faults, withhold
from providers.sandbox.store import JSON, Store
from providers.sandbox.webhook_events import WebhookEvents

OPERATION = "mail.send"

#: Parts of addresses that bounce or are dropped; every other address receives.
BOUNCES = "bounce@"
DROPS = "drop@"

_ADDRESS = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")


class MailFailure(Exception):
    """An error answer in SendGrid's form."""

    def __init__(self, status: int, message: str, field: str | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.body = json.dumps({"errors": [{"message": message, "field": field, "help": None}]})


class SendGridApi:
    """Answers ``POST /v3/mail/send``: stores the message for the mailbox and queues its delivery events."""

    def __init__(
        self,
        store: Store,
        config: SandboxConfig,
        faults: Faults,
        events: WebhookEvents,
        deliveries: Deliveries,
        calls: Counter[str],
    ) -> None:
        self._store = store
        self._config = config
        self._faults = faults
        self._events = events
        self._deliveries = deliveries
        self._calls = calls
        self.router = APIRouter(include_in_schema=False)
        self.router.add_api_route("/v3/mail/send", self.send, methods=["POST"])

    async def send(self, request: Request) -> Response:
        """202 with ``X-Message-Id``, or an error in SendGrid's form. There are no idempotency keys."""
        self._calls[OPERATION] += 1
        fault = self._faults.take(OPERATION)
        kind = fault.kind if fault is not None else None
        seconds = fault.seconds if fault is not None else 0.0
        try:
            self._authenticate(request.headers.get("authorization", ""))
            if kind is FaultKind.RATE_LIMITED:
                raise MailFailure(429, "too many requests")
            if kind is FaultKind.ERROR_500:
                raise MailFailure(500, "internal error")
            if kind is FaultKind.DELAY:
                await asyncio.sleep(seconds)
            message_id = self._accept(_mail(await request.body()))
        except MailFailure as failure:
            return Response(failure.body, failure.status, media_type="application/json")
        self._deliveries.wake()
        if kind is FaultKind.TIMEOUT_AFTER_SUCCESS:
            await withhold(seconds)
        if kind is FaultKind.ERROR_500_AFTER_SUCCESS:
            return Response(MailFailure(500, "internal error").body, 500, media_type="application/json")
        return Response(status_code=202, headers={"X-Message-Id": message_id})

    def _authenticate(self, header: str) -> None:
        expected = f"Bearer {self._config.sendgrid_api_key}"
        if not secrets.compare_digest(header.encode(), expected.encode()):
            raise MailFailure(401, "The provided authorization grant is invalid, expired, or revoked")

    def _accept(self, mail: JSON) -> str:
        """Store one message per recipient, with its events, in one transaction."""
        message_id = secrets.token_urlsafe(16)
        arguments = dict(mail.get("custom_args") or {})
        with self._store.transaction():
            for number, part in enumerate(mail["personalizations"]):
                own = arguments | dict(part.get("custom_args") or {})
                for place, to in enumerate(part["to"]):
                    stored_id = message_id if number == place == 0 else f"{message_id}-{number}-{place}"
                    self._store_one(stored_id, message_id, to["email"], part, mail, own)
        return message_id

    def _store_one(
        self, stored_id: str, message_id: str, recipient: str, part: JSON, mail: JSON, arguments: JSON
    ) -> None:
        contents = {item["type"]: item["value"] for item in mail["content"]}
        body: JSON = {
            "from": mail["from"]["email"],
            "from_name": mail["from"].get("name") or "",
            "reply_to": (mail.get("reply_to") or {}).get("email"),
            "to": recipient,
            "subject": part.get("subject") or mail.get("subject"),
            "text": contents.get("text/plain", ""),
            "html": contents.get("text/html", ""),
            "custom_args": arguments,
            "headers": mail.get("headers") or {},
            "attachments": mail.get("attachments") or [],
        }
        base = {"email": recipient, "sg_message_id": f"{message_id}.sandbox", **arguments}
        if DROPS in recipient:
            state, batches = "dropped", [[{"event": "dropped", "reason": "Bounced Address"}]]
        elif BOUNCES in recipient:
            bounce = {"event": "bounce", "type": "bounce", "status": "5.1.1", "reason": "550 5.1.1 no such user"}
            state, batches = "bounced", [[{"event": "processed"}], [bounce]]
        else:
            state, batches = "delivered", [[{"event": "processed"}], [{"event": "delivered", "response": "250 OK"}]]
        self._store.add_message(stored_id, recipient, state, time.time(), body)
        for batch in batches:
            self._events.sendgrid([{**base, **event, **_stamp()} for event in batch])


def _stamp() -> JSON:
    return {"sg_event_id": secrets.token_urlsafe(16), "timestamp": int(time.time())}


def _mail(raw: bytes) -> JSON:
    """The request, checked as far as SendGrid would refuse it."""
    try:
        mail = json.loads(raw)
    except ValueError:
        raise MailFailure(400, "Bad Request") from None
    if not isinstance(mail, dict):
        raise MailFailure(400, "Bad Request")
    parts = mail.get("personalizations")
    if not isinstance(parts, list) or not parts:
        raise MailFailure(400, "The personalizations field is required.", "personalizations")
    for part in parts:
        recipients = part.get("to") if isinstance(part, dict) else None
        if not isinstance(recipients, list) or not recipients:
            raise MailFailure(400, "The to array is required.", "personalizations.0.to")
        for recipient in recipients:
            _check_address(recipient, "personalizations.0.to.0.email")
        if not part.get("subject") and not mail.get("subject"):
            raise MailFailure(400, "The subject is required.", "subject")
    _check_address(mail.get("from"), "from.email")
    if mail.get("reply_to") is not None:
        _check_address(mail["reply_to"], "reply_to.email")
    contents = mail.get("content")
    if not isinstance(contents, list) or not contents or not all(_is_content(item) for item in contents):
        raise MailFailure(400, "The content value must be a string at least one character in length.", "content")
    if [item["type"] for item in contents[1:]].count("text/plain"):
        raise MailFailure(400, "If present, text/plain must be first.", "content")
    for attachment in mail.get("attachments") or []:
        _check_attachment(attachment)
    return mail


def _check_address(value: Any, field: str) -> None:
    email = value.get("email") if isinstance(value, dict) else None
    if not isinstance(email, str) or not _ADDRESS.fullmatch(email):
        raise MailFailure(400, "Does not contain a valid address.", field)


def _is_content(item: Any) -> bool:
    return isinstance(item, dict) and bool(item.get("type")) and bool(item.get("value"))


def _check_attachment(attachment: Any) -> None:
    try:
        named = bool(attachment["filename"])
        base64.b64decode(attachment["content"], validate=True)
    except (KeyError, TypeError, binascii.Error):
        named = False
    if not named:
        raise MailFailure(400, "The attachment content must be base64 encoded.", "attachments.0.content")
