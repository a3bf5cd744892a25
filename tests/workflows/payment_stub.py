"""The activities of a payment under their own names, against `StubState`."""

from dataclasses import replace
from datetime import datetime
from uuid import UUID, uuid4

from temporalio import activity
from temporalio.exceptions import ApplicationError

from activities.payments.payments import ApplyEventInput, FindOrderInput, PaymentUpdate, RecordInput, WarnInput
from domain.booking_status import VISITING
from domain.payments import changes
from domain.payments.changes import TotalsChange
from domain.payments.intents import keeps_new_card
from domain.payments.lapse import assumed
from domain.payments.movements import is_other_card, is_surplus, of_other_card
from domain.payments.payment import Payment
from domain.payments.provider_events import IntentEvent
from domain.payments.status import Movement, PaymentStatus, Phase
from domain.payments.tasks import MoneyResult, MoneyTask, PaymentView
from domain.payments.vouchers import held_until
from domain.payments.without_card import answer_by
from tests.workflows.stub_state import AWAY, P, StubState, now


class PaymentStub(StubState):
    """Events of the provider, and movements of money."""

    def _stored(self, view: PaymentView) -> Payment:
        """The row of a payment. Its authorization ends when the provider says it does."""
        ids = (view.payment_id, self.booking.business_id, self.booking.booking_id)
        totals = (view.amount, view.authorized, view.captured, view.refunded)
        created_at = activity.info().scheduled_time
        return Payment(
            *(*ids, "stripe", self.intent_id, view.status, view.manual_capture, *totals, "JPY", None, None),
            created_at=created_at,
            authorized_until=view.authorized_until,
        )

    def _apply(self, status: PaymentStatus) -> PaymentView:
        """Apply an event about the intent, by the rule that the stores ask."""
        assert self.payment is not None
        stored, amount = self._stored(self.payment), self.payment.amount
        until = stored.created_at + self.lasts if self.lasts and stored.authorized_until is None else None
        captured = amount if status is P.CAPTURED else 0
        event = IntentEvent(self.intent_id, status, amount, "JPY", captured, authorized_until=until)
        self.payment = _view_after(stored, changes.apply_intent(stored, event))
        return self.payment

    @activity.defn(name="payments.apply_event")
    async def apply_event(self, event: ApplyEventInput) -> PaymentUpdate:
        await self._called("payments.apply_event", event)
        if event.webhook_id in self.new_cards:
            return self._take_new_card(event.webhook_id)
        if event.webhook_id in self.vouchers:
            return self._take_voucher(event.webhook_id)
        if event.webhook_id not in self.inbox:
            raise ApplicationError("not_found", type="not_found", non_retryable=True)
        payment, had_money = self.payment, self.payment is not None and self.payment.status is P.AUTHORIZED
        if event.webhook_id not in self.applied:
            self.applied.append(event.webhook_id)
            payment = self._apply(self.inbox[event.webhook_id])
        lost = had_money and payment is not None and payment.status is P.VOIDED and self.booking.status in VISITING
        asked = self._ask_for_card(now() + self.ahead) if lost else None
        return PaymentUpdate(self.booking.booking_id, self.booking.status, payment, card_due=asked)

    def _ask_for_card(self, asked_at: datetime) -> datetime:
        """As the stores do: a deadline that the customer knows already stays."""
        until = self.payment.authorized_until if self.payment else None
        self.set(card_due=self.booking.card_due or answer_by(asked_at, until, self.booking.start_at))
        assert self.booking.card_due is not None
        return self.booking.card_due

    @activity.defn(name="payments.warn_of_voucher")
    async def warn_of_voucher(self, about: WarnInput) -> None:
        await self._called("payments.warn_of_voucher", about)

    def take_voucher(self, until: datetime) -> None:
        """As the stores do: the booking is held until after the voucher's last second."""
        assert self.payment is not None
        self.payment = replace(self.payment, voucher_until=until, voucher_made_at=now() + self.ahead)
        self.set(hold_expires_at=held_until(until))

    def _take_voucher(self, webhook_id: UUID) -> PaymentUpdate:
        if webhook_id not in self.applied:
            self.applied.append(webhook_id)
            self.take_voucher(self.vouchers[webhook_id])
        booking = self.booking
        return PaymentUpdate(booking.booking_id, booking.status, self.payment, None, booking.hold_expires_at)

    def _take_new_card(self, webhook_id: UUID) -> PaymentUpdate:
        """As the stores do: the old authorization is to be voided, or the new one where the visit is off."""
        if webhook_id not in self.applied:
            self.applied.append(webhook_id)
            self.has_new_card = True
            self.set(card_due=None)
            old = self.payment
            assert old is not None
            # A local activity knows the wall clock only, which does not skip.
            until = (old.authorized_until or now()) + self.lasts if self.lasts else None
            new = PaymentView(uuid4(), P.AUTHORIZED, old.amount, old.amount, 0, 0, True, until)
            surplus, intent_id = (old, self.intent_id) if keeps_new_card(self.booking.status) else (new, "pi_8")
            if surplus.status is P.AUTHORIZED:
                self.to_void = MoneyTask(
                    of_other_card(surplus.payment_id, new.payment_id),
                    *(Movement.VOID, surplus.payment_id, self.booking.booking_id, self.booking.business_id),
                    *("stripe", intent_id, surplus.amount, "JPY", self.booking.amount_due, True),
                )
                self.replaced = surplus
            self.payment, self.intent_id, self.at_provider = new, "pi_9", P.AUTHORIZED
        return PaymentUpdate(self.booking.booking_id, self.booking.status, self.payment, self.to_void)

    @activity.defn(name="payments.find_order")
    async def find_order(self, order: FindOrderInput) -> MoneyTask | None:
        await self._called("payments.find_order", order)
        return self.orders.get(order.movement_id)

    @activity.defn(name="payments.perform")
    async def perform(self, task: MoneyTask) -> MoneyResult:
        self.calls.append(("payments.perform", task))
        answer = self.answers.popleft() if self.answers else None
        if answer == AWAY:
            raise ApplicationError("away", type="ProviderUnavailable", non_retryable=True)
        if isinstance(answer, MoneyResult):
            return replace(answer, movement_id=task.movement_id)
        if task.movement is Movement.AUTHORIZE:
            return self._authorized_again(task)
        if task.movement is Movement.VOID and task.intent_id != self.intent_id:
            self.voided.append(task.intent_id)
            return MoneyResult(task.movement_id, Phase.SUCCEEDED, P.VOIDED, task.intent_id)
        if task.movement is Movement.VOID and task.spares_money and self.at_provider is P.AUTHORIZED:
            return MoneyResult(task.movement_id, Phase.FAILED, P.AUTHORIZED, "pi_1", task.amount_due)
        if task.movement is Movement.CAPTURE:
            self.captured.append(task.intent_id)
            self.at_provider = P.CAPTURED
            return MoneyResult(task.movement_id, Phase.SUCCEEDED, P.CAPTURED, "pi_1", task.amount, task.amount)
        if self.at_provider is P.CAPTURED:
            paid = task.amount_due
            return MoneyResult(task.movement_id, Phase.FAILED, P.CAPTURED, "pi_1", 0, paid, reason="already_paid")
        if self.at_provider is P.PROCESSING:
            return MoneyResult(task.movement_id, Phase.UNKNOWN, P.PROCESSING, "pi_1", reason="processing")
        self.at_provider = P.VOIDED
        self.voided.append(task.intent_id)
        return MoneyResult(task.movement_id, Phase.SUCCEEDED, P.VOIDED, "pi_1")

    def _authorized_again(self, task: MoneyTask) -> MoneyResult:
        """The card that was kept."""
        if self.declines:
            self.declined_at = activity.info().scheduled_time
            return MoneyResult(
                task.movement_id, Phase.FAILED, P.AUTHORIZED, task.intent_id, task.amount, reason=self.declines
            )
        new = f"pi_{int(task.intent_id.removeprefix('pi_')) + 1}"
        until = activity.info().scheduled_time + (self.lasts or assumed("stripe", None, with_customer=False))
        return MoneyResult(task.movement_id, Phase.SUCCEEDED, P.AUTHORIZED, new, task.amount, authorized_until=until)

    @activity.defn(name="payments.record")
    async def record(self, outcome: RecordInput) -> PaymentView:
        await self._called("payments.record", outcome)
        self.orders.pop(outcome.task.movement_id, None)
        assert self.payment is not None
        if is_surplus(outcome.task.movement_id):
            return self.payment
        task, result = outcome.task, outcome.result
        if is_other_card(task.movement_id):
            self.to_void = None
            assert self.replaced is not None
            replaced = self._stored(self.replaced)
            gone = _view_after(replaced, changes.record_movement(replaced, task, result).change)
            if self.payment.payment_id == gone.payment_id:
                self.payment = gone
            return gone
        stored = self._stored(self.payment)
        if task.movement is Movement.AUTHORIZE:
            renewal = changes.renew(stored, task, result)
            if renewal is not None:
                assert renewal.replaces, "no run renews what it has captured or voided"
                self.intent_id = result.intent_id
                self.payment = replace(self.payment, authorized_until=result.authorized_until)
                return self.payment
        self.payment = _view_after(stored, changes.record_movement(stored, task, result).change)
        if task.movement is Movement.AUTHORIZE and self.declined_at is not None:
            return replace(self.payment, card_due=self._ask_for_card(self.declined_at))
        return self.payment


def _view_after(payment: Payment, change: TotalsChange | None) -> PaymentView:
    return (payment if change is None else change.after).view()
