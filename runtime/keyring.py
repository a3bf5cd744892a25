"""The platform's signing keys. One signs, former ones keep verifying until they are retired."""

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass

from runtime.settings import Settings


@dataclass(frozen=True, slots=True)
class KeyRing:
    """Keys by their id (``kid``). ``current`` signs; every key in ``keys`` verifies. Keys never leave the process."""

    current: str
    keys: Mapping[str, bytes]

    @classmethod
    def of(cls, settings: Settings) -> "KeyRing":
        """The keys of the settings."""
        return cls(settings.jwt_key_id, {settings.jwt_key_id: settings.jwt_key.get_secret_value().encode()})

    def derived(self, purpose: str, kid: str | None = None) -> bytes:
        """A key for one purpose alone, so that what one part signs means nothing to another. ``kid``: None for the
        current one. Raises KeyError for one that is unknown or retired."""
        return hmac.digest(self.keys[self.current if kid is None else kid], purpose.encode(), hashlib.sha256)
