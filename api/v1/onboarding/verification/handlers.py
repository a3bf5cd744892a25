"""Sends a decision to the review's workflow."""

from dataclasses import dataclass
from uuid import UUID

from starlette.responses import Response

from api.access.callers import Access, ApiServices
from api.http.envelope import SuccessMessage, ok
from api.http.idempotency import Key, store_response
from api.http.operation_errors import raises
from api.v1.onboarding.verification.list_handlers import read_verification
from api.workflow_calls import NotRunning, ask, start_and_ask
from domain.errors import Unavailable, WrongState
from domain.onboarding.errors import VerificationIncomplete
from domain.onboarding.verification import BUSINESS, REVIEW, Decision, ReviewStatus
from workflows.onboarding.verification import messages
from workflows.onboarding.verification.start import START
from workflows.support import ids


@dataclass(frozen=True, slots=True)
class DecisionRequest:
    """A requested decision about a review."""

    decision: Decision
    reason: str | None = None
    seen: str | None = None


@raises(WrongState, Unavailable)
async def decide(
    services: ApiServices, access: Access, business_id: UUID, key: Key | None, request: DecisionRequest
) -> Response:
    """The verification after the decision. Raises what the review refuses, WrongState if none is open, and Unavailable
    when Temporal or its workers are unavailable; then it may be repeated."""
    async with access.command(business_id, key, request.reason) as command:
        async with command.finish() as work:
            business = await work.businesses.get(business_id)
            review = await work.onboarding.verifications.open_review(business_id)
        if review is None:
            wanted = BUSINESS.get(request.decision) or REVIEW[request.decision][1]
            raise WrongState({"status": business.status, "wanted": wanted.value})
        said = messages.VerificationCommand(command.id, command.actor.user_id, request.seen)
        start = messages.VerificationInput(review[0], business_id)
        await _ask(services, start, messages.UPDATES[request.decision], said)
        async with command.finish() as work:
            answer = await read_verification(
                work, services, business_id, to_operator=request.decision is not Decision.RESUBMITTED, with_links=False
            )
            return await store_response(work, ok(answer, SuccessMessage.UPDATED), command.idempotency_key)


async def _ask(
    services: ApiServices, start: messages.VerificationInput, update: str, said: messages.VerificationCommand
) -> ReviewStatus:
    """The answer of the review's run, which is started with this command if the relay is late."""
    patience = services.settings.temporal_rpc_timeout
    workflow_id = ids.verification(start.business_id)
    try:
        return await ask(services.temporal, patience, workflow_id, update, said, said.command_id, ReviewStatus)
    except NotRunning:
        return await start_and_ask(
            services.temporal, patience, START, start, update, said, said.command_id, ReviewStatus
        )


@raises(VerificationIncomplete, WrongState, Unavailable)
async def submit(services: ApiServices, access: Access, business_id: UUID, key: Key | None) -> Response:
    """Submit the business for review, or answer a request for information."""
    async with access.command(business_id, key) as command:
        async with command.finish() as work:
            review = await work.onboarding.verifications.open_review(business_id)
        if review is not None and review[1] is ReviewStatus.INFO_REQUESTED:
            said = messages.VerificationCommand(command.id, command.actor.user_id)
            start = messages.VerificationInput(review[0], business_id)
            await _ask(services, start, messages.RESUBMIT, said)
        async with command.finish() as work:
            if review is None or review[1] is not ReviewStatus.INFO_REQUESTED:
                await work.onboarding.verifications.submit(business_id, command.actor.user_id, command.id)
            answer = await read_verification(work, services, business_id, to_operator=False)
            return await store_response(work, ok(answer, SuccessMessage.UPDATED), command.idempotency_key)
