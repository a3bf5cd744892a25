"""Record the histories that are missing: ``python -m tests.replay.record [--again]``. ``--again`` writes all again,
which is right only while no run of the old kind is open anywhere."""

import asyncio
import contextlib
import sys
from collections import deque
from datetime import timedelta
from typing import Any

from temporalio.client import WorkflowFailureError, WorkflowHistory
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.service import RPCError
from temporalio.testing import WorkflowEnvironment

from domain.media.status import MediaStatus
from domain.onboarding.verification import ReviewStatus
from domain.platform.flag_rollout import RolloutStatus
from domain.scheduling.reaccommodation import ReaccommodationStatus
from runtime.temporal import guard_exit
from tests.replay.booking_stories import BOOKING_STORIES, Story
from tests.replay.marketing import AUTOMATION_STORIES, CAMPAIGN_STORIES
from tests.replay.outcomes import OUTCOMES, path_of, write
from tests.replay.reviews import REVIEW_STORIES
from tests.replay.waitlist import WAITLIST_STORIES
from tests.support.servers import run_time_skipping
from tests.workflows.analytics.test_daily import BUSINESS, Figures, computing
from tests.workflows.analytics.test_export import FigureFiles, exporting_figures
from tests.workflows.customers.test_archive import Files, archiving
from tests.workflows.customers.test_importing import Pages, importing
from tests.workflows.identity.test_two_factor_reset import Resets, resetting
from tests.workflows.media.test_media import InspectionStub, looking
from tests.workflows.messages.test_notice import FOREVER, Post, sending
from tests.workflows.onboarding.test_verification import Board, reviewing, say
from tests.workflows.payments.test_dispute import DisputeStub, disputing
from tests.workflows.payments.test_reconciliation import Comparison, reconciling
from tests.workflows.payments.test_refund import AWAY as REFUND_AWAY
from tests.workflows.payments.test_refund import DONE, PENDING, REFUSED, RefundStub, refunding
from tests.workflows.platform.test_flag_rollout import FlagTable, begun, rolling, send
from tests.workflows.platform.test_maintenance import FILES, ROUND, Broom, sweeping
from tests.workflows.privacy.test_data_rights import FOREVER as STAYS_AWAY
from tests.workflows.privacy.test_data_rights import Archive, exporting, forgetting
from tests.workflows.scheduling.test_reaccommodation import Offer, decide, offering, until
from workflows.onboarding.verification import messages as reviews
from workflows.platform.flag_rollout import messages as rollouts
from workflows.platform.maintenance.messages import MaintenanceInput


def _refund(**desk: object) -> Story:
    async def story(env: WorkflowEnvironment) -> WorkflowHistory:
        async with refunding(env, RefundStub(**desk)) as handle:
            return await _end(env, handle)

    return story


def _dispute(left: timedelta | None, ends_after: int = 9) -> Story:
    async def story(env: WorkflowEnvironment) -> WorkflowHistory:
        async with disputing(env, DisputeStub(ends_after), left) as handle:
            return await _end(env, handle)

    return story


async def _two_factor_reset(env: WorkflowEnvironment) -> WorkflowHistory:
    async with resetting(env, Resets()) as handle:
        return await _end(env, handle)


def _reconciliation(away: str | None = None) -> Story:
    async def story(env: WorkflowEnvironment) -> WorkflowHistory:
        async with reconciling(env, Comparison(away)) as handle:
            return await _end(env, handle)

    return story


def _notice(within: timedelta = timedelta(hours=24), **post: object) -> Story:
    async def story(env: WorkflowEnvironment) -> WorkflowHistory:
        async with sending(env, Post(**post), within) as handle:
            return await _end(env, handle)

    return story


def _maintenance(start: MaintenanceInput = ROUND, **broom: object) -> Story:
    async def story(env: WorkflowEnvironment) -> WorkflowHistory:
        async with sweeping(env, Broom(**broom), start) as handle:
            return await _end(env, handle)

    return story


