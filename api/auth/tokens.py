"""Access tokens: JWT (RFC 7519), HS256, signed with the key that the header's ``kid`` names. Nothing is stored."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import jwt

from domain.errors import Unauthenticated
from runtime.keyring import KeyRing

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
    """Issues with the current key of the ring and accepts all of them."""

    ring: KeyRing
    lifetime: timedelta

    def issue(self, login: Login, now: datetime) -> str:
        """A token that is good from ``now`` for the lifetime."""
        claims = {
            "sub": str(login.user_id),
            "typ": _ACCESS,
            "iat": now,
            "exp": now + self.lifetime,
            "adm": login.is_admin,
        }
        return jwt.encode(claims, self.ring.keys[self.ring.current], _ALGORITHM, headers={"kid": self.ring.current})

    def read(self, token: str, now: datetime) -> Login:
        """Who it speaks for. Raises Unauthenticated for anything that is not ours, not an access token, or over."""
        try:
            key = self.ring.keys[jwt.get_unverified_header(token)["kid"]]
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
