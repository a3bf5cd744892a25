"""How Temporal's UI proves an operator's login. It runs in a browser on another origin and can send a cookie only.

The cookie carries the operator's access token and is sent to the paths of the codec server alone. There this middleware
turns it into the ``Authorization`` header, so that everything after it works as for any other request. Requests of the
UI's origin with JSON bodies are preflighted by browsers, and only that origin is allowed: no other page can use the
cookie (https://docs.temporal.io/production-deployment/data-encryption).
"""

from http.cookies import CookieError, SimpleCookie
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.middleware.cors import CORSMiddleware
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from runtime.settings import Settings

NAME = "omotenashi_payloads"
PATH = "/api/v1/admin/temporal"


def set_cookie(response: Response, token: str, settings: Settings) -> Response:
    """Add the cookie, for as long as an access token is valid.

    Over https any site may be the UI's; ``SameSite=None`` needs ``Secure``. Over http (one machine) both are on the
    same host, which browsers regard as the same site.
    """
    secure = urlsplit(settings.public_url).scheme == "https"
    response.set_cookie(
        NAME,
        token,
        max_age=int(settings.access_token_lifetime.total_seconds()),
        path=PATH,
        secure=secure,
        httponly=True,
        samesite="none" if secure else "strict",
    )
    return response


class PayloadCookieMiddleware:
    """Answers the UI's preflights, and reads the cookie. Other paths are passed on."""

    def __init__(self, app: ASGIApp, origin: str) -> None:
        self._app = app
        self._with_cors = CORSMiddleware(
            self._with_login,
            allow_origins=[origin] if origin else [],
            allow_methods=["POST"],
            allow_headers=["Authorization", "Content-Type", "X-Namespace"],
            allow_credentials=True,
            max_age=600,
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        is_ours = scope["type"] == "http" and scope["path"].startswith(f"{PATH}/")
        await (self._with_cors if is_ours else self._app)(scope, receive, send)

    async def _with_login(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = Headers(scope=scope)
        token = None if "authorization" in headers else _token(headers.get("cookie", ""))
        if token is not None:
            bearer = (b"authorization", b"Bearer " + token.encode("latin-1"))
            scope = {**scope, "headers": [*scope["headers"], bearer]}
        await self._app(scope, receive, send)


def _token(cookies: str) -> str | None:
    try:
        found = SimpleCookie(cookies).get(NAME)
    except CookieError:
        return None
    return found.value if found else None
