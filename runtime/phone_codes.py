"""Codes that prove a telephone number. A code is made from the signing key and the row that it belongs to, so no table,
event or history has it."""

import hashlib
import hmac
from dataclasses import dataclass
from uuid import UUID

from domain.messages.channels import CODE_DIGITS
from runtime.keyring import KeyRing


@dataclass(frozen=True, slots=True)
class PhoneCodes:
    """Made with the current key, read with every key that is not retired."""

    keys: KeyRing

    def code(self, address_id: UUID, number: str, kid: str | None = None) -> str:
        """Six digits for this number in this row."""
        key = self.keys.derived("phone_code", self.keys.current if kid is None else kid)
        digest = hmac.digest(key, address_id.bytes + number.encode(), hashlib.sha256)
        return f"{int.from_bytes(digest[:8], 'big') % 10**CODE_DIGITS:0{CODE_DIGITS}d}"

    def is_right(self, address_id: UUID, number: str, typed: str) -> bool:
        """Whether it is the code of this number."""
        codes = [self.code(address_id, number, kid) for kid in self.keys.keys]
        return any(hmac.compare_digest(code.encode(), typed.encode()) for code in codes)
