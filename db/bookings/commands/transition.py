"""One change of a booking: lock it, check whether the command was executed before, decide, write everything at once.

Locks are taken in the same order everywhere: booking, payment, refund, claims. A payment or refund changes only under
the lock of its booking, so under that lock the booking's money does not change.
"""

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import TypeAdapter
from sqlalchemy import Boolean, Text, bindparam, text
from sqlalchemy.dialects.postgresql import UUID as PgUUID

from db.bookings.commands.joint_messages import JointMessageStore
from db.bookings.commands.locked import Change, Locked
from db.bookings.commands.notices import Message, queued
from db.engine.store import Store
from db.messages.notices import NoticeStore
from db.payments.payments import COLUMNS, CURRENT_FIRST, PaymentStore, payment_of
from db.payments.refunds import RefundStore
from db.platform.attention import AttentionStore
from db.scheduling.freed_time import note_freed_time
from domain.booking_status import FINAL, BookingStatus, check_transition
from domain.bookings.commands import BookingCommand, BookingOutcome
from domain.bookings.joint_messages import ChangedBooking
from domain.bookings.undo import UNDONE
from domain.errors import NotFound
from domain.money import Money
from domain.payments.movements import by_command
from domain.payments.tasks import MoneyTask
from domain.payments.without_card import WithoutCard
from domain.platform.actor import ActorKind
from domain.scheduling.reaccommodation import ReaccommodationStatus

_OUTCOME = TypeAdapter(BookingOutcome)

# Waits for a transaction that is changing this booking, then reads its result. NO KEY UPDATE, so that inserting rows
# with a foreign key to the booking (a notice, a reminder) need not wait.
_BOOKING = """b.id, b.business_id, b.status, b.start_at, b.end_at, b.version, b.price, b.amount_due, b.currency,
           b.needs_approval, b.policy, b.hold_expires_at, b.approval_deadline, b.proof_deadline, b.is_provisional,
           b.cancellation_penalty, b.moves, b.kept_penalty_percent, b.kept_penalty_until, b.time_zone,
           b.undo_until, b.undo_to, b.card_due, b.card_due_cancels"""