def _analytics(**figures: object) -> Story:
    async def story(env: WorkflowEnvironment) -> WorkflowHistory:
        async with computing(env, Figures(**figures)) as handle:
            with contextlib.suppress(WorkflowFailureError):  # a round that failed
                await handle.result()
            return await handle.fetch_history()

    return story


def _media(**desk: object) -> Story:
    async def story(env: WorkflowEnvironment) -> WorkflowHistory:
        async with looking(env, InspectionStub(**desk)) as handle:
            return await _end(env, handle)

    return story


def _rollout(*said: str, **table: object) -> Story:
    async def story(env: WorkflowEnvironment) -> WorkflowHistory:
        flags = FlagTable(**table)
        async with rolling(env, flags) as handle:
            await begun(flags, 1)
            for word in said:
                await send(handle, word)
            return await _end(env, handle)

    return story


def _review(*said: str, **board: object) -> Story:
    async def story(env: WorkflowEnvironment) -> WorkflowHistory:
        async with reviewing(env, Board(**board)) as handle:
            await env.fast_forward(handle, timedelta(hours=25))
            for word in said:
                await say(handle, word, "why")
            return await _end(env, handle)

    return story


def _export(**archive: object) -> Story:
    async def story(env: WorkflowEnvironment) -> WorkflowHistory:
        async with exporting(env, Archive(**archive)) as handle:
            return await _end(env, handle)

    return story


async def _superseded(env: WorkflowEnvironment) -> WorkflowHistory:
    flags = FlagTable()
    async with rolling(env, flags) as handle:
        await begun(flags, 1)
        flags.status = RolloutStatus.SUPERSEDED
        return await _end(env, handle)


def _reaccommodation(decided: ReaccommodationStatus | None = None, **more: object) -> Story:
    async def story(env: WorkflowEnvironment) -> WorkflowHistory:
        offer = Offer(**more)
        async with offering(env, offer) as handle:
            if decided is not None:
                await until(lambda: offer.steps == ["offer"])
                await decide(handle, offer, decided)
            return await _end(env, handle)

    return story


def _archive(**files: int) -> Story:
    async def story(env: WorkflowEnvironment) -> WorkflowHistory:
        async with archiving(env, Files(**files)) as handle:
            return await _end(env, handle)

    return story


def _figures_file(**files: Any) -> Story:
    async def story(env: WorkflowEnvironment) -> WorkflowHistory:
        async with exporting_figures(env, FigureFiles(**files)) as handle:
            return await _end(env, handle)

    return story


def _customer_import(**pages: int) -> Story:
    async def story(env: WorkflowEnvironment) -> WorkflowHistory:
        async with importing(env, Pages(**pages)) as handle:
            return await _end(env, handle)

    return story


def _erasure(**archive: object) -> Story:
    async def story(env: WorkflowEnvironment) -> WorkflowHistory:
        async with forgetting(env, Archive(**archive)) as handle:
            return await _end(env, handle)

    return story


async def _end(env: WorkflowEnvironment, handle: object) -> WorkflowHistory:
    with contextlib.suppress(RPCError):  # it is over already
        await env.fast_forward(handle)
    await handle.result()
    return await handle.fetch_history()


STORIES: dict[str, dict[str, Story]] = {"booking": BOOKING_STORIES}

STORIES["refund"] = {
    "succeeded": _refund(answers=deque([DONE])),
    "failed": _refund(answers=deque([REFUSED])),
    "pending_then_succeeded": _refund(answers=deque([PENDING, PENDING, DONE])),
    "provider_away": _refund(answers=deque([REFUND_AWAY] * 4 + [DONE])),
    "already_over": _refund(is_over=True),
}

STORIES["dispute"] = {
    "reminded": _dispute(timedelta(days=7)),
    "no_deadline": _dispute(None),
    "ended_early": _dispute(timedelta(days=7), ends_after=0),
}

