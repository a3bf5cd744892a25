"""The steps of a payment: apply an event, execute one movement at the provider, record its outcome."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from temporalio import activity

from activities.support.attempts import is_repeat, key_of_try
from db.engine.context import Context
from db.engine.session import Database, Scope
from domain.booking_status import BookingStatus
from domain.money import Money
from domain.payments.lapse import assumed
from domain.payments.movements import is_surplus, metadata
from domain.payments.provider_events import authorized_by
from domain.payments.status import Movement, PaymentStatus, Phase
from domain.payments.tasks import MoneyResult, MoneyTask, PaymentView
from domain.platform.actor import PROVIDER
from providers.errors import ProviderRefused
from providers.payments.interface import CaptureMethod, Intent, IntentRequest, PaymentProvider
from providers.payments.registry import provider_at


@dataclass(frozen=True)
class ApplyEventInput:
    """A stored webhook event."""

    webhook_id: UUID


@dataclass(frozen=True)
class FindOrderInput:
    """A movement that a person has ordered."""

    business_id: UUID
    movement_id: str


@dataclass(frozen=True)
class PaymentUpdate:
    """Booking and payment after an event; ``payment`` is None if the event concerns no payment of ours. ``money``: the
    movement that gives up a payment that a new card has replaced. ``hold_expires_at`` (aware UTC): until when a pending
    booking is held, which a voucher extends. ``card_due``: by when the customer has been asked for another card."""

    booking_id: UUID | None
    booking_status: BookingStatus | None
    payment: PaymentView | None
    money: MoneyTask | None = None
    hold_expires_at: datetime | None = None
    card_due: datetime | None = None


@dataclass(frozen=True)
class WarnInput:
    """A voucher of this payment, by its last second, is still unpaid."""

    payment_id: UUID
    business_id: UUID
    expires_at: datetime


@dataclass(frozen=True)
class RecordInput:
    """The outcome of a movement."""

    task: MoneyTask
    result: MoneyResult


class PaymentActivities:
    """``providers`` by name; ``now`` gives aware UTC time."""

    def __init__(
        self, database: Database, providers: Mapping[str, PaymentProvider], now: Callable[[], datetime]
    ) -> None:
        self._database = database
        self._providers = providers
        self._now = now

    @activity.defn(name="payments.apply_event")
    async def apply_event(self, event: ApplyEventInput) -> PaymentUpdate:
        """Apply a stored webhook event once. Events may come in any order; a repeat reads the present state."""
        async with self._database.unit_of_work(Scope.platform(), Context(actor=PROVIDER)) as work:
            booking_id, status, payment = await work.payments.webhooks.apply(event.webhook_id, self._now())
            # If an earlier attempt decided on a void and its answer was lost, the void is found again here.
            held = booking_id is not None and payment is not None and payment.manual_capture
            money = await work.payments.openings.find_void(booking_id) if booking_id and held else None
            pending = booking_id is not None and status is BookingStatus.PENDING
            hold = await work.payments.vouchers.hold_of(booking_id) if booking_id and pending else None
            asked = await work.payments.card_due(booking_id) if booking_id and held else None
            return PaymentUpdate(booking_id, status, payment, money, hold, asked)

    @activity.defn(name="payments.warn_of_voucher")
    async def warn_of_voucher(self, about: WarnInput) -> None:
        """Queue the warning that the voucher ends soon, unless it was paid or replaced meanwhile. Once."""
        async with self._database.unit_of_work(Scope.tenant(about.business_id)) as work:
            await work.payments.vouchers.warn(about.payment_id, about.expires_at)

    @activity.defn(name="payments.find_order")
    async def find_order(self, order: FindOrderInput) -> MoneyTask | None:
        """The ordered movement; None when it has its outcome already."""
        async with self._database.unit_of_work(Scope.tenant(order.business_id)) as work:
            return await work.payments.orders.find_order(order.movement_id)

    @activity.defn(name="payments.perform")
    async def perform(self, task: MoneyTask) -> MoneyResult:
        """Execute one movement at the provider. Safe to repeat: the movement's id is the idempotency key. A void or
        capture that is retried reads the intent first and uses a new key.

        A void with ``spares_money`` reads the intent first: if the customer has authorized it in time, it is not voided
        and that is the result. A refusal is a result. ``OutcomeUnknown`` and ``ProviderUnavailable`` are retried until
        the caller's deadline; after that the result is unknown.
        """
        provider = await provider_at(self._providers, task.provider, task.account_id)
        if task.movement is Movement.AUTHORIZE:
            return await self._renew(provider, task)
        if task.movement is Movement.VOID and task.checkout_id is not None:
            return await self._close_checkout(provider, task, task.checkout_id)
        intent_id = task.intent_id or (await provider.create_intent(_request(task), str(task.payment_id))).id
        if task.movement is Movement.VOID:
            return await self._void(provider, task, intent_id)
        if task.movement is Movement.CAPTURE:
            return await self._capture(provider, task, intent_id)
        return MoneyResult(task.movement_id, Phase.FAILED, intent_id=intent_id, reason="not_a_task_of_payments")

    async def _close_checkout(self, provider: PaymentProvider, task: MoneyTask, checkout_id: str) -> MoneyResult:
        """A payment that is made on the provider's page. It is captured at once, so there is nothing to spare."""
        intent = await provider.close_checkout(checkout_id, key_of_try(task.movement_id))
        if intent is None:
            return MoneyResult(task.movement_id, Phase.SUCCEEDED, status=PaymentStatus.VOIDED)
        return _voided(task, intent)

    async def _void(self, provider: PaymentProvider, task: MoneyTask, intent_id: str) -> MoneyResult:
        if task.spares_money or is_repeat():
            found = await provider.get_intent(intent_id)
            spared = task.spares_money and found.status is PaymentStatus.AUTHORIZED
            if spared or found.captured or found.status is PaymentStatus.VOIDED:
                return _voided(task, found)
        return _voided(task, await provider.cancel_intent(intent_id, key_of_try(task.movement_id)))

    async def _capture(self, provider: PaymentProvider, task: MoneyTask, intent_id: str) -> MoneyResult:
        if is_repeat():
            found = await provider.get_intent(intent_id)
            if found.captured or found.status is PaymentStatus.VOIDED:
                return _captured(task, found)
        try:
            return _captured(task, await provider.capture_intent(intent_id, task.amount, key_of_try(task.movement_id)))
        except ProviderRefused as refusal:
            # It may be captured already, in the provider's dashboard or by an earlier try whose answer was lost.
            return _captured(task, await provider.get_intent(intent_id), refusal.reason)

    async def _renew(self, provider: PaymentProvider, task: MoneyTask) -> MoneyResult:
        """Authorize again. The old intent is voided by a separate movement after the new one is recorded.

        If the new intent was not authorized, it is closed: nobody may pay it in addition to the old one.
        """
        if task.intent_id is None:
            return MoneyResult(task.movement_id, Phase.FAILED, reason="no_card")
        reason = "already_paid"
        old = await provider.get_intent(task.intent_id)
        if not old.captured:
            about = metadata(task.payment_id, task.booking_id, task.business_id)
            try:
                new = await provider.reauthorize(task.intent_id, task.movement_id, about)
            except ProviderRefused as refusal:
                return _result(task, old, Phase.FAILED, refusal.reason)
            if new.status is PaymentStatus.AUTHORIZED:
                lasts = assumed(task.provider, new.card, with_customer=False)
                until = new.authorized_until or self._now() + lasts
                return replace(_result(task, new, Phase.SUCCEEDED), authorized_until=until)
            reason = new.decline_code or new.status.value
            await provider.cancel_intent(new.id, key_of_try(f"{task.movement_id}:close"))
        return _result(task, old, Phase.FAILED, reason)

    @activity.defn(name="payments.record")
    async def record(self, outcome: RecordInput) -> PaymentView:
        """Record the outcome of a movement: ledger, totals, status. Totals never decrease."""
        task, result = outcome.task, outcome.result
        scope = Scope.tenant(outcome.task.business_id)
        async with self._database.unit_of_work(scope, Context(actor=PROVIDER)) as work:
            if task.movement is Movement.AUTHORIZE:
                return await work.payments.renewals.record_renewal(task, result, self._now())
            if is_surplus(task.movement_id):
                return await work.payments.renewals.record_surplus(task, result)
            return await work.payments.record(task, result)


