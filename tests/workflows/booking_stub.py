"""A stand-in for Postgres and the provider: the activities of a booking run, with every call recorded."""

from dataclasses import replace

from temporalio import activity
from temporalio.exceptions import ApplicationError

from activities.bookings.bookings import ExtendHoldInput, RemindInput
from activities.platform.attention import AttentionInput
from domain.bookings import confirmation, decisions, expiry, late_payment, lost_card, undo
from domain.bookings import reschedule as rescheduling
from domain.bookings.commands import BookingCommand, BookingOutcome
from domain.bookings.decisions import is_business_side
from domain.bookings.expiry import HoldEnd
from domain.bookings.lost_card import LostCardStep
from domain.errors import InvalidInput
from domain.payments.settlement import Settlement
from domain.payments.status import SECURED, Movement
from tests.workflows.payment_stub import PaymentStub
from tests.workflows.stub_state import S, now


class BookingStub(PaymentStub):
    """The steps of one booking. They ask the rules of `domain.bookings`, as the stores do."""

    @property
    def activities(self) -> list[object]:
        """Everything a worker needs."""
        return [
            *(self.prove_contact, self.expire_unproven),
            *(self.confirm, self.approve, self.await_approval, self.begin_expiry, self.expire, self.extend_hold),
            *(
                self.decline,
                self.cancel,
                self.reschedule,
                self.check_in,
                self.complete,
                self.no_show,
                self.undo,
                self.settle_ending,
                self.reinstate_after_late_payment,
            ),
            *(
                self.remind,
                self.apply_event,
                self.warn_of_voucher,
                self.find_order,
                self.record,
                self.file,
                self.begin_renewal,
                self.end_card_request,
            ),
        ]

    @activity.defn(name="bookings.confirm")
    async def confirm(self, command: BookingCommand) -> BookingOutcome:
        await self._called("bookings.confirm", command)
        if confirmation.confirm(self.facts()):
            self.set(status=S.CONFIRMED, hold_expires_at=None)
        return self._outcome(command)

    @activity.defn(name="bookings.approve")
    async def approve(self, command: BookingCommand) -> BookingOutcome:
        await self._called("bookings.approve", command)
        confirmation.approve(self.facts())
        self.set(status=S.CONFIRMED, hold_expires_at=None)
        return self._outcome(command)

    @activity.defn(name="bookings.prove_contact")
    async def prove_contact(self, command: BookingCommand) -> BookingOutcome:
        await self._called("bookings.prove_contact", command)
        proven = confirmation.prove_contact(self.facts())
        if proven is not None:
            self.set(proof_deadline=None, hold_expires_at=proven.hold_expires_at, status=proven.status)
        return self._outcome(command)

    @activity.defn(name="bookings.expire_unproven")
    async def expire_unproven(self, command: BookingCommand) -> BookingOutcome:
        await self._called("bookings.expire_unproven", command)
        if expiry.ends_unproven(self.facts()):
            self.set(status=S.EXPIRED, proof_deadline=None)
        return self._outcome(command)

    @activity.defn(name="bookings.await_approval")
    async def await_approval(self, command: BookingCommand) -> BookingOutcome:
        await self._called("bookings.await_approval", command)
        deadline = confirmation.await_approval(self.facts())
        if deadline is not None:
            self.set(hold_expires_at=deadline, approval_deadline=deadline)
        return self._outcome(command)

    @activity.defn(name="bookings.begin_expiry")
    async def begin_expiry(self, command: BookingCommand) -> BookingOutcome:
        await self._called("bookings.begin_expiry", command)
        return self._end_hold(command)

    @activity.defn(name="bookings.expire")
    async def expire(self, command: BookingCommand) -> BookingOutcome:
        await self._called("bookings.expire", command)
        return self._end_hold(command)

    def _end_hold(self, command: BookingCommand) -> BookingOutcome:
        # A local activity knows the wall clock only: the run says that the hold has ended, and is right once it knows
        # of the voucher.
        end = expiry.end_hold(self.facts(), now() if self.is_extended else self.booking.start_at)
        self.is_extended = False
        if end is HoldEnd.CLOSE_INTENT:
            return self._outcome(command, replace(self._task(Movement.VOID, command, 0), spares_money=True))
        if end is HoldEnd.EXPIRE:
            self.set(status=S.EXPIRED)
        return self._outcome(command)

    @activity.defn(name="bookings.extend_hold")
    async def extend_hold(self, extension: ExtendHoldInput) -> bool:
        await self._called("bookings.extend_hold", extension)
        if self.booking.status is not S.PENDING:
            return False
        self.set(hold_expires_at=max(self.booking.hold_expires_at or extension.until, extension.until))
        return True

    @activity.defn(name="bookings.decline")
    async def decline(self, command: BookingCommand) -> BookingOutcome:
        if seen := await self._seen("bookings.decline", command):
            return seen
        ending = decisions.decline(self.facts())
        final = self._step(command, S.DECLINED)
        return self._settle(command, ending.settlement if final else Settlement())

    @activity.defn(name="bookings.cancel")
    async def cancel(self, command: BookingCommand) -> BookingOutcome:
        if seen := await self._seen("bookings.cancel", command):
            return seen
        facts, kind = self.facts(), command.actor_kind
        if command.stranded and not decisions.answers_offer(facts, kind):
            return self._outcome(command)
        ending = decisions.cancel(facts, is_business_side(kind), self._time())
        self.set(status=S.CANCELLED)
        self.kept = ending.settlement.retained
        return self._settle(command, ending.settlement)

    @activity.defn(name="bookings.reschedule")
    async def reschedule(self, command: BookingCommand) -> BookingOutcome:
        if seen := await self._seen("bookings.reschedule", command):
            return seen
        if command.start_at is None:
            raise InvalidInput.at("start_at", "required")
        facts, by_business = self.facts(), is_business_side(command.actor_kind)
        after = rescheduling.reschedule(facts, command.start_at, by_business, self.approve_within, self._time())
        if command.stranded and not decisions.answers_offer(facts, command.actor_kind):
            return self._outcome(command)
        if not self.slot_is_free:
            raise ApplicationError("slot_taken", {"alternatives": []}, type="slot_taken", non_retryable=True)
        length = self.booking.end_at - self.booking.start_at
        self.moves, self.kept_penalty = after.terms.moves, after.terms.kept_penalty
        self.set(
            status=after.status,
            start_at=command.start_at,
            end_at=command.start_at + length,
            version=self.booking.version + 1,
            hold_expires_at=after.hold_expires_at,
            approval_deadline=after.approval_deadline,
        )
        if after.status is S.PENDING and self.payment is not None and self.payment.status not in SECURED:
            self.set(card_due=None)
        return self._outcome(command)

    @activity.defn(name="bookings.check_in")
    async def check_in(self, command: BookingCommand) -> BookingOutcome:
        if seen := await self._seen("bookings.check_in", command):
            return seen
        decisions.check_in(self.facts(), self._time())
        self._step(command, S.CHECKED_IN)
        return self._outcome(command)

    @activity.defn(name="bookings.complete")
    async def complete(self, command: BookingCommand) -> BookingOutcome:
        if seen := await self._seen("bookings.complete", command):
            return seen
        if decisions.is_checked_in_by_completion(self.facts(), command.actor_kind):
            self.set(status=S.CHECKED_IN)
        ending = decisions.complete(self.facts())
        final = self._step(command, S.COMPLETED)
        return self._settle(command, ending.settlement if final else Settlement())

    @activity.defn(name="bookings.no_show")
    async def no_show(self, command: BookingCommand) -> BookingOutcome:
        if seen := await self._seen("bookings.no_show", command):
            return seen
        ending = decisions.no_show(self.facts(), command.waive_penalty, self._time())
        final = self._step(command, S.NO_SHOW)
        self.kept = ending.settlement.retained
        return self._settle(command, ending.settlement if final else Settlement())

    @activity.defn(name="bookings.undo")
    async def undo(self, command: BookingCommand) -> BookingOutcome:
        if seen := await self._seen("bookings.undo", command):
            return seen
        self.set(status=undo.undo(self.facts(), self._time()), undo_until=None)
        self.undo_to, self.kept = None, 0
        return self._outcome(command)

    @activity.defn(name="bookings.settle_ending")
    async def settle_ending(self, command: BookingCommand) -> BookingOutcome:
        if seen := await self._seen("bookings.settle_ending", command):
            return seen
        if self.booking.undo_until is None:
            return self._outcome(command)
        self.undo_to = None
        self.set(undo_until=None)
        return self._settle(command, decisions.postponed(self.facts()).settlement)

    @activity.defn(name="bookings.reinstate")
    async def reinstate_after_late_payment(self, command: BookingCommand) -> BookingOutcome:
        if seen := await self._seen("bookings.reinstate", command):
            return self._outcome(command, seen.money, seen.refunding)
        if late_payment.may_reinstate(self.facts(), 0, self._time()) and self.slot_is_free:
            self.set(status=S.CONFIRMED)
            return self._outcome(command)
        settlement = late_payment.settle_late_payment(self.facts(), 0)
        return self._settle(command, settlement) if settlement else self._outcome(command)

    @activity.defn(name="bookings.remind")
    async def remind(self, reminder: RemindInput) -> bool:
        await self._called("bookings.remind", reminder)
        if not decisions.may_remind(self.facts(), reminder.start_at):
            return False
        self.reminded.append((reminder.start_at, reminder.offset))
        return True

    @activity.defn(name="bookings.end_card_request")
    async def end_card_request(self, command: BookingCommand) -> BookingOutcome:
        await self._called("bookings.end_card_request", command)
        # A local activity knows the wall clock only: the run says that the deadline has passed.
        facts = self.facts()
        lost = replace(facts, payment=replace(facts.payment, authorized_until=now())) if facts.payment else facts
        known = facts if self.has_new_card else lost
        if lost_card.at_deadline(known, self.without_card, now()) is LostCardStep.CANCEL:
            self.set(status=S.CANCELLED)
        return self._outcome(command)

    @activity.defn(name="bookings.begin_renewal")
    async def begin_renewal(self, command: BookingCommand) -> BookingOutcome:
        await self._called("bookings.begin_renewal", command)
        amount = decisions.renewal_amount(self.facts())
        return self._outcome(command, self._task(Movement.AUTHORIZE, command, amount) if amount else None)

    @activity.defn(name="attention.file")
    async def file(self, matter: AttentionInput) -> bool:
        await self._called("attention.file", matter)
        return True
