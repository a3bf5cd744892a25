"""Encrypts what Temporal stores: arguments, results, details of errors, memos. AES-256-GCM, under keys that rotate.

Search attributes and ids of runs are never encrypted: Temporal indexes them. They hold ids, amounts and times only.
"""

import dataclasses
import os
from collections.abc import Sequence

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from temporalio.api.common.v1 import Payload
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.converter import DataConverter, DefaultFailureConverterWithEncodedAttributes, PayloadCodec

from runtime.keyring import KeyRing
from runtime.settings import Settings

#: Value of the metadata ``encoding``; Temporal's own encryption samples and tools use it too.
ENCRYPTED = b"binary/encrypted"
#: Metadata that says which key encrypted the payload.
KEY_ID = "encryption-key-id"

_NONCE = 12
_PURPOSE = "temporal-payloads"


class UnreadablePayload(Exception):
    """The key of the payload is unknown here, or the payload was changed. The message names the key's id only.

    A workflow task that meets it fails and is tried again, so that a run continues once the key has been distributed.
    """


class EncryptingCodec(PayloadCodec):
    """Encrypts with the current key and decrypts with every key that is not retired.

    A payload that was never encrypted is returned as it is: runs that were started by a release without encryption
    continue, and stored histories replay.
    """

    def __init__(self, keys: KeyRing) -> None:
        self._keys = keys

    async def encode(self, payloads: Sequence[Payload]) -> list[Payload]:
        """Encrypt each payload with all of its metadata."""
        kid = self._keys.current
        cipher = self._cipher(kid)
        return [_sealed(payload, kid, cipher) for payload in payloads]

    async def decode(self, payloads: Sequence[Payload]) -> list[Payload]:
        """Decrypt what is encrypted. Raises UnreadablePayload."""
        return [self._opened(payload) for payload in payloads]

    def _opened(self, payload: Payload) -> Payload:
        if payload.metadata.get("encoding") != ENCRYPTED:
            return payload
        kid = payload.metadata.get(KEY_ID, b"").decode(errors="replace")
        try:
            plain = self._cipher(kid).decrypt(payload.data[:_NONCE], payload.data[_NONCE:], kid.encode())
        except (KeyError, ValueError, InvalidTag) as error:
            raise UnreadablePayload(f"a payload that was encrypted with the key {kid!r} cannot be read") from error
        return Payload.FromString(plain)

    def _cipher(self, kid: str) -> AESGCM:
        return AESGCM(self._keys.derived(_PURPOSE, kid))


def _sealed(payload: Payload, kid: str, cipher: AESGCM) -> Payload:
    nonce = os.urandom(_NONCE)
    data = nonce + cipher.encrypt(nonce, payload.SerializeToString(), kid.encode())
    return Payload(metadata={"encoding": ENCRYPTED, KEY_ID: kid.encode()}, data=data)


def payload_codec(settings: Settings) -> EncryptingCodec:
    """The codec with the keys of the settings. Raises UnusableKeys and UnsafeSettings."""
    return EncryptingCodec(KeyRing.of_payloads(settings))


def data_converter(settings: Settings) -> DataConverter:
    """How every client, worker and replay turns values into payloads: JSON by pydantic, then encrypted. Messages and
    stack traces of errors are encrypted too. Raises UnusableKeys and UnsafeSettings."""
    return dataclasses.replace(
        pydantic_data_converter,
        payload_codec=payload_codec(settings),
        failure_converter_class=DefaultFailureConverterWithEncodedAttributes,
    )
