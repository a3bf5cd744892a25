"""Lives of a booking run, from its start to an outcome: one story for each recorded history."""

import contextlib
from collections import deque
from collections.abc import Awaitable, Callable
from datetime import timedelta
from uuid import uuid4

from temporalio.client import WorkflowFailureError, WorkflowHistory
from temporalio.testing import WorkflowEnvironment

from domain.booking_status import BookingStatus as S
from domain.payments.status import Movement, PaymentMode, Phase
from domain.payments.status import PaymentStatus as P
from domain.payments.tasks import MoneyResult
from domain.payments.without_card import WithoutCard
from domain.platform.actor import ActorKind
from tests.workflows.booking_run import BookingRun, running
from tests.workflows.booking_stub import BookingStub
from tests.workflows.stub_state import AWAY, HALF, now, snapshot
from workflows.bookings.booking import messages

Story = Callable[[WorkflowEnvironment], Awaitable[WorkflowHistory]]
Step = Callable[[BookingRun], Awaitable[None]]
HOLD = timedelta(minutes=10, seconds=30)
_UNDO = timedelta(minutes=10)
FREE = {"amount_due": 0, "payment_mode": PaymentMode.AT_VENUE}
INSTANT = {"status": S.CONFIRMED, "hold_expires_at": None, **FREE}


def _asks() -> dict[str, object]:
    return {"needs_approval": True, "approval_deadline": now() + timedelta(hours=24)}


def _booking(make: Callable[[], BookingStub], *steps: Step, resumed: bool = False) -> Story:
    async def story(env: WorkflowEnvironment) -> WorkflowHistory:
        stub = make()
        webhook_id = stub.event(P.CAPTURED) if resumed else None
        async with running(env, stub, resumed=resumed, webhook_id=webhook_id) as run:
            await run.state()
            for each in steps:
                await each(run)
            with contextlib.suppress(WorkflowFailureError):  # cancelled by its operator
                await run.finish()
            return await run.history()

    return story


async def _pay(run: BookingRun) -> None:
    await run.pay()


async def _pay_and_ask(run: BookingRun) -> None:
    await run.receive(P.CAPTURED)
    await run.wait_for_calls("bookings.await_approval")


async def _order_capture(run: BookingRun) -> None:
    await run.order(Movement.CAPTURE, 3000)
    await run.wait_for_calls("payments.record")


async def _order_void(run: BookingRun) -> None:
    await run.order(Movement.VOID, 8000)
    await run.wait_for_calls("payments.record")


async def _lapse(run: BookingRun) -> None:
    await run.forward(HOLD)


async def _pay_late(run: BookingRun) -> None:
    await run.wait_for_calls("bookings.expire")
    run.stub.payment = BookingStub(run.stub.booking).payment
    await run.receive(P.CAPTURED)


async def _settle_processing(run: BookingRun) -> None:
    await run.wait_for_calls("bookings.extend_hold")
    await run.receive(P.CAPTURED)


async def _take_voucher(run: BookingRun) -> None:
    webhook_id = uuid4()
    run.stub.vouchers[webhook_id] = now() + timedelta(days=1)
    await run.signal(webhook_id)
    await run.wait_for_calls("payments.apply_event")


async def _take_voucher_silently(run: BookingRun) -> None:
    run.stub.take_voucher(now() + timedelta(days=1))
    run.stub.is_extended = True


async def _wait_for_warning(run: BookingRun) -> None:
    await run.forward(timedelta(hours=13))
    await run.wait_for_calls("payments.warn_of_voucher")


async def _arrive(run: BookingRun) -> None:
    await run.forward_to(run.stub.booking.start_at)
    await run.execute(messages.CHECK_IN)


async def _move(run: BookingRun) -> None:
    await run.execute(messages.RESCHEDULE, start_at=run.stub.booking.start_at + timedelta(days=2))


async def _stay_away(run: BookingRun) -> None:
    await run.forward_to(run.stub.booking.start_at + timedelta(minutes=30))
    await run.execute(messages.NO_SHOW)


async def _stop(run: BookingRun) -> None:
    await run.handle.cancel()


def _says(update: str, by: ActorKind = ActorKind.STAFF) -> Step:
    async def say(run: BookingRun) -> None:
        await run.execute(update, by=by)

    return say


def _card_hold(**more: object) -> BookingStub:
    return BookingStub(snapshot(payment_mode=PaymentMode.CARD_HOLD), manual_capture=True, **more)


def _long_ahead(days: int, **more: object) -> BookingStub:
    start = now() + timedelta(days=days)
    ahead = snapshot(payment_mode=PaymentMode.CARD_HOLD, start_at=start, end_at=start + timedelta(hours=1))
    return BookingStub(ahead, manual_capture=True, lasts=timedelta(days=7), **more)


def _go_on(**by: int) -> Step:
    async def go_on(run: BookingRun) -> None:
        await run.forward(timedelta(**by, minutes=1))
        await run.wait_for_calls("payments.record")

    return go_on


async def _lapses(run: BookingRun) -> None:
    await run.receive(P.VOIDED)


async def _give_new_card(run: BookingRun) -> None:
    run.stub.declines = None
    await run.receive_new_card()
    await run.wait_until(lambda: "pi_1" in run.stub.voided)


async def _give_new_card_too_late(run: BookingRun) -> None:
    await run.execute(messages.CANCEL, by=ActorKind.CUSTOMER)
    await run.wait_for_calls("payments.record")
    await run.receive_new_card()