_LOCK = text(f"SELECT {_BOOKING} FROM bookings b WHERE b.id = :booking_id FOR NO KEY UPDATE")
_LOOK = text(f"SELECT {_BOOKING} FROM bookings b WHERE b.id = :booking_id")
_EXECUTED = text("SELECT outcome FROM booking_history WHERE booking_id = :booking_id AND command_id = :command_id")
# A separate statement: one that waited for a lock still sees other tables as they were when it began.
_READ = text(f"""
    SELECT (SELECT h.outcome FROM booking_history h
             WHERE h.booking_id = :booking_id AND h.command_id = :command_id) AS outcome,
           (SELECT coalesce(sum(r.amount), 0)::bigint FROM refunds r
             WHERE r.payment_id = p.id AND r.status IN ('requested', 'processing')) AS on_the_way,
           EXISTS (SELECT FROM reaccommodations a
                    WHERE a.booking_id = :booking_id AND a.status = 'open') AS is_stranded,
           t.undo_within, CASE WHEN t.vertical <> 'clinic' THEN t.review_request_days END AS review_request_days,
           t.without_card, {COLUMNS}
      FROM (VALUES (1)) AS one(row)
      LEFT JOIN (SELECT x.undo_within, x.review_request_days, x.without_card, s.vertical
                   FROM business_settings x JOIN businesses s ON s.id = x.business_id
                  WHERE x.business_id = :business_id) t ON true
      LEFT JOIN LATERAL (SELECT * FROM booking_payments p WHERE p.booking_id = :booking_id AND :has_payment
                          ORDER BY {CURRENT_FIRST} LIMIT 1) p ON true
""").bindparams(bindparam("command_id", type_=Text))
# The start that the customer gave up last with a move that needs approval again.
_GIVEN_UP = text("""
    SELECT details->>'old_start_at' FROM booking_history
     WHERE booking_id = :booking_id AND event = 'rescheduled' AND from_status = 'confirmed' AND to_status = 'pending'
     ORDER BY id DESC LIMIT 1
""")
_WRITE = text("""
WITH booking AS (
    UPDATE bookings SET status = :status, start_at = :start_at, end_at = :end_at, version = :version,
           hold_expires_at = CAST(:hold_expires_at AS timestamptz), approval_deadline = :approval_deadline,
           proof_deadline = :proof_deadline,
           contact_proven_at = CASE WHEN :proves_contact THEN :now ELSE contact_proven_at END,
           cancelled_by = CASE WHEN CAST(:status AS text) = 'cancelled' THEN :actor_kind ELSE cancelled_by END,
           cancellation_penalty = :penalty, moves = :moves, kept_penalty_percent = :kept_percent,
           kept_penalty_until = CAST(:kept_until AS timestamptz),
           undo_until = CAST(:undo_until AS timestamptz), undo_to = CAST(:undo_to AS text),
           card_due = CAST(:card_due AS timestamptz), card_due_cancels = :card_due_cancels
     WHERE id = :booking_id),
claims AS (
    UPDATE resource_claims SET holds_until = CASE WHEN CAST(:status AS text) = 'pending'
                                                 THEN CAST(:hold_expires_at AS timestamptz) END,
           released_at = :released_at
     WHERE booking_id = :booking_id AND released_at IS NULL),
decided AS (
    UPDATE reaccommodations SET status = :reaccommodated, decided_at = :now, decided_by = CAST(:actor_kind AS text)
     WHERE booking_id = :booking_id AND status = 'open' AND CAST(:reaccommodated AS text) IS NOT NULL
    RETURNING id, number),
notified AS (
    INSERT INTO outbox (business_id, event, aggregate, payload, command, request_id)
    SELECT :business_id, 'reaccommodation.decided', 'reaccommodation/' || d.id,
           jsonb_build_object('reaccommodation_id', d.id, 'number', d.number, 'business_id', CAST(:business_id AS uuid),
                              'booking_id', CAST(:booking_id AS uuid), 'status', CAST(:reaccommodated AS text)),
           'reaccommodation.decided', :request_id FROM decided d),
event AS (
    INSERT INTO outbox (business_id, event, aggregate, payload, request_id)
    VALUES (:business_id, CAST(:outbox_event AS text), :aggregate, CAST(:payload AS jsonb), :request_id)),
typed AS (
    DELETE FROM command_texts WHERE business_id = :business_id AND command_id = :command_id RETURNING body)
INSERT INTO booking_history (business_id, booking_id, event, from_status, to_status, actor_kind, actor_id, reason,
                             details, command_id, outcome)
VALUES (:business_id, :booking_id, :event, :from_status, CAST(:status AS text), CAST(:actor_kind AS text), :actor_id,
        coalesce((SELECT body FROM typed), :cause), CAST(:details AS jsonb), :command_id, CAST(:outcome AS jsonb))
""").bindparams(
    bindparam("actor_id", type_=PgUUID(as_uuid=True)),
    bindparam("cause", type_=Text),
    bindparam("command_id", type_=Text),
    bindparam("request_id", type_=Text),
    bindparam("outcome", type_=Text),
    bindparam("reaccommodated", type_=Text),
    bindparam("proves_contact", type_=Boolean),
    bindparam("card_due_cancels", type_=Boolean),
)


