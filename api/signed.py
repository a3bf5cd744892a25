"""What providers tell us: the raw body, and permission by its signature alone."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request

from api.dependencies import Parts, client_address
from api.incoming import incoming
from db.context import Context
from db.session import Scope, UnitOfWork
from domain.identity.actor import PROVIDER


@dataclass(frozen=True, slots=True)
class SignedNews:
    """A webhook as it came. ``headers`` keys are lower case. Nothing of it is to be believed before a provider's
    ``parse_webhook`` gave it back."""

    parts: Parts
    body: bytes
    headers: dict[str, str]
    context: Context

    @asynccontextmanager
    async def work(self) -> AsyncIterator[UnitOfWork]:
        """The platform's scope: an event does not say whose tenant it is for."""
        async with self.parts.database.unit_of_work(Scope.platform(), self.context) as work:
            yield work


async def signed_news(request: Request) -> SignedNews:
    """Read the whole body, within the limit of the frame."""
    context = Context(PROVIDER, incoming().request_id, client_address(request), request.headers.get("user-agent"))
    return SignedNews(request.app.state.parts, await request.body(), dict(request.headers), context)


Signed = Annotated[SignedNews, Depends(signed_news)]

#: ``openapi_extra=`` of a webhook: the body is the provider's, and is read only once its signature is found good.
PROVIDERS_BODY = {
    "requestBody": {
        "required": True,
        "description": "As the provider sends it, with its signature in the headers.",
        "content": {"application/json": {"schema": {}, "example": {}}},
    }
}
