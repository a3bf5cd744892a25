"""Handlers of moderation: a report, a request, and a decision, which goes through the review's workflow."""

from datetime import datetime
from uuid import UUID

from starlette.responses import Response

from api.access.callers import Access, ApiServices
from api.http.envelope import SuccessMessage, ok
from api.http.idempotency import Key, store_response
from api.http.operation_errors import raises
from api.v1.reviews.reviews.moderation_schemas import ModerationCommand, ReviewReportCommand, ReviewReportedRead
from api.v1.reviews.reviews.schemas import ReviewDetailRead
from api.workflow_calls import NotRunning, ask, start_and_ask
from domain.errors import Conflict, Forbidden, InvalidInput, RuleBroken, Unavailable, WrongState
from domain.identity.network import network_of
from domain.permissions import require
from domain.reviews.permissions import ReviewAction
from domain.reviews.status import PublicationStatus
from domain.roles import Role
from workflows.reviews.review import messages
from workflows.reviews.review.start import START
from workflows.support import ids


async def report(
    access: Access, review_id: UUID, body: ReviewReportCommand, now: datetime, key: Key | None
) -> Response:
    """Note a report. The answer is the same for a repeat."""
    who = f"user:{access.user_id}" if access.user_id else f"network:{network_of(access.address)}"
    async with access.work(review_id, key) as work:
        await work.reviews.report(review_id, who, body.reason, now)
        return await store_response(work, ok(ReviewReportedRead(id=review_id)))


@raises(RuleBroken, WrongState, Conflict, Forbidden, Unavailable)
async def moderate(
    services: ApiServices, access: Access, review_id: UUID, body: ModerationCommand, now: datetime, key: Key | None
) -> Response:
    """The review after the request, or after the decision. Raises Unavailable when Temporal or its workers do not
    answer; then the decision may be repeated."""
    if body.verdict is None:
        return await _request(access, review_id, body, now, key)
    async with access.command(review_id, key) as command:
        require(access.role, ReviewAction.DECIDE)
        said = messages.ReviewDecision(body.verdict, command.id, command.actor.user_id, body.reason, body.version)
        await _decide(services, messages.ReviewRunInput(review_id, access.business_id), said)
        async with command.finish() as work:
            answer = ok(ReviewDetailRead.of(await work.reviews.get(review_id)), SuccessMessage.UPDATED)
            return await store_response(work, answer, command.idempotency_key)


async def _request(
    access: Access, review_id: UUID, body: ModerationCommand, now: datetime, key: Key | None
) -> Response:
    async with access.work(review_id, key) as work:
        if access.role is Role.ADMIN:
            raise InvalidInput.at("verdict", "missing")
        if body.reason is None:
            raise InvalidInput.at("reason", "missing")
        await work.reviews.request(review_id, body.reason, body.note, access.user_id, now)
        answer = ok(ReviewDetailRead.of(await work.reviews.get(review_id)), SuccessMessage.UPDATED)
        return await store_response(work, answer)


async def _decide(
    services: ApiServices, start: messages.ReviewRunInput, said: messages.ReviewDecision
) -> PublicationStatus:
    """The answer of the review's run; without an open one it is started with the decision."""
    patience, workflow_id = services.settings.temporal_rpc_timeout, ids.review(start.review_id)
    try:
        return await ask(
            services.temporal, patience, workflow_id, messages.DECIDE, said, said.command_id, PublicationStatus
        )
    except NotRunning:
        return await start_and_ask(
            services.temporal, patience, START, start, messages.DECIDE, said, said.command_id, PublicationStatus
        )
