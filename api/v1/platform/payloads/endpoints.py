"""Temporal's codec server protocol: its UI and command line have payloads decrypted here, for an operator.

https://docs.temporal.io/codec-server. The answers have the protocol's shape and no envelope.
"""

from typing import Annotated

from fastapi import Depends, Request
from starlette.responses import Response

from api.access.callers import Services
from api.access.operators import Operator, operator
from api.http import routing
from api.http.envelope import Envelope
from api.v1.platform.payloads.handlers import decoded, encoded, with_cookie
from api.v1.platform.payloads.schemas import PayloadCookieRead, PayloadsCommand, PayloadsRead
from domain.platform.permissions import PlatformAction

router = routing.router("/admin/temporal", tags=["admin"])

MayRead = Annotated[Operator, Depends(operator(PlatformAction.READ_PAYLOADS))]


@router.post("/decode", summary="Decode payloads of workflows", response_model=PayloadsRead)
async def decode_payloads(body: PayloadsCommand, admin: MayRead, services: Services) -> Response:
    """Decrypts what Temporal stores. A payload that is not encrypted, or whose key is retired, is returned as it is."""
    return await decoded(admin, services.payload_codec, body)


@router.post("/encode", summary="Encode payloads of workflows", response_model=PayloadsRead)
async def encode_payloads(body: PayloadsCommand, admin: MayRead, services: Services) -> Response:
    """Encrypts payloads, for what an operator sends to a run from Temporal's UI or command line."""
    return await encoded(admin, services.payload_codec, body)


@router.post(
    "/cookie",
    summary="Create a cookie for Temporal's UI",
    response_model=Envelope[PayloadCookieRead],
)
async def create_payload_cookie(request: Request, admin: MayRead, services: Services) -> Response:
    """Sets a cookie that decodes payloads until the access token expires, and does nothing else. Temporal's UI sends it
    where its codec server setting includes credentials."""
    return await with_cookie(admin, services.settings, request)
