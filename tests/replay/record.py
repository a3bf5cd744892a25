"""Record the histories that are missing: ``python -m tests.replay.record [--again]``. ``--again`` writes all again,
which is right only while no run of the old kind is open anywhere."""

import asyncio
import contextlib
import sys
from collections import deque
from collections.abc import Awaitable, Callable
from datetime import timedelta

from temporalio.client import WorkflowFailureError, WorkflowHistory
from temporalio.service import RPCError
from temporalio.testing import WorkflowEnvironment

from domain.booking_status import BookingStatus as S
from domain.media.status import MediaStatus
from domain.onboarding.verification import ReviewStatus
from domain.payments.status import PaymentMode, Phase
from domain.payments.status import PaymentStatus as P
from domain.payments.tasks import MoneyResult
from domain.platform.actor import ActorKind
from domain.platform.flag_rollout import RolloutStatus
from domain.scheduling.reaccommodation import ReaccommodationStatus
from runtime.temporal import guard_exit
from tests.replay.outcomes import OUTCOMES, path_of, write
from tests.support.servers import run_time_skipping
from tests.workflows.analytics.test_daily import BUSINESS, Figures, computing
from tests.workflows.life import Life, living
from tests.workflows.media.test_media import InspectionStub, looking
from tests.workflows.messages.test_notice import FOREVER, Post, sending
from tests.workflows.onboarding.test_verification import Board, reviewing, say
from tests.workflows.payments.test_refund import AWAY as REFUND_AWAY
from tests.workflows.payments.test_refund import DONE, PENDING, REFUSED, RefundStub, refunding
from tests.workflows.platform.test_flag_rollout import FlagTable, begun, rolling, send
from tests.workflows.platform.test_maintenance import FILES, ROUND, Broom, sweeping
from tests.workflows.privacy.test_data_rights import FOREVER as STAYS_AWAY
from tests.workflows.privacy.test_data_rights import Archive, exporting, forgetting
from tests.workflows.scheduling.test_reaccommodation import Offer, decide, offering, until
from tests.workflows.world import AWAY, HALF, World, now, snapshot
from workflows.bookings.booking import messages
from workflows.onboarding.verification import messages as reviews
from workflows.platform.flag_rollout import messages as rollouts
from workflows.platform.maintenance.messages import MaintenanceInput

Story = Callable[[WorkflowEnvironment], Awaitable[WorkflowHistory]]
Step = Callable[[Life], Awaitable[None]]

HOLD = timedelta(minutes=10, seconds=30)
_UNDO = timedelta(minutes=10)
FREE = {"amount_due": 0, "payment_mode": PaymentMode.AT_VENUE}
INSTANT = {"status": S.CONFIRMED, "hold_expires_at": None, **FREE}


def _asks() -> dict[str, object]:
    return {"needs_approval": True, "approval_deadline": now() + timedelta(hours=24)}


def _booking(make: Callable[[], World], *steps: Step, resumed: bool = False) -> Story:
    async def story(env: WorkflowEnvironment) -> WorkflowHistory:
        world = make()
        webhook_id = world.event(P.CAPTURED) if resumed else None
        async with living(env, world, resumed=resumed, webhook_id=webhook_id) as life:
            await life.state()
            for each in steps:
                await each(life)
            with contextlib.suppress(WorkflowFailureError):  # cancelled by its operator
                await life.ends()
            return await life.history()

    return story


async def _pay(life: Life) -> None:
    await life.pays()


async def _pay_and_ask(life: Life) -> None:
    await life.hears(P.CAPTURED)
    await life.calls("bookings.await_approval")


async def _lapse(life: Life) -> None:
    await life.forward(HOLD)


async def _pay_late(life: Life) -> None:
    await life.calls("bookings.expire")
    life.world.payment = World(life.world.booking).payment
    await life.hears(P.CAPTURED)


async def _settle_processing(life: Life) -> None:
    await life.calls("bookings.extend_hold")
    await life.hears(P.CAPTURED)


async def _arrive(life: Life) -> None:
    await life.forward_to(life.world.booking.start_at)
    await life.says(messages.CHECK_IN)


async def _move(life: Life) -> None:
    await life.says(messages.RESCHEDULE, start_at=life.world.booking.start_at + timedelta(days=2))


async def _stay_away(life: Life) -> None:
    await life.forward_to(life.world.booking.start_at + timedelta(minutes=30))
    await life.says(messages.NO_SHOW)


async def _stop(life: Life) -> None:
    await life.handle.cancel()


def _says(update: str, by: ActorKind = ActorKind.STAFF) -> Step:
    async def say(life: Life) -> None:
        await life.says(update, by=by)

    return say


def _card_hold(**more: object) -> World:
    return World(snapshot(payment_mode=PaymentMode.CARD_HOLD), manual_capture=True, **more)


def _long_ahead(days: int, **more: object) -> World:
    start = now() + timedelta(days=days)
    ahead = snapshot(payment_mode=PaymentMode.CARD_HOLD, start_at=start, end_at=start + timedelta(hours=1))
    return World(ahead, manual_capture=True, lasts=timedelta(days=7), **more)


def _go_on(**by: int) -> Step:
    async def go_on(life: Life) -> None:
        await life.forward(timedelta(**by, minutes=1))
        await life.calls("payments.record")

    return go_on


async def _lapses(life: Life) -> None:
    await life.hears(P.VOIDED)


async def _give_new_card(life: Life) -> None:
    life.world.declines = None
    await life.gets_new_card()
    await life.sees(lambda: "pi_1" in life.world.voided)


