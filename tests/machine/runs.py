"""Stands in for Temporal: what the run of a booking, a refund or a waitlist would do now, with the real activities.

Commands arrive as from the API's client. The real runs are tested in ``tests/workflows``; here their steps happen
at once and in one order, so that hundreds of random stories take minutes.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from temporalio.client import WorkflowUpdateFailedError
from temporalio.exceptions import ApplicationError

from activities.bookings.bookings import BookingActivities
from activities.bookings.waitlist import WaitlistActivities, WaitlistTurnInput
from activities.payments.payments import ApplyEventInput, PaymentActivities, RecordInput
from activities.payments.refunds import BeginRefundInput, RecordRefundInput, RefundActivities
from db.engine.session import Database
from domain.booking_status import FINAL, VISITING, BookingStatus
from domain.bookings.commands import BookingCommand, BookingOutcome, Cause
from domain.errors import DomainError
from domain.payments.status import SECURED
from domain.payments.tasks import MoneyTask
from domain.platform.actor import ActorKind
from tests.activities.payments.memory_provider import MemoryProvider
from tests.support.data import rows
from workflows.bookings.booking import messages
from workflows.bookings.booking.state import UNDOABLE
from workflows.support import options

VERBS: Mapping[str, str] = {
    messages.CONFIRM: "approve",
    messages.DECLINE: "decline",
    messages.CANCEL: "cancel",
    messages.RESCHEDULE: "reschedule",
    messages.CHECK_IN: "check_in",
    messages.COMPLETE: "complete",
    messages.NO_SHOW: "no_show",
    messages.UNDO: "undo",
}
_DUE = """
    SELECT b.id, b.status, b.amount_due, b.needs_approval, b.hold_expires_at, b.approval_deadline, b.proof_deadline,
           b.undo_until, b.end_at + t.no_show_grace AS ends, p.status AS payment,
           EXISTS (SELECT FROM booking_history h WHERE h.booking_id = b.id AND h.event = 'awaiting_approval') AS asked
      FROM bookings b JOIN business_settings t ON t.business_id = b.business_id
      LEFT JOIN LATERAL (SELECT status FROM booking_payments WHERE booking_id = b.id ORDER BY id DESC LIMIT 1) p ON true
     WHERE b.business_id = :id
       AND (b.status IN ('pending', 'confirmed', 'checked_in') OR b.undo_until IS NOT NULL
            OR b.status = 'expired' AND p.status = 'requires_payment')
     ORDER BY b.created_at, b.id