def _request(task: MoneyTask) -> IntentRequest:
    capture = CaptureMethod.MANUAL if task.manual_capture else CaptureMethod.AUTOMATIC
    about = metadata(task.payment_id, task.booking_id, task.business_id)
    return IntentRequest(Money(task.amount_due, task.currency), capture, about)


def _voided(task: MoneyTask, intent: Intent) -> MoneyResult:
    if intent.status is PaymentStatus.VOIDED:
        return _result(task, intent, Phase.SUCCEEDED)
    if intent.status is PaymentStatus.PROCESSING:
        return _result(task, intent, Phase.UNKNOWN, "processing")
    return _result(task, intent, Phase.FAILED, "already_paid" if intent.captured else "not_voided")


def _captured(task: MoneyTask, intent: Intent, refusal: str | None = None) -> MoneyResult:
    if intent.captured:
        return _result(task, intent, Phase.SUCCEEDED, refusal)
    return _result(task, intent, Phase.FAILED, refusal or "not_captured")


def _result(task: MoneyTask, intent: Intent, phase: Phase, reason: str | None = None) -> MoneyResult:
    return MoneyResult(
        task.movement_id,
        phase,
        status=intent.status,
        intent_id=intent.id,
        authorized=authorized_by(intent.status, intent.amount, intent.captured, task.manual_capture),
        captured=intent.captured,
        refunded=intent.refunded,
        reason=reason,
    )