async def _give_new_card_too_late(life: Life) -> None:
    await life.says(messages.CANCEL, by=ActorKind.CUSTOMER)
    await life.calls("payments.record")
    await life.gets_new_card()


def _answers(*answers: str | MoneyResult, **more: object) -> World:
    return World(snapshot(), answers=deque(answers), **more)


_CANCEL_BY_CUSTOMER = _says(messages.CANCEL, ActorKind.CUSTOMER)
_CONFIRM, _DECLINE, _CANCEL = _says(messages.CONFIRM), _says(messages.DECLINE), _says(messages.CANCEL)
_REFUSED = MoneyResult("", Phase.FAILED, P.AUTHORIZED, "pi_1", reason="expired_card")


def _only_approval() -> World:
    return World(snapshot(hold_expires_at=now() + timedelta(hours=24), **_asks(), **FREE))


STORIES: dict[str, dict[str, Story]] = {
    "booking": {
        "paid_completed": _booking(lambda: World(snapshot()), _pay),
        "paid_checked_in_completed": _booking(lambda: World(snapshot()), _pay, _arrive, _says(messages.COMPLETE)),
        "instant_completed": _booking(lambda: World(snapshot(**INSTANT))),
        "approved": _booking(_only_approval, _CONFIRM),
        "paid_and_approved": _booking(lambda: World(snapshot(**_asks())), _pay_and_ask, _CONFIRM),
        "declined": _booking(lambda: World(snapshot(**_asks())), _pay_and_ask, _DECLINE),
        "declined_by_deadline": _booking(_only_approval),
        "expired": _booking(lambda: World(snapshot())),
        "expired_found_paid": _booking(lambda: World(snapshot(), at_provider=P.CAPTURED), _lapse),
        "expiry_unknown": _booking(lambda: _answers(AWAY, AWAY, AWAY, AWAY)),
        "expiry_processing": _booking(lambda: World(snapshot(), at_provider=P.PROCESSING), _lapse, _settle_processing),
        "cancelled_unpaid": _booking(lambda: World(snapshot()), _CANCEL),
        "cancelled_refunded": _booking(lambda: World(snapshot(), policy=HALF), _pay, _CANCEL_BY_CUSTOMER),
        "cancelled_penalty_captured": _booking(lambda: _card_hold(policy=HALF), _pay, _CANCEL_BY_CUSTOMER),
        "rescheduled": _booking(lambda: World(snapshot()), _pay, _move),
        "no_show": _booking(lambda: World(snapshot(), policy=HALF), _pay, _stay_away),
        "no_show_final": _booking(lambda: _card_hold(policy=HALF, undo_within=_UNDO), _pay, _stay_away),
        "no_show_undone": _booking(
            lambda: _card_hold(policy=HALF, undo_within=_UNDO), _pay, _stay_away, _says(messages.UNDO)
        ),
        "decline_undone": _booking(
            lambda: World(snapshot(**_asks()), undo_within=_UNDO),
            _pay_and_ask,
            _says(messages.DECLINE),
            _says(messages.UNDO),
            _says(messages.CONFIRM),
        ),
        "card_hold_captured": _booking(_card_hold, _pay),
        "capture_refused": _booking(lambda: _card_hold(answers=deque([_REFUSED])), _pay),
        "late_money_reinstated": _booking(lambda: World(snapshot()), _lapse, _pay_late),
        "late_money_refunded": _booking(lambda: World(snapshot(), slot_is_free=False), _lapse, _pay_late),
        "resumed": _booking(lambda: World(snapshot(status=S.EXPIRED)), resumed=True),
        "cancelled_by_operator": _booking(lambda: World(snapshot()), _pay, _stop),
        "renewed_twice": _booking(lambda: _long_ahead(17), _pay),
        "renewal_declined": _booking(lambda: _long_ahead(10, declines="expired_card"), _pay, _go_on(days=6), _lapses),
        "renewed_and_cancelled": _booking(lambda: _long_ahead(10), _pay, _go_on(days=6), _CANCEL),
        "new_card_captured": _booking(
            lambda: _long_ahead(10, declines="expired_card"), _pay, _go_on(days=6), _give_new_card
        ),
        "new_card_too_late": _booking(lambda: _card_hold(policy=HALF), _pay, _give_new_card_too_late),
        "authorized_at_deadline": _booking(lambda: _card_hold(at_provider=P.AUTHORIZED), _lapse),
        "unattended": _booking(lambda: World(snapshot(auto_complete=False, **INSTANT))),
    },
    "refund": {},
    "notice": {},
    "maintenance": {},
    "daily-analytics": {},
    "flag-rollout": {},
    "reaccommodation": {},
    "data-export": {},
    "account-erasure": {},
    "business-verification": {},
}


def _refund(**desk: object) -> Story:
    async def story(env: WorkflowEnvironment) -> WorkflowHistory:
        async with refunding(env, RefundStub(**desk)) as handle:
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


STORIES["refund"] = {
    "succeeded": _refund(answers=deque([DONE])),
    "failed": _refund(answers=deque([REFUSED])),
    "pending_then_succeeded": _refund(answers=deque([PENDING, PENDING, DONE])),
    "provider_away": _refund(answers=deque([REFUND_AWAY] * 4 + [DONE])),
    "already_over": _refund(is_over=True),
}
STORIES["notice"] = {
    "sent": _notice(),
    "sent_after_retries": _notice(away=3),
    "given_up": _notice(away=FOREVER),
    "too_late": _notice(timedelta(minutes=-1)),
}
STORIES["data-export"] = {
    "expired": _export(),
    "unwanted": _export(unwanted=True),
    "failed": _export(away={"write": STAYS_AWAY}),
}
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
    async with run_time_skipping() as env:
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