def _answers(*answers: str | MoneyResult, **more: object) -> BookingStub:
    return BookingStub(snapshot(), answers=deque(answers), **more)


_CANCEL_BY_CUSTOMER = _says(messages.CANCEL, ActorKind.CUSTOMER)
_CONFIRM, _DECLINE, _CANCEL = _says(messages.CONFIRM), _says(messages.DECLINE), _says(messages.CANCEL)
_REFUSED = MoneyResult("", Phase.FAILED, P.AUTHORIZED, "pi_1", reason="expired_card")


def _only_approval() -> BookingStub:
    return BookingStub(snapshot(hold_expires_at=now() + timedelta(hours=24), **_asks(), **FREE))


BOOKING_STORIES: dict[str, Story] = {
    "paid_completed": _booking(lambda: BookingStub(snapshot()), _pay),
    "paid_checked_in_completed": _booking(lambda: BookingStub(snapshot()), _pay, _arrive, _says(messages.COMPLETE)),
    "instant_completed": _booking(lambda: BookingStub(snapshot(**INSTANT))),
    "approved": _booking(_only_approval, _CONFIRM),
    "paid_and_approved": _booking(lambda: BookingStub(snapshot(**_asks())), _pay_and_ask, _CONFIRM),
    "declined": _booking(lambda: BookingStub(snapshot(**_asks())), _pay_and_ask, _DECLINE),
    "declined_by_deadline": _booking(_only_approval),
    "expired": _booking(lambda: BookingStub(snapshot())),
    "expired_found_paid": _booking(lambda: BookingStub(snapshot(), at_provider=P.CAPTURED), _lapse),
    "expiry_unknown": _booking(lambda: _answers(AWAY, AWAY, AWAY, AWAY)),
    "expiry_processing": _booking(
        lambda: BookingStub(snapshot(), at_provider=P.PROCESSING), _lapse, _settle_processing
    ),
    "cancelled_unpaid": _booking(lambda: BookingStub(snapshot()), _CANCEL),
    "cancelled_refunded": _booking(lambda: BookingStub(snapshot(), policy=HALF), _pay, _CANCEL_BY_CUSTOMER),
    "cancelled_penalty_captured": _booking(lambda: _card_hold(policy=HALF), _pay, _CANCEL_BY_CUSTOMER),
    "rescheduled": _booking(lambda: BookingStub(snapshot()), _pay, _move),
    "no_show": _booking(lambda: BookingStub(snapshot(), policy=HALF), _pay, _stay_away),
    "no_show_final": _booking(lambda: _card_hold(policy=HALF, undo_within=_UNDO), _pay, _stay_away),
    "no_show_undone": _booking(
        lambda: _card_hold(policy=HALF, undo_within=_UNDO), _pay, _stay_away, _says(messages.UNDO)
    ),
    "decline_undone": _booking(
        lambda: BookingStub(snapshot(**_asks()), undo_within=_UNDO),
        _pay_and_ask,
        _says(messages.DECLINE),
        _says(messages.UNDO),
        _says(messages.CONFIRM),
    ),
    "card_hold_captured": _booking(_card_hold, _pay),
    "capture_ordered": _booking(_card_hold, _pay, _order_capture),
    "void_ordered": _booking(_card_hold, _pay, _order_void),
    "capture_refused": _booking(lambda: _card_hold(answers=deque([_REFUSED])), _pay),
    "late_money_reinstated": _booking(lambda: BookingStub(snapshot()), _lapse, _pay_late),
    "late_money_refunded": _booking(lambda: BookingStub(snapshot(), slot_is_free=False), _lapse, _pay_late),
    "resumed": _booking(lambda: BookingStub(snapshot(status=S.EXPIRED)), resumed=True),
    "cancelled_by_operator": _booking(lambda: BookingStub(snapshot()), _pay, _stop),
    "renewed_twice": _booking(lambda: _long_ahead(17), _pay),
    "renewal_declined": _booking(lambda: _long_ahead(10, declines="expired_card"), _pay, _go_on(days=6), _lapses),
    "renewed_and_cancelled": _booking(lambda: _long_ahead(10), _pay, _go_on(days=6), _CANCEL),
    "new_card_captured": _booking(
        lambda: _long_ahead(10, declines="expired_card"), _pay, _go_on(days=6), _give_new_card
    ),
    "new_card_too_late": _booking(lambda: _card_hold(policy=HALF), _pay, _give_new_card_too_late),
    "authorized_at_deadline": _booking(lambda: _card_hold(at_provider=P.AUTHORIZED), _lapse),
    "voucher_paid": _booking(lambda: BookingStub(snapshot()), _take_voucher, _wait_for_warning, _pay),
    "voucher_expired": _booking(lambda: BookingStub(snapshot()), _take_voucher),
    "voucher_known_late": _booking(lambda: BookingStub(snapshot()), _take_voucher_silently, _lapse, _pay),
    "cancelled_without_card": _booking(
        lambda: _long_ahead(10, declines="authentication_required", without_card=WithoutCard.CANCEL),
        _pay,
        _go_on(days=6),
    ),
    "kept_without_card": _booking(lambda: _long_ahead(10, declines="authentication_required"), _pay, _go_on(days=6)),
    "unattended": _booking(lambda: BookingStub(snapshot(auto_complete=False, **INSTANT))),
}
