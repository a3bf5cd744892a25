"""Files of Stripe: evidence about a dispute is uploaded first, and named by its id (docs.stripe.com/file-upload)."""

import base64
import time
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from fastapi import APIRouter, Request, Response
from starlette.datastructures import UploadFile

from providers.sandbox.intents import Answer
from providers.sandbox.store import JSON, Store
from providers.sandbox.wire import StripeFailure, missing, new_id, required

#: Of evidence: PDF, JPEG or PNG.
_TYPES = {b"%PDF-": "pdf", b"\xff\xd8\xff": "jpg", b"\x89PNG": "png"}
_LARGEST = 5 * 1024 * 1024
#: The fields of evidence that have the id of a file (Stripe API reference, "Update a dispute").
_FIELDS = frozenset(
    {
        *("cancellation_policy", "customer_communication", "customer_signature", "duplicate_charge_documentation"),
        *("receipt", "refund_policy", "service_documentation", "shipping_documentation", "uncategorized_file"),
    }
)


async def form_text(request: Request) -> str:
    """The form of a request as Stripe's other calls have it; a file by its content, in base 64."""
    if not request.headers.get("content-type", "").startswith("multipart/form-data"):
        return (await request.body()).decode()
    fields: dict[str, str] = {}
    async with request.form(max_files=1, max_fields=10) as form:
        for name, value in form.multi_items():
            if isinstance(value, UploadFile):
                fields |= {name: base64.b64encode(await value.read()).decode(), "file_name": value.filename or ""}
            else:
                fields[name] = value
    return urlencode(fields)


class Files:
    """Every method is one transaction of the caller's."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.router = APIRouter(include_in_schema=False)
        self.router.add_api_route("/sandbox/files/{file_id}", self.content, methods=["GET"])

    def create(self, params: Mapping[str, Any]) -> Answer:
        """Keep a file of evidence."""
        content = base64.b64decode(required(params, "file"))
        if required(params, "purpose") != "dispute_evidence":
            raise StripeFailure(400, "The sandbox keeps evidence alone.", param="purpose", is_stored=False)
        kind = next((name for start, name in _TYPES.items() if content.startswith(start)), None)
        if kind is None or len(content) > _LARGEST:
            raise StripeFailure(400, "The file must be a PDF, JPEG or PNG of at most 5 MB.", param="file")
        file_id = new_id("file")
        now = int(time.time())
        file: JSON = {
            "id": file_id,
            "object": "file",
            "created": now,
            "expires_at": now + 270 * 86400,
            "filename": params.get("file_name") or None,
            "links": {"object": "list", "data": [], "has_more": False, "url": f"/v1/file_links?file={file_id}"},
            "purpose": "dispute_evidence",
            "size": len(content),
            "title": None,
            "type": kind,
            "url": f"https://files.stripe.com/v1/files/{file_id}/contents",
            "_content": base64.b64encode(content).decode(),
        }
        self._store.put(file)
        return 200, file

    async def content(self, file_id: str) -> Response:
        """What was uploaded."""
        file = self._store.find("file", file_id)
        if file is None:
            raise missing("file", file_id)
        return Response(base64.b64decode(file["_content"]), media_type="application/octet-stream")


def check_files(store: Store, evidence: Mapping[str, Any]) -> None:
    """400 where a field for a file has no id of one."""
    for name in _FIELDS & set(evidence):
        if store.find("file", str(evidence[name])) is None:
            raise missing("file upload", str(evidence[name]), f"evidence[{name}]")
