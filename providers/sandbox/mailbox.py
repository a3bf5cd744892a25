"""The pages for people: the mailbox, payments and faults, and the 3-D Secure page."""

import base64
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote
from zoneinfo import ZoneInfo

from fastapi import APIRouter
from fastapi.responses import HTMLResponse, JSONResponse, Response
from jinja2 import Environment, FileSystemLoader

from domain.messages.formats import money
from providers.sandbox.deliveries import Deliveries
from providers.sandbox.faults import Faults
from providers.sandbox.store import JSON, Store

_JAPAN = ZoneInfo("Asia/Tokyo")
PAGES = Path(__file__).parent / "pages"

PAGE_POLICY = "default-src 'none'; style-src 'unsafe-inline'; frame-src 'self'; img-src 'self'"
#: A message may have any layout, but it runs no script and loads nothing.
_MESSAGE_POLICY = "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:"


def page_templates() -> Environment:
    """The templates of the pages, with times in Japan time and amounts with their currency."""
    templates = Environment(loader=FileSystemLoader(PAGES), autoescape=True)
    templates.filters["moment"] = _moment
    templates.filters["money"] = _money
    return templates


class Pages:
    """``/``, ``/mailbox…`` and ``/sandbox/3ds/{id}``."""

    def __init__(self, store: Store, faults: Faults, deliveries: Deliveries) -> None:
        self._store = store
        self._faults = faults
        self._deliveries = deliveries
        self._templates = page_templates()
        self.router = APIRouter()
        for path, endpoint in (
            ("/", self.index),
            ("/mailbox", self.mailbox),
            ("/mailbox.json", self.mailbox_json),
            ("/mailbox/{message_id}", self.message),
            ("/mailbox/{message_id}/html", self.message_html),
            ("/mailbox/{message_id}/attachments/{number}", self.attachment),
            ("/sandbox/3ds/{intent_id}", self.three_d_secure),
        ):
            self.router.add_api_route(path, endpoint, methods=["GET"], response_model=None)

    async def index(self) -> Response:
        return self._page(
            "index.html",
            counts=self._store.counts(),
            intents=self._store.list_objects("payment_intent", limit=50),
            faults=self._faults.list_(),
            deliveries=self._deliveries.list_(limit=50),
        )

    async def mailbox(self, to: str | None = None) -> Response:
        """Newest first; ``to`` selects one recipient."""
        messages, recipients = self._store.list_messages(to or None), self._store.recipients()
        return self._page("mailbox.html", messages=messages, recipients=recipients, to=to)

    async def mailbox_json(self, to: str | None = None, limit: int = 200) -> Response:
        """Whole messages, newest first; attachments as base64."""
        messages = self._store.list_messages(to or None, max(1, min(limit, 1000)))
        return JSONResponse({"messages": messages})

    async def message(self, message_id: str) -> Response:
        message = self._store.find_message(message_id)
        return self._page("message.html", message=message) if message else _not_found()

    async def message_html(self, message_id: str) -> Response:
        message = self._store.find_message(message_id)
        if message is None:
            return _not_found()
        return HTMLResponse(message["html"], headers={"Content-Security-Policy": _MESSAGE_POLICY})

    async def attachment(self, message_id: str, number: int) -> Response:
        message = self._store.find_message(message_id)
        if message is None or not 0 <= number < len(message["attachments"]):
            return _not_found()
        attachment = message["attachments"][number]
        name = quote(attachment["filename"])
        headers = {
            "Content-Disposition": f"attachment; filename*=UTF-8''{name}",
            "X-Content-Type-Options": "nosniff",
        }
        content = base64.b64decode(attachment["content"])
        # No charset is added: the response has the content type that the platform declared.
        headers["Content-Type"] = attachment.get("type") or "application/octet-stream"
        return Response(content, headers=headers)

    async def three_d_secure(self, intent_id: str) -> Response:
        """In place of a bank's page: two buttons."""
        intent: JSON | None = self._store.find("payment_intent", intent_id)
        if intent is None:
            return _not_found()
        is_open = intent["status"] == "requires_action"
        return self._page("three_d_secure.html", intent=intent, action=f"/sandbox/3ds/{intent_id}", open=is_open)

    def _page(self, name: str, **values: Any) -> HTMLResponse:
        html = self._templates.get_template(name).render(**values)
        return HTMLResponse(html, headers={"Content-Security-Policy": PAGE_POLICY})


def _not_found() -> Response:
    return HTMLResponse("<p>This page does not exist.</p>", status_code=404)


def _moment(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, _JAPAN).strftime("%Y-%m-%d %H:%M:%S (Japan time)")


def _money(amount: int, currency: str) -> str:
    return money(amount, currency.upper(), "en")
