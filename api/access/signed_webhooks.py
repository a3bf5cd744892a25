"""Webhooks of providers: the raw body, accepted by its signature only."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request

from api.access.callers import ApiServices, client_address
from api.http.metrics import Metrics
from api.http.operation_errors import BODY_ERRORS, raises
from api.http.request_info import request_info
from db.engine.context import Context
from db.engine.session import Scope, UnitOfWork
from domain.errors import ForgedWebhook
from domain.platform.actor import PROVIDER


@dataclass(frozen=True, slots=True)
class SignedWebhook:
    """A received webhook. ``headers`` keys are lower case. Nothing of it is trusted before a provider's
    ``parse_webhook`` has returned it."""

    services: ApiServices
    body: bytes
    headers: dict[str, str]
    context: Context
    metrics: Metrics

    @asynccontextmanager
    async def work(self) -> AsyncIterator[UnitOfWork]:
        """The platform's scope: an event does not name its tenant."""
        async with self.services.database.unit_of_work(Scope.platform(), self.context) as work:
            yield work


@raises(ForgedWebhook, *BODY_ERRORS)
async def signed_webhook(request: Request) -> SignedWebhook:
    """Read the whole body, within the size limit of `api.http.request_limits`."""
    context = Context(PROVIDER, request_info().request_id, client_address(request), request.headers.get("user-agent"))
    state = request.app.state
    return SignedWebhook(state.services, await request.body(), dict(request.headers), context, state.metrics)


Signed = Annotated[SignedWebhook, Depends(signed_webhook)]

#: ``openapi_extra=`` of a webhook: the provider defines the body, which is parsed after its signature was verified.
PROVIDERS_BODY = {
    "requestBody": {
        "required": True,
        "description": "As the provider sends it, with its signature in the headers.",
        "content": {"application/json": {"schema": {}, "example": {}}},
    }
}