class TransitionStore(Store):
    """The common part of all changes of a booking."""

    async def _enter(self, command: BookingCommand) -> tuple[Locked, BookingOutcome | None]:
        """Lock the booking; also returns the outcome if this command was executed before. Raises NotFound.

        A person gets the same answer again. The workflow may repeat a command in a later run, which must not continue
        from an old status: it gets the booking's present state, and the money task of the first execution.
        """
        booking, seen = await self._lock(command.booking_id, command.command_id)
        if seen is not None and command.actor_kind is ActorKind.SYSTEM:
            seen = replace(
                booking.outcome(seen.money), penalty=seen.penalty, refunding=seen.refunding, released=seen.released
            )
        return booking, seen

    async def find_outcome(self, booking_id: UUID, command_id: str) -> BookingOutcome | None:
        """What this command did; None where it was not executed."""
        asked = {"booking_id": booking_id, "command_id": command_id}
        outcome = await self.session.scalar(_EXECUTED, asked)
        return None if outcome is None else _OUTCOME.validate_python(outcome, strict=False)

    async def _lock(self, booking_id: UUID, command_id: str | None = None) -> tuple[Locked, BookingOutcome | None]:
        row = (await self.session.execute(_LOCK, {"booking_id": booking_id})).one_or_none()
        return await self._with_money(booking_id, dict(row._mapping) if row else None, command_id)

    async def _read_facts(self, booking_id: UUID) -> Locked:
        """As ``_lock``, without a lock. Raises NotFound."""
        row = (await self.session.execute(_LOOK, {"booking_id": booking_id})).one_or_none()
        booking, _ = await self._with_money(booking_id, dict(row._mapping) if row else None, None)
        return booking

    async def _with_money(
        self, booking_id: UUID, row: Mapping[str, Any] | None, command_id: str | None
    ) -> tuple[Locked, BookingOutcome | None]:
        if row is None:
            raise NotFound({"booking_id": str(booking_id)})
        asked = {
            "booking_id": booking_id,
            "command_id": command_id,
            "has_payment": row["amount_due"] > 0,
            "business_id": row["business_id"],
        }
        read = (await self.session.execute(_READ, asked)).one()
        undo_to = BookingStatus(row["undo_to"]) if row["undo_to"] else None
        values: dict[str, Any] = {**row, "status": BookingStatus(row["status"]), "undo_to": undo_to}
        payment = payment_of(read) if read.id is not None else None
        beside = {
            name: getattr(read, name) for name in ("on_the_way", "is_stranded", "undo_within", "review_request_days")
        }
        without_card = WithoutCard(read.without_card) if read.without_card else WithoutCard.KEEP
        booking = Locked(**values, payment=payment, without_card=without_card, **beside)
        return booking, _OUTCOME.validate_python(read.outcome, strict=False) if read.outcome is not None else None

    async def _write(self, booking: Locked, change: Change, command: BookingCommand, now: datetime) -> BookingOutcome:
        """Check the transition table, then write status, claims, history, event, money and notices. Raises
        WrongState."""
        if change.to is not booking.status and change.event != UNDONE:
            check_transition(booking.status, change.to)
        money, refunding = await self._settle(booking, change, command)
        deadline = change.card_deadline_of(booking, now)
        outcome = BookingOutcome(
            booking_id=booking.id,
            status=change.to,
            start_at=change.start_at,
            end_at=change.end_at,
            version=change.version,
            hold_expires_at=change.hold_expires_at if change.to is BookingStatus.PENDING else None,
            payment=booking.payment.view() if booking.payment else None,
            money=money,
            penalty=change.penalty or 0,
            refunding=refunding,
            approval_deadline=change.approval_deadline if change.to is BookingStatus.PENDING else None,
            proof_deadline=change.proof_deadline,
            released=change.settlement.released,
            undo_until=change.undo_until,
            card_due=deadline.at if deadline else None,
        )
        values = _columns(booking, change, command, now) | {
            "card_due": deadline.at if deadline else None,
            "card_due_cancels": deadline.cancels if deadline else None,
            "request_id": self.context.request_id,
            "outcome": json.dumps(_OUTCOME.dump_python(outcome, mode="json")) if command.command_id else None,
            "payload": _payload(booking, change, refunding),
        }
        await self.session.execute(_WRITE, values)
        if change.to in FINAL:
            note_freed_time(self.session, booking.business_id, now)
        if command.change_id is not None:
            await self._queue_joint(booking, change, command.change_id, now)
        else:
            await self._queue_notices(booking, *_messages_of(booking, change))
        return outcome

    async def _start_given_up(self, booking: Locked) -> dict[str, str]:
        """``old_start`` (RFC 3339) for a message about a decline, if the booking was confirmed for another time before
        its customer moved it; else nothing."""
        found = await self.session.scalar(_GIVEN_UP, {"booking_id": booking.id}) if booking.version else None
        return {"old_start": found} if found else {}

    async def _queue_notices(self, booking: Locked, *messages: Message) -> None:
        notices = [queued(booking.id, booking.business_id, message) for message in messages]
        await NoticeStore(self.session, self.context).queue_many(notices)

    async def _queue_joint(self, booking: Locked, change: Change, change_id: UUID, now: datetime) -> None:
        moved = booking.start_at if change.start_at != booking.start_at else None
        changed = ChangedBooking(booking.id, change.start_at, change.end_at, change.version, moved)
        store = JointMessageStore(self.session, self.context)
        await store.queue(changed, booking.business_id, change_id, _messages_of(booking, change), now)

    async def _settle(self, booking: Locked, change: Change, command: BookingCommand) -> tuple[MoneyTask | None, int]:
        """Start what the settlement requires: a task with its ledger row, or a refund with its workflow."""
        payment, settlement = booking.payment, change.settlement
        if payment is None:
            return None, 0
        if settlement.for_a_person:
            await AttentionStore(self.session, self.context).file(
                "disputed_money_owed",
                f"disputed_money_owed:{booking.id}",
                business_id=booking.business_id,
                booking_id=booking.id,
                payment_id=payment.id,
                details={"event": change.event, "captured": payment.captured, "penalty": change.penalty or 0},
            )
        if settlement.refund:
            await RefundStore(self.session, self.context).request(
                payment.id, Money(settlement.refund, payment.currency), change.refund_reason, command.command_id
            )
        if settlement.movement is None:
            return None, settlement.refund
        task = payment.task(
            settlement.movement, by_command(payment.id, settlement.movement, command.command_id), settlement.amount
        )
        await PaymentStore(self.session, self.context).intend(task)
        return task, settlement.refund


