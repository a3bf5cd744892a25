"""Access tokens: JWT (RFC 7519), HS256, signed with the key that the header's ``kid`` names. Nothing is stored."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import jwt

from domain.errors import Unauthenticated
from runtime.settings import Settings

_ALGORITHM = "HS256"
_ACCESS = "access"
_CLAIMS = ("exp", "iat", "sub", "typ")


@dataclass(frozen=True, slots=True)
class Login:
    """Who a good token speaks for. ``is_admin`` was true when it was issued, at most one lifetime ago."""

    user_id: UUID
    is_admin: bool


@dataclass(frozen=True, slots=True)
class Tokens:
    """Issues with one key and accepts every one in ``keys``, so that a former key can verify until it is retired."""

    key_id: str
    keys: Mapping[str, bytes]
    lifetime: timedelta

    @classmethod
    def of(cls, settings: Settings) -> "Tokens":
        """The keys of the settings."""
        key = settings.jwt_key.get_secret_value().encode()
        return cls(settings.jwt_key_id, {settings.jwt_key_id: key}, settings.access_token_lifetime)

    def issue(self, login: Login, now: datetime) -> str:
        """A token that is good from ``now`` for the lifetime."""
        claims = {
            "sub": str(login.user_id),
            "typ": _ACCESS,
            "iat": now,
            "exp": now + self.lifetime,
            "adm": login.is_admin,
        }
        return jwt.encode(claims, self.keys[self.key_id], _ALGORITHM, headers={"kid": self.key_id})

    def read(self, token: str, now: datetime) -> Login:
        """Who it speaks for. Raises Unauthenticated for anything that is not ours, not an access token, or over."""
        try:
            key = self.keys[jwt.get_unverified_header(token)["kid"]]
            claims = jwt.decode(
                token, key, [_ALGORITHM], options={"require": list(_CLAIMS), "verify_exp": False, "verify_iat": False}
            )
            good = claims["typ"] == _ACCESS and now.timestamp() < float(claims["exp"])
            login = Login(UUID(claims["sub"]), claims.get("adm") is True)
        except (jwt.InvalidTokenError, KeyError, TypeError, ValueError) as error:
            raise Unauthenticated({"reason": "invalid_token"}) from error
        if not good:
            raise Unauthenticated({"reason": "expired_token" if claims["typ"] == _ACCESS else "invalid_token"})
        return login
