"""Encrypts stored secrets with AES-256-GCM, under a key that is derived from the key ring for one purpose."""

import os
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from runtime.keyring import KeyRing

_NONCE = 12


class Unsealable(Exception):
    """The key is retired, or the data was not sealed for this purpose and this owner."""


@dataclass(frozen=True, slots=True)
class Sealed:
    """What is stored: the id of the key, and nonce and ciphertext in one."""

    kid: str
    blob: bytes


@dataclass(frozen=True, slots=True)
class Sealer:
    """Seals with the current key and opens with every key that is not retired."""

    keys: KeyRing
    purpose: str

    def seal(self, data: bytes, owner: bytes) -> Sealed:
        """Encrypt for ``owner``: a copy in another owner's row cannot be opened."""
        kid, nonce = self.keys.current, os.urandom(_NONCE)
        return Sealed(kid, nonce + self._cipher(kid).encrypt(nonce, data, owner))

    def open(self, sealed: Sealed, owner: bytes) -> bytes:
        """Decrypt. Raises Unsealable."""
        try:
            return self._cipher(sealed.kid).decrypt(sealed.blob[:_NONCE], sealed.blob[_NONCE:], owner)
        except (KeyError, ValueError, InvalidTag) as error:
            raise Unsealable(sealed.kid) from error

    def _cipher(self, kid: str) -> AESGCM:
        return AESGCM(self.keys.derived(f"seal:{self.purpose}", kid))
