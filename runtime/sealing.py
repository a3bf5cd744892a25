"""Secrets that must be read again, encrypted under a key of the ring: AES-256-GCM with a key for the purpose alone."""

import os
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from runtime.keyring import KeyRing

_NONCE = 12


class Unsealable(Exception):
    """The key is retired, or what is there is not what was sealed for this purpose and this owner."""


@dataclass(frozen=True, slots=True)
class Sealed:
    """What may be stored: the key's id, and nonce and ciphertext in one."""

    kid: str
    blob: bytes


@dataclass(frozen=True, slots=True)
class Sealer:
    """Seals with the current key and opens with every key that is not retired."""

    keys: KeyRing
    purpose: str

    def seal(self, data: bytes, owner: bytes) -> Sealed:
        """Encrypt for ``owner``: copied into another owner's row it opens no more."""
        kid, nonce = self.keys.current, os.urandom(_NONCE)
        return Sealed(kid, nonce + self._cipher(kid).encrypt(nonce, data, owner))

    def open(self, sealed: Sealed, owner: bytes) -> bytes:
        """What was sealed. Raises Unsealable."""
        try:
            return self._cipher(sealed.kid).decrypt(sealed.blob[:_NONCE], sealed.blob[_NONCE:], owner)
        except (KeyError, ValueError, InvalidTag) as error:
            raise Unsealable(sealed.kid) from error

    def _cipher(self, kid: str) -> AESGCM:
        return AESGCM(self.keys.derived(f"seal:{self.purpose}", kid))
