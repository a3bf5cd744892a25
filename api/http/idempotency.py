"""``Idempotency-Key``: the same key with the same request returns the stored answer, byte for byte.

What happens in one transaction takes the key and stores the answer in it (:meth:`api.access.callers.Caller.work`,
:func:`store_response`). What goes through Temporal takes the key in a transaction before and stores the answer in one
after (:meth:`api.access.callers.Access.command`); its command id comes from the key, so that a repeat in
between, or after a crash, meets the first try at the workflow.
"""

import hashlib
import hmac
import re
from dataclasses import dataclass
from typing import Annotated, Any
from uuid import uuid4

import orjson
from fastapi import Depends, Header, Request
from pydantic import Field
from starlette.responses import Response

from api.http.operation_errors import raises
from db.engine.context import IdempotencyKey
from db.engine.session import StoredResponse, UnitOfWork
from domain.errors import IdempotencyKeyRequired, IdempotencyKeyReused, Malformed, RequestInProgress
from runtime.keyring import KeyRing

HEADER = "Idempotency-Key"
REPLAYED = "Idempotent-Replayed"
_KEY = re.compile(r"[\x21-\x7e]{1,255}")


#: Fields of answers that are secrets. ``action_url``: the provider's 3-D Secure page, whose address may contain the
#: payment's client secret. ``url``: a document of a business, signed for some minutes.
SECRET_FIELDS = frozenset({"guest_token", "client_secret", "action_url", "url"})


def without_secrets(body: bytes) -> bytes:
    """The answer with null for each of its secrets, for storing."""
    if not any(f'"{name}"'.encode() in body for name in SECRET_FIELDS):
        return body
    return orjson.dumps(_cleared(orjson.loads(body)))


def _cleared(value: Any) -> Any:
    if isinstance(value, list):
        return [_cleared(one) for one in value]
    if not isinstance(value, dict):
        return value
    return {name: None if name in SECRET_FIELDS else _cleared(one) for name, one in value.items()}


class Replay(Exception):
    """Not an error: this request was answered before, and ``stored_response`` is that answer."""

    def __init__(self, stored_response: StoredResponse) -> None:
        super().__init__()
        self.stored_response = stored_response


def replayed(replay: Replay) -> Response:
    """The stored answer, marked as such."""
    stored = replay.stored_response
    return Response(stored.body, stored.status_code, {REPLAYED: "true"}, "application/json")


@dataclass(frozen=True, slots=True)
class Key:
    """A key with the fingerprint of its request. The fingerprint is keyed with the platform's secret: with a plain
    digest, a reader of the table could test guesses of a password in the body."""

    value: str
    fingerprint: bytes

    def of_subject(self, subject: str) -> IdempotencyKey:
        """The key that the unit of work takes; ``subject`` is the user's id, or the client's address."""
        return IdempotencyKey(subject, self.value, self.fingerprint)


def command_id(key: IdempotencyKey | None) -> str:
    """The id of a command: the same for the same key and request, a new one without a key."""
    if key is None:
        return uuid4().hex
    text = f"{key.subject}\0{key.key}\0".encode() + key.fingerprint
    return hashlib.sha256(text).hexdigest()[:32]


@raises(IdempotencyKeyReused, RequestInProgress)
async def optional_key(
    request: Request,
    idempotency_key: Annotated[
        Annotated[str, Field(json_schema_extra={"minLength": 1, "maxLength": 255})] | None,
        Header(alias=HEADER, description="Makes repeating this request harmless for 24 hours."),
    ] = None,
) -> Key | None:
    """The key, if the caller sent one. Raises Malformed for one that is empty, too long, or not printable ASCII."""
    if idempotency_key is None:
        return None
    if not _KEY.fullmatch(idempotency_key):
        raise Malformed({"field": HEADER, "rule": "printable_1_to_255"})
    # With the oldest key: a repeat must find its first try also after a rotation of keys.
    ring: KeyRing = request.app.state.services.tokens.ring
    secret = ring.derived("idempotency", ring.oldest)
    target = f"{request.method} {request.url.path}?{request.url.query}\0".encode()
    return Key(idempotency_key, hmac.digest(secret, target + await request.body(), "sha256"))


@raises(IdempotencyKeyRequired)
async def required_key(key: Annotated[Key | None, Depends(optional_key)]) -> Key:
    """The key. Raises IdempotencyKeyRequired."""
    if key is None:
        raise IdempotencyKeyRequired({"header": HEADER})
    return key


OptionalKey = Annotated[Key | None, Depends(optional_key)]
RequiredKey = Annotated[Key, Depends(required_key)]


async def store_response(work: UnitOfWork, response: Response, key: IdempotencyKey | None = None) -> Response:
    """Store the answer without its secrets for the key that ``work`` took (or for ``key``, taken by an earlier one),
    and return it."""
    await work.store_response(response.status_code, without_secrets(bytes(response.body)), key)
    return response