STORIES["notice"] = {
    "sent": _notice(),
    "sent_after_retries": _notice(away=3),
    "given_up": _notice(away=FOREVER),
    "too_late": _notice(timedelta(minutes=-1)),
}

STORIES["analytics-export"] = {
    "expired": _figures_file(),
    "unwanted": _figures_file(unwanted=True),
    "failed": _figures_file(away=STAYS_AWAY),
}
STORIES["business-archive"] = {"expired": _archive(), "failed": _archive(away=STAYS_AWAY)}
STORIES["customer-import"] = {"done": _customer_import(), "database_away": _customer_import(away=3)}
STORIES["campaign"] = dict(CAMPAIGN_STORIES)
STORIES["automation"] = dict(AUTOMATION_STORIES)
STORIES["data-export"] = {
    "expired": _export(),
    "unwanted": _export(unwanted=True),
    "failed": _export(away={"write": STAYS_AWAY}),
}

STORIES["two-factor-reset"] = {"done": _two_factor_reset}
STORIES["account-erasure"] = {
    "done": _erasure(),
    "letter_waits": _erasure(looks=2),
    "storage_away": _erasure(away={"remove_exports": STAYS_AWAY}),
}

STORIES["flag-rollout"] = {
    "done": _rollout(),
    "stopped": _rollout(trouble_at=25),
    "superseded": _superseded,
    "paused": _rollout(rollouts.PAUSE, rollouts.RESUME),
    "cancelled": _rollout(rollouts.CANCEL),
}

STORIES["reconciliation"] = {
    "done": _reconciliation(),
    "provider_failed": _reconciliation(away="stripe"),
}
STORIES["maintenance"] = {
    "done": _maintenance(),
    "step_failed": _maintenance(stuck="outbox"),
    "files": _maintenance(FILES),
    "files_failed": _maintenance(FILES, broken="files"),
}

STORIES["daily-analytics"] = {
    "done": _analytics(),
    "business_failed": _analytics(failed=(BUSINESS,)),
    "round_failed": _analytics(broken=True),
    "marked_meanwhile": _analytics(signals=True),
}

STORIES["media"] = {
    "ready": _media(),
    "rejected": _media(stands=MediaStatus.REJECTED),
    "storage_away": _media(away=3),
    "given_up": _media(away=FOREVER),
}

STORIES["business-verification"] = {
    "approved": _review(reviews.APPROVE),
    "rejected": _review(reviews.REJECT),
    "asked_and_approved": _review(reviews.REQUEST_INFO, reviews.RESUBMIT, reviews.APPROVE),
    "closed": _review(reviews.REQUEST_INFO),
    "started_twice": _review(status=ReviewStatus.APPROVED),
}

STORIES["waitlist"] = dict(WAITLIST_STORIES)
STORIES["review"] = dict(REVIEW_STORIES)
STORIES["reaccommodation"] = {
    "moved": _reaccommodation(ReaccommodationStatus.MOVED),
    "cancelled_by_deadline": _reaccommodation(),
    "kept": _reaccommodation(ReaccommodationStatus.KEPT),
    "ended": _reaccommodation(finds={"offer": ReaccommodationStatus.ENDED}),
    "not_cancelled": _reaccommodation(over_after=4),
}


async def record(again: bool) -> list[str]:
    """Write what is missing; gives what was written."""
    written = []
    async with run_time_skipping(pydantic_data_converter) as env:
        for workflow, outcomes in OUTCOMES.items():
            for outcome in outcomes:
                if again or not path_of(workflow, outcome).exists():
                    write(workflow, outcome, await STORIES[workflow][outcome](env))
                    written.append(f"{workflow}/{outcome}")
    return written


if __name__ == "__main__":
    guard_exit()
    for name in asyncio.run(record("--again" in sys.argv)):
        sys.stdout.write(f"{name}\n")
