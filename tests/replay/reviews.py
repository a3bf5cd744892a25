"""How a run of a review goes, for its recorded histories."""

import contextlib
from datetime import timedelta

from temporalio.client import WorkflowHistory
from temporalio.service import RPCError
from temporalio.testing import WorkflowEnvironment

from domain.reviews.moderation import Verdict
from domain.reviews.status import PublicationStatus
from tests.replay.booking_stories import Story
from tests.workflows.reviews.test_review import Desk, ask, forward, reviewing, say


def _story(*said: Verdict, asks: bool = False, **desk: object) -> Story:
    async def story(env: WorkflowEnvironment) -> WorkflowHistory:
        review = Desk(**desk)
        async with reviewing(env, review) as handle:
            if asks:
                await ask(handle, review)
                await forward(env, handle, review, timedelta(hours=25))
            for verdict in said:
                await say(handle, verdict)
            with contextlib.suppress(RPCError):  # it is over already
                for _ in range(8):
                    await forward(env, handle, review, timedelta(days=1))
            await handle.result()
            return await handle.fetch_history()

    return story


REVIEW_STORIES: dict[str, Story] = {
    "published": _story(),
    "rejected": _story(Verdict.REJECT, asks=True),
    "no_decision": _story(asks=True),
    "hidden_after_publication": _story(Verdict.HIDE, status=PublicationStatus.PUBLISHED, asked=True),
    "deleted": _story(deleted=True),
}
