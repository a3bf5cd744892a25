"""Access and challenge tokens: JWT (RFC 7519), HS256, signed with the key named in the header's ``kid``. Refresh tokens
are not JWTs but random; `db.identity.sessions` stores their digests.
"""

import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import jwt

from domain.errors import Unauthenticated
from runtime.keyring import KeyRing

_ALGORITHM = "HS256"
_ACCESS = "access"
_CHALLENGE = "two_factor"
_CLAIMS = ("exp", "iat", "sub", "typ")
#: How long the second factor may take after the password.
CHALLENGE_LIFETIME = timedelta(minutes=5)
#: How far another process's clock may be ahead of ours.
_SKEW = timedelta(seconds=30)


@dataclass(frozen=True, slots=True)
class Login:
    """The login of a valid token. ``is_admin`` was true when it was issued, at most one lifetime ago. ``session_id``:
    its session; whether that is still live is checked in the transaction of the work. None for a token of a release
    without sessions."""

    user_id: UUID
    is_admin: bool
    session_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Challenge:
    """The login whose password was right, and a digest of that password's hash: a new password ends the challenge."""

    user_id: UUID
    password_mark: str

    def fits(self, password_hash: str) -> bool:
        """Whether the stored hash is still the one that was checked."""
        return secrets.compare_digest(self.password_mark, password_mark(password_hash))


def password_mark(password_hash: str) -> str:
    """A digest that distinguishes stored hashes but reveals nothing about them, because their salt is equally
    secret."""
    return hashlib.sha256(password_hash.encode()).hexdigest()[:32]


def new_refresh_token() -> str:
    """256 random bits as 43 characters that are safe in a URL and a header."""
    return secrets.token_urlsafe(32)


@dataclass(frozen=True, slots=True)
class Tokens:
    """Issues with the current key of the ring and accepts all of them."""

    ring: KeyRing
    lifetime: timedelta

    def issue(self, login: Login, now: datetime) -> str:
        """An access token, valid from ``now`` for its lifetime."""
        session = {"sid": str(login.session_id)} if login.session_id else {}
        return self._sign(_ACCESS, login.user_id, now, self.lifetime, {"adm": login.is_admin, **session})

    def read(self, token: str, now: datetime) -> Login:
        """The login of the token. Raises Unauthenticated for a token that is invalid, expired, or no access token."""
        claims = self._claims(_ACCESS, token, now)
        try:
            session_id = UUID(claims["sid"]) if "sid" in claims else None
            return Login(UUID(claims["sub"]), claims.get("adm") is True, session_id)
        except (TypeError, ValueError, AttributeError) as error:
            raise Unauthenticated({"reason": "invalid_token"}) from error

    def challenge(self, user_id: UUID, password_hash: str, now: datetime) -> str:
        """The token for the step between password and second factor; it is valid for nothing else."""
        return self._sign(_CHALLENGE, user_id, now, CHALLENGE_LIFETIME, {"pwd": password_mark(password_hash)})

    def read_challenge(self, token: str, now: datetime) -> Challenge:
        """The login that must prove its second factor. Raises Unauthenticated for any other token, including access
        tokens."""
        claims = self._claims(_CHALLENGE, token, now)
        return Challenge(UUID(claims["sub"]), str(claims["pwd"]))

    def _sign(self, kind: str, user_id: UUID, now: datetime, lifetime: timedelta, more: Mapping[str, Any]) -> str:
        claims = {"sub": str(user_id), "typ": kind, "iat": now, "exp": now + lifetime, **more}
        kid = self.ring.current
        return jwt.encode(claims, self.ring.keys[kid], _ALGORITHM, headers={"kid": kid})

    def _claims(self, kind: str, token: str, now: datetime) -> dict[str, Any]:
        """The claims of a valid token of this kind. From the header only the key id is used; the algorithm is fixed."""
        try:
            key = self.ring.keys[jwt.get_unverified_header(token)["kid"]]
            claims = jwt.decode(
                token, key, [_ALGORITHM], options={"require": list(_CLAIMS), "verify_exp": False, "verify_iat": False}
            )
            ours = claims["typ"] == kind and float(claims["iat"]) <= (now + _SKEW).timestamp()
            over = float(claims["exp"]) <= now.timestamp()
        except (jwt.InvalidTokenError, KeyError, TypeError, ValueError) as error:
            raise Unauthenticated({"reason": "invalid_token"}) from error
        if not ours:
            raise Unauthenticated({"reason": "invalid_token"})
        if over:
            raise Unauthenticated({"reason": "expired_token"})
        return dict(claims)
