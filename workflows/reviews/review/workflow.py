"""A review from its writing to its publication, and every moderation of it."""

from datetime import datetime, timedelta

from temporalio import workflow
from temporalio.exceptions import FailureError

with workflow.unsafe.imports_passed_through():
    from activities.platform.attention import AttentionActivities, AttentionInput
    from activities.reviews.reviews import ReviewActivities, ReviewDecideInput, ReviewInput
    from domain.reviews.moderation import needs_reason
    from domain.reviews.status import PublicationStatus
    from workflows.reviews.review import messages
    from workflows.support import options
    from workflows.support.refusals import fail_workflow_task, is_unexpected, missing_reason, refusal_in
    from workflows.support.search_attributes import STAGE

#: The clock of the worker that advances the review may be a little behind the clock of this run.
_SHORTEST_WAIT = timedelta(milliseconds=200)


@workflow.defn(name=messages.WORKFLOW)
class ReviewWorkflow:
    """One run while something is to come: the publication of a pending review, or the decision about a request. What is
    due is decided in Postgres, so a step that is lost, late or taken twice does no harm. A later request starts a new
    run."""

    @workflow.init
    def __init__(self, start: messages.ReviewRunInput) -> None:
        self._about = ReviewInput(start.review_id, start.business_id)
        self._changed = False
        self._waiting_until: datetime | None = None
        self._decisions = 0

    @workflow.run
    async def run(self, start: messages.ReviewRunInput) -> int:
        """Returns how many decisions of operators this run applied."""
        while True:
            self._changed = False
            self._waiting_until = await self._advance()
            if self._waiting_until is None and not self._changed and workflow.all_handlers_finished():
                workflow.set_current_details("**done**")
                return self._decisions
            await self._wait(self._waiting_until)

    # -- the process -------------------------------------------------------------------------------------------------

    async def _advance(self) -> datetime | None:
        """Do what is due; when to look again, None if nothing is to come."""
        with fail_workflow_task("reviews.advance"):
            step = await workflow.execute_local_activity_method(ReviewActivities.advance, self._about, **options.STEP)
        return step.next_at

    async def _wait(self, next_at: datetime | None) -> None:
        """Until ``next_at``, or something has changed, or a decision that is being applied is finished."""
        if next_at is None:
            await workflow.wait_condition(lambda: self._changed or workflow.all_handlers_finished())
            return
        workflow.set_current_details(f"**waiting**, until {next_at:%Y-%m-%d %H:%M} UTC")
        left = max(next_at - workflow.now(), _SHORTEST_WAIT)
        try:
            await workflow.wait_condition(lambda: self._changed, timeout=left, timeout_summary="the next step")
        except TimeoutError:
            return

    # -- updates: decisions of people; signals: changes; queries: support ---------------------------------------------

    @workflow.update(name=messages.DECIDE)
    async def decide(self, decision: messages.ReviewDecision) -> PublicationStatus:
        """An operator publishes the review or takes it down."""
        about = self._about
        step = ReviewDecideInput(
            about.review_id,
            about.business_id,
            decision.verdict,
            decision.command_id,
            decision.by,
            decision.reason,
            decision.seen,
        )
        try:
            status = await workflow.execute_local_activity_method(ReviewActivities.decide, step, **options.COMMAND)
        except FailureError as error:
            refusal = refusal_in(error)
        else:
            self._decisions += 1
            self._changed = True
            workflow.upsert_search_attributes([STAGE.value_set(status.value)])
            return status
        if is_unexpected(refusal):
            await self._raise_alert(decision.command_id, str(refusal.type))
        raise refusal

    @decide.validator
    def _may_decide(self, decision: messages.ReviewDecision) -> None:
        """A review is taken down with a reason; the status is checked under its lock."""
        if needs_reason(decision.verdict) and decision.reason is None:
            raise missing_reason()

    async def _raise_alert(self, command_id: str, code: str) -> None:
        item = AttentionInput(
            kind="command_failed",
            dedupe_key=f"command_failed:{command_id}",
            business_id=self._about.business_id,
            details={"review_id": str(self._about.review_id), "code": code},
        )
        with fail_workflow_task("attention.file"):
            await workflow.execute_local_activity_method(AttentionActivities.file, item, **options.STEP)

    @workflow.signal(name=messages.CHANGED)
    def changed(self, about: messages.ReviewChanged) -> None:
        """The review was written or deleted, or its moderation was asked for."""
        self._changed = True

    @workflow.query(name=messages.STATE)
    def state(self) -> messages.ReviewRunState:
        """The present state of this run."""
        until = self._waiting_until.isoformat() if self._waiting_until else None
        return messages.ReviewRunState(until, self._decisions)