"""
_SECURED = frozenset(one.value for one in SECURED)


@dataclass
class Runs:
    """Of one business. Also the API's ``temporal``: `get_workflow_handle`."""

    database: Database
    provider: MemoryProvider
    now: Callable[[], datetime]
    business_id: UUID = field(default_factory=uuid4)
    #: When staff undid the end of a visit, by booking.
    undone: dict[UUID, datetime] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.bookings = BookingActivities(self.database, self.now)
        self.payments = PaymentActivities(self.database, {"stripe": self.provider}, self.now)
        self.refunds = RefundActivities(self.database, {"stripe": self.provider}, self.now)
        self.waitlist = WaitlistActivities(self.database, self.now)

    def get_workflow_handle(self, workflow_id: str) -> "Runs":
        return self

    async def execute_update(self, update: str, command: BookingCommand, **_: Any) -> BookingOutcome:
        """A command of a person, as the run of the booking executes it."""
        found = "SELECT status FROM bookings WHERE id = :id"
        [before] = [row["status"] for row in await rows(self.database, found, id=command.booking_id)]
        try:
            outcome: BookingOutcome = await getattr(self.bookings, VERBS[update])(command)
        except DomainError as error:
            refused = ApplicationError(error.code, dict(error.details), type=error.code)
            raise WorkflowUpdateFailedError(refused) from refused
        if update == messages.UNDO and before in UNDOABLE and outcome.status in VISITING:
            self.undone[command.booking_id] = self.now()
        await self._move(outcome.money)
        return outcome

    async def settle(self) -> None:
        """Everything that is due happens, until nothing is."""
        while await self._step():
            pass

    async def _step(self) -> bool:
        done = [await self._apply_events(), await self._follow_bookings(), await self._refund(), await self._turns()]
        return any(done)

    async def _apply_events(self) -> bool:
        waiting = await rows(self.database, "SELECT id FROM payment_webhooks WHERE applied_at IS NULL")
        for row in waiting:
            update = await self.payments.apply_event(ApplyEventInput(row["id"]))
            await self._move(update.money)
            if update.booking_id is not None and update.payment is not None and update.payment.status in SECURED:
                await self._settle_late_money(update.booking_id)
        return bool(waiting)

    async def _follow_bookings(self) -> bool:
        found = False
        for row in await rows(self.database, _DUE, id=self.business_id):
            verb = self._next(row)
            if verb is not None:
                found = True
                await self._do(verb, row["id"], Cause.NO_ANSWER if verb == "decline" else None)
        return found

    def _next(self, row: dict[str, Any]) -> str | None:
        now, status = self.now(), BookingStatus(row["status"])
        if status in FINAL:
            if row["undo_until"] is None:
                return "begin_expiry"
            return "settle_ending" if row["undo_until"] <= now else None
        if status in VISITING:
            undone = self.undone.get(row["id"])
            ends = row["ends"] if undone is None else max(row["ends"], undone + options.AFTER_UNDO)
            return "complete" if ends <= now else None
        return self._next_of_pending(row, now)

    def _next_of_pending(self, row: dict[str, Any], now: datetime) -> str | None:
        if row["amount_due"] and row["payment"] not in _SECURED:
            return "begin_expiry" if row["hold_expires_at"] <= now else None
        if row["proof_deadline"] is not None:
            return "expire_unproven" if row["proof_deadline"] <= now else None
        if not row["needs_approval"]:
            return "confirm"
        if row["amount_due"] and not row["asked"]:
            return "await_approval"
        return "decline" if row["approval_deadline"] <= now else None

    async def _do(self, verb: str, booking_id: UUID, cause: Cause | None = None) -> None:
        command = BookingCommand(booking_id, self.business_id, uuid4().hex, ActorKind.SYSTEM, cause=cause)
        outcome = await getattr(self.bookings, verb)(command)
        await self._move(outcome.money)

    async def _move(self, task: MoneyTask | None) -> None:
        if task is None:
            return
        view = await self.payments.record(RecordInput(task, await self.payments.perform(task)))
        if view.status in SECURED:  # it was paid before it could be closed
            await self._settle_late_money(task.booking_id)

    async def _settle_late_money(self, booking_id: UUID) -> None:
        """Of a booking that is over for good; the money of a step that can be undone waits with the step."""
        found = "SELECT status, undo_until FROM bookings WHERE id = :id"
        [row] = await rows(self.database, found, id=booking_id)
        if row["status"] in FINAL and row["undo_until"] is None:
            await self._do("reinstate_after_late_payment", booking_id)

    async def _refund(self) -> bool:
        asked = "SELECT id, booking_id FROM refunds WHERE business_id = :id AND status = 'requested'"
        waiting = await rows(self.database, asked, id=self.business_id)
        for row in waiting:
            task = await self.refunds.begin(BeginRefundInput(row["id"], self.business_id, row["booking_id"]))
            assert task is not None
            result = await self.refunds.perform(task)
            await self.refunds.record(RecordRefundInput(row["id"], self.business_id, task, result))
        return bool(waiting)

    async def _turns(self) -> bool:
        """A turn that only ends offers frees their time, which wakes the run for another turn."""
        woken = await self._woken()
        turn = await self.waitlist.take_turn(WaitlistTurnInput(self.business_id))
        return turn.entry_id is not None or await self._woken() > woken

    async def _woken(self) -> int:
        found = "SELECT count(*) AS n FROM outbox WHERE business_id = :id AND command = 'waitlist.wake'"
        return int((await rows(self.database, found, id=self.business_id))[0]["n"])
