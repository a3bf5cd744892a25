"""The activities of a payment under their own names, against `StubState`."""

from dataclasses import replace
from uuid import UUID, uuid4

from temporalio import activity
from temporalio.exceptions import ApplicationError

from activities.payments.payments import ApplyEventInput, FindOrderInput, PaymentUpdate, RecordInput
from domain.payments.intents import keeps_new_card
from domain.payments.movements import is_other_card, is_surplus, of_other_card
from domain.payments.status import ALLOWED as MOVES
from domain.payments.status import Movement, PaymentStatus, Phase
from domain.payments.tasks import MoneyResult, MoneyTask, PaymentView
from tests.workflows.stub_state import AWAY, P, StubState, now


class PaymentStub(StubState):
    """Events of the provider, and movements of money."""

    def _see(self, status: PaymentStatus) -> PaymentView:
        """Postgres learns what the provider says; an answer that is older than its event moves nothing back."""
        assert self.payment is not None
        if status is self.payment.status or status in MOVES[self.payment.status]:
            amount = self.payment.amount
            captured = amount if status in (P.CAPTURED, P.REFUNDED) else 0
            authorized = amount if status is P.AUTHORIZED else self.payment.authorized
            self.payment = replace(self.payment, status=status, captured=captured, authorized=authorized)
            if status is not P.AUTHORIZED:
                self.payment = replace(self.payment, authorized_until=None)
            elif self.lasts and self.payment.authorized_until is None:
                self.payment = replace(self.payment, authorized_until=activity.info().scheduled_time + self.lasts)
        return self.payment

    @activity.defn(name="payments.apply_event")
    async def apply_event(self, event: ApplyEventInput) -> PaymentUpdate:
        await self._called("payments.apply_event", event)
        if event.webhook_id in self.new_cards:
            return self._take_new_card(event.webhook_id)
        if event.webhook_id not in self.inbox:
            raise ApplicationError("not_found", type="not_found", non_retryable=True)
        payment = self.payment
        if event.webhook_id not in self.applied:
            self.applied.append(event.webhook_id)
            payment = self._see(self.inbox[event.webhook_id])
        return PaymentUpdate(self.booking.booking_id, self.booking.status, payment)

    def _take_new_card(self, webhook_id: UUID) -> PaymentUpdate:
        """As the stores do: the old authorization is to be voided, or the new one where the visit is off."""
        if webhook_id not in self.applied:
            self.applied.append(webhook_id)
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
            return MoneyResult(
                task.movement_id, Phase.FAILED, P.CAPTURED, "pi_1", 0, task.amount, reason="already_paid"
            )
        if self.at_provider is P.PROCESSING:
            return MoneyResult(task.movement_id, Phase.UNKNOWN, P.PROCESSING, "pi_1", reason="processing")
        self.at_provider = P.VOIDED
        self.voided.append(task.intent_id)
        return MoneyResult(task.movement_id, Phase.SUCCEEDED, P.VOIDED, "pi_1")

    def _authorized_again(self, task: MoneyTask) -> MoneyResult:
        """The card that was kept."""
        if self.declines:
            return MoneyResult(
                task.movement_id, Phase.FAILED, P.AUTHORIZED, task.intent_id, task.amount, reason=self.declines
            )
        new = f"pi_{int(task.intent_id.removeprefix('pi_')) + 1}"
        until = activity.info().scheduled_time + self.lasts
        return MoneyResult(task.movement_id, Phase.SUCCEEDED, P.AUTHORIZED, new, task.amount, authorized_until=until)

    @activity.defn(name="payments.record")
    async def record(self, outcome: RecordInput) -> PaymentView:
        await self._called("payments.record", outcome)
        self.orders.pop(outcome.task.movement_id, None)
        assert self.payment is not None
        if is_surplus(outcome.task.movement_id):
            return self.payment
        if is_other_card(outcome.task.movement_id):
            self.to_void = None
            assert self.replaced is not None
            gone = replace(self.replaced, status=P.VOIDED, authorized_until=None)
            if self.payment.payment_id == gone.payment_id:
                self.payment = gone
            return gone
        if outcome.task.movement is Movement.AUTHORIZE and outcome.result.phase is Phase.SUCCEEDED:
            self.intent_id = outcome.result.intent_id
            self.payment = replace(self.payment, authorized_until=outcome.result.authorized_until)
            return self.payment
        return self._see(outcome.result.status) if outcome.result.status else self.payment