def _columns(booking: Locked, change: Change, command: BookingCommand, now: datetime) -> dict[str, Any]:
    return {
        "booking_id": booking.id,
        "business_id": booking.business_id,
        "status": change.to.value,
        "from_status": booking.status.value,
        "start_at": change.start_at,
        "end_at": change.end_at,
        "version": change.version,
        "hold_expires_at": change.hold_expires_at,
        "approval_deadline": change.approval_deadline,
        "proof_deadline": change.proof_deadline,
        "proves_contact": change.proves_contact,
        "penalty": change.penalty,
        "moves": change.moves,
        "kept_percent": change.kept_penalty.percent,
        "kept_until": change.kept_penalty.until,
        "undo_until": change.undo_until,
        "undo_to": change.undo_to.value if change.undo_to else None,
        "released_at": now if change.to in FINAL else None,
        "event": change.event,
        "outbox_event": f"booking.{change.event}",
        "aggregate": f"booking/{booking.id}",
        "now": now,
        "reaccommodated": _reaccommodated(booking, change),
        "actor_kind": command.actor_kind.value,
        "actor_id": command.actor_id,
        "cause": command.cause.value if command.cause else None,
        "details": json.dumps(change.details, default=str),
        "command_id": command.command_id or None,
    }


def _messages_of(booking: Locked, change: Change) -> tuple[Message, ...]:
    """The notices of the change. No notices were sent about a booking that waits for the proof of its address, so there
    are none about its move or end either; the unproven address gets only the message that asks for the proof. The
    customer of a provisional booking has spoken with the staff, and gets them all."""
    waits = booking.proof_deadline is not None and not change.proves_contact and not booking.is_provisional
    return () if waits and change.to is not BookingStatus.CONFIRMED else change.messages


def _reaccommodated(booking: Locked, change: Change) -> str | None:
    """The result of an open offer of another time after this change; None: it stays open."""
    if not booking.is_stranded:
        return None
    if change.to is BookingStatus.CANCELLED:
        return ReaccommodationStatus.CANCELLED.value
    if change.start_at != booking.start_at:
        return ReaccommodationStatus.MOVED.value
    over = change.to in FINAL or change.to is BookingStatus.CHECKED_IN
    return ReaccommodationStatus.ENDED.value if over else None


def _payload(booking: Locked, change: Change, refunding: int) -> str:
    payload = {
        "booking_id": booking.id,
        "business_id": booking.business_id,
        "from": booking.status.value,
        "to": change.to.value,
        "start_at": change.start_at.isoformat(),
        "end_at": change.end_at.isoformat(),
        "version": change.version,
        "penalty": change.penalty or 0,
        "refunding": refunding,
        "currency": booking.currency,
    }
    return json.dumps(payload, default=str)
