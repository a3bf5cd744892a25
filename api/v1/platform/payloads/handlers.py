"""Decrypting and encrypting payloads for an operator."""

import structlog
from pydantic_core import to_json
from starlette.requests import Request
from starlette.responses import Response
from temporalio.api.common.v1 import Payload

from api.access.operators import Operator
from api.access.payload_cookie import PATH, set_cookie
from api.http.envelope import ok
from api.v1.platform.payloads.schemas import PayloadCookieRead, PayloadRead, PayloadsCommand, PayloadsRead
from runtime.payload_codec import EncryptingCodec, UnreadablePayload
from runtime.settings import Settings

log = structlog.get_logger(__name__)


async def decoded(admin: Operator, codec: EncryptingCodec, body: PayloadsCommand) -> Response:
    """The payloads, decrypted. Who read how many is logged. Raises Forbidden."""
    await _check(admin)
    log.info("payloads were decoded for an operator", count=len(body.payloads))
    return _answer([await _opened(codec, one.payload()) for one in body.payloads])


async def encoded(admin: Operator, codec: EncryptingCodec, body: PayloadsCommand) -> Response:
    """The payloads, encrypted. Raises Forbidden."""
    await _check(admin)
    return _answer(await codec.encode([one.payload() for one in body.payloads]))


async def with_cookie(admin: Operator, settings: Settings, request: Request) -> Response:
    """An answer that sets the cookie with the access token of the request. Raises Forbidden."""
    await _check(admin)
    token = request.headers["authorization"].partition(" ")[2].strip()
    return set_cookie(ok(PayloadCookieRead(path=PATH)), token, settings)


async def _check(admin: Operator) -> None:
    """The transaction checks the right and the session; nothing is read."""
    async with admin.work():
        pass


async def _opened(codec: EncryptingCodec, payload: Payload) -> Payload:
    try:
        (found,) = await codec.decode([payload])
    except UnreadablePayload:
        return payload
    return found


def _answer(payloads: list[Payload]) -> Response:
    read = PayloadsRead(payloads=[PayloadRead.of(one) for one in payloads])
    return Response(to_json(read), media_type="application/json")
