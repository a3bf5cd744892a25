"""Logged-in browsers. The cookie is a signed session id, of the same sessions as the API's: one list, one place
to end them. It carries no right by itself: every page asks whether the session is live, and calls the API with an
access token that is made for this one request.
"""

from datetime import datetime, timedelta
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response

from api.access.tokens import Login
from api.pages.api_client import ApiClient
from api.pages.forms import is_https
from db.engine.session import Scope
from domain.errors import Gone, Unauthenticated
from runtime.links import Purpose

#: As long as a refresh token (`runtime.settings`); a session ends earlier where nobody uses it.
_COOKIE_LIFETIME = timedelta(days=30)


class LoginNeeded(Exception):
    """The page needs a login, and the browser has none."""


async def logged_in(request: Request) -> ApiClient:
    """A client of the API with the login of this browser. Raises LoginNeeded."""
    services, now = request.app.state.services, request.app.state.services.now()
    session_id = session_of(request)
    if session_id is None:
        raise LoginNeeded
    async with services.database.unit_of_work(Scope.platform()) as work:
        session = await work.identity.sessions.use(session_id, now, now + services.settings.refresh_token_lifetime)
    if session is None:
        raise LoginNeeded
    login = Login(session.user_id, session.is_admin, session.id)
    return ApiClient(request).with_login(services.tokens.issue(login, now))


def session_of(request: Request) -> UUID | None:
    """The session that the cookie names, also one that has ended; None without a cookie of ours. Nothing is read from
    Postgres."""
    services = request.app.state.services
    try:
        session_id: UUID = services.links.read(
            Purpose.PAGE_SESSION, request.cookies.get(_name(request), ""), services.now()
        )
    except (Unauthenticated, Gone):
        return None
    return session_id


def open_session(request: Request, response: Response, access_token: str) -> None:
    """Set the cookie for the session of a login that the API has just made."""
    services, now = request.app.state.services, request.app.state.services.now()
    session_id = services.tokens.read(access_token, now).session_id
    token = services.links.issue(Purpose.PAGE_SESSION, session_id, _until(now))
    response.set_cookie(
        _name(request),
        token,
        max_age=int(_COOKIE_LIFETIME.total_seconds()),
        httponly=True,
        secure=is_https(request),
        samesite="lax",
        path="/",
    )


def forget_session(request: Request, response: Response) -> None:
    """Remove the cookie."""
    response.delete_cookie(_name(request), path="/", secure=is_https(request), httponly=True, samesite="lax")


def _until(now: datetime) -> datetime:
    return now + _COOKIE_LIFETIME


def _name(request: Request) -> str:
    return "__Host-session" if is_https(request) else "session"
