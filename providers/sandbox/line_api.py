"""LINE's push message, profile and verification of id tokens. Shape of the requests and answers: LINE Developers,
"Messaging API reference", "Retry failed API requests", "LINE Login v2.1 API reference".

Here an id token is ``<LINE user id>.<nonce>``: people on the sandbox have no password.
"""

import secrets
import time
import uuid

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response

from providers.sandbox.config import SandboxConfig
from providers.sandbox.faulty import FaultyCalls, shown_message
from providers.sandbox.store import JSON, Store

OPERATION = "line.push"
#: The beginning of user ids of people who have blocked the account.
BLOCKED = "Ublocked"


class LineApi:
    """``/v2/bot/message/push``, ``/v2/bot/profile/{user_id}`` and ``/oauth2/v2.1/verify``."""

    def __init__(self, store: Store, config: SandboxConfig, calls: FaultyCalls) -> None:
        self._store = store
        self._config = config
        self._calls = calls
        self.router = APIRouter(include_in_schema=False)
        for method, path, endpoint in (
            ("POST", "/v2/bot/message/push", self.push),
            ("GET", "/v2/bot/profile/{user_id}", self.profile),
            ("POST", "/oauth2/v2.1/verify", self.verify),
        ):
            self.router.add_api_route(path, endpoint, methods=[method], response_model=None)

    async def push(self, request: Request) -> Response:
        """200; 409 for a retry key that was accepted before."""
        body = await request.json()
        return await self._calls.answer(OPERATION, lambda: self._push(request, body))

    async def profile(self, user_id: str) -> Response:
        """404 for those who are no friends of the account."""
        if user_id.startswith(BLOCKED):
            return JSONResponse({"message": "Not found"}, 404)
        return JSONResponse({"userId": user_id, "displayName": "Sandbox"})

    async def verify(self, request: Request) -> Response:
        """The claims of a token that was asked for with this nonce."""
        form = await request.form()
        user_id, _, nonce = str(form.get("id_token", "")).partition(".")
        if not user_id or not nonce or nonce != form.get("nonce"):
            return JSONResponse({"error": "invalid_request", "error_description": "Invalid IdToken Nonce."}, 400)
        claims = {"iss": "https://access.line.me", "sub": user_id, "aud": str(form.get("client_id")), "nonce": nonce}
        return JSONResponse({**claims, "exp": int(time.time()) + 3600})

    def _push(self, request: Request, body: JSON) -> Response:
        expected = f"Bearer {self._config.line_access_token}"
        if not secrets.compare_digest(request.headers.get("authorization", "").encode(), expected.encode()):
            return JSONResponse({"message": "Authentication failed"}, 401)
        key, number = request.headers.get("x-line-retry-key", ""), str(uuid.uuid4())
        try:
            uuid.UUID(key)
        except ValueError:
            return JSONResponse({"message": "The retry key is invalid"}, 400)
        template = body["messages"][0]["template"]
        if len(template["text"]) > 160 or any(len(one["label"]) > 20 for one in template["actions"]):
            return JSONResponse({"message": "May not be longer"}, 400)
        accepted = self._store.find_answer(f"line:{key}")
        if accepted is not None:
            headers = {"x-line-accepted-request-id": accepted["request_id"], "x-line-request-id": number}
            return JSONResponse({"message": "The retry key is already accepted"}, 409, headers=headers)
        with self._store.transaction():
            self._store.store_answer(f"line:{key}", "/v2/bot/message/push", "", 200, "{}", number)
            shown = shown_message("LINE", body["to"], f"{template['text']}\n{template['actions'][0]['uri']}")
            self._store.add_message(number, body["to"], "delivered", time.time(), shown)
        return JSONResponse({"sentMessages": [{"id": number}]}, headers={"x-line-request-id": number})
