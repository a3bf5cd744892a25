"""Forms of the pages: reading them, and the token that shows that a form came from a page of ours.

The token is in a cookie and in the form (double submit, OWASP "Cross-Site Request Forgery Prevention"). With HTTPS the
cookie's name begins with ``__Host-``, so that no other host of the same domain can set it (RFC 6265bis, 4.1.3).
"""

import hmac
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.responses import Response

from domain.errors import Forbidden, Malformed

FIELD = "form_token"
_MAX_FIELDS = 200


@dataclass(frozen=True, slots=True)
class Form:
    """The fields as typed, without blanks around them."""

    fields: tuple[tuple[str, str], ...]

    def get(self, name: str) -> str:
        """The first value, or an empty text."""
        return next((value for key, value in self.fields if key == name), "")

    def all(self, name: str) -> list[str]:
        """Every value of the name, in order."""
        return [value for key, value in self.fields if key == name]

    @property
    def values(self) -> Mapping[str, str]:
        """The first value of each name: what was typed, to show it again."""
        return dict(reversed(self.fields))


async def read_form(request: Request) -> Form:
    """The form of a POST. Raises Forbidden for a form that did not come from a page of ours, Malformed for one that is
    unreadable."""
    try:
        text = (await request.body()).decode("utf-8")
        pairs = parse_qsl(text, keep_blank_values=True, strict_parsing=bool(text), max_num_fields=_MAX_FIELDS)
    except ValueError as error:
        raise Malformed({"rule": "form"}) from error
    form = Form(tuple((key, value.strip()) for key, value in pairs))
    stored = request.cookies.get(_cookie_name(request), "")
    if not stored or not hmac.compare_digest(stored.encode(), form.get(FIELD).encode()):
        raise Forbidden({"reason": "form_token"})
    return form


def form_token(request: Request) -> str:
    """The token of this browser, made at its first page."""
    known = request.cookies.get(_cookie_name(request), "")
    if len(known) >= 32:
        return known
    made: str = request.scope.setdefault("omotenashi.form_token", secrets.token_urlsafe(24))
    return made


def renew_token(request: Request) -> None:
    """Give this browser a new token, after a log-in: the old one may be known to somebody else."""
    request.scope["omotenashi.form_token"] = secrets.token_urlsafe(24)


def remember_token(request: Request, response: Response) -> None:
    """Set the cookie of a token that was made for this request."""
    made = request.scope.get("omotenashi.form_token")
    if made is not None:
        response.set_cookie(
            _cookie_name(request), made, httponly=True, secure=is_https(request), samesite="lax", path="/"
        )


def is_https(request: Request) -> bool:
    """Whether browsers reach the pages by HTTPS: then cookies are for HTTPS alone."""
    return bool(request.app.state.settings.public_url.startswith("https://"))


def _cookie_name(request: Request) -> str:
    return "__Host-form" if is_https(request) else "form"
