"""The caller's sessions."""

from uuid import UUID

from starlette.responses import Response

from api.access.callers import CurrentUser, Now
from api.http import routing
from api.http.envelope import Envelope, ListEnvelope, SuccessMessage, ok
from api.http.operation_errors import raises
from api.http.paging import PageAsked
from api.v1.identity.auth.handlers import current_session
from api.v1.identity.auth.schemas import EndedRead, SessionRead
from domain.errors import NotFound
from domain.identity.sessions import SessionEnd

router = routing.router("/auth/sessions", tags=["auth"])


@router.get("", summary="List my sessions", response_model=ListEnvelope[SessionRead])
async def list_sessions(caller: CurrentUser, page: PageAsked, now: Now) -> Response:
    """Live sessions, newest first; ``current`` marks the session of this request."""
    current = caller.login.session_id if caller.login else None
    async with caller.work() as work:
        rows = await work.identity.sessions.list_(caller.id, now, page.after_id, page.fetch)
    return page.answer(rows, lambda row: SessionRead.of(row, current), lambda row: (row.id,))


@router.delete("", summary="End all my other sessions", response_model=Envelope[EndedRead])
async def delete_sessions(caller: CurrentUser) -> Response:
    """Ends every session except that of this request."""
    async with caller.work() as work:
        ended = await work.identity.sessions.revoke_all(caller.id, current_session(caller), SessionEnd.REVOKED)
    return ok(EndedRead(sessions_ended=ended), SuccessMessage.LOGGED_OUT_ELSEWHERE)


@router.delete(
    "/{session_id}",
    summary="End a session",
    response_model=Envelope[EndedRead],
)
@raises(NotFound)
async def delete_session(session_id: UUID, caller: CurrentUser, now: Now) -> Response:
    """Its tokens become invalid. The session of this request may end itself."""
    async with caller.work() as work:
        await work.identity.sessions.revoke(caller.id, session_id, now, SessionEnd.REVOKED)
    return ok(EndedRead(sessions_ended=1), SuccessMessage.LOGGED_OUT)
