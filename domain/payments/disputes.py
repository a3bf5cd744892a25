"""Disputes: when a person is reminded of the provider's deadline, and what an event changes. Pure rules."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from domain.payments.provider_events import DisputeEvent
from domain.payments.status import DisputeStatus

#: How long before the provider's deadline a person is reminded. Stripe gives 7 to 21 days ("Dispute evidence due by",
#: docs.stripe.com/disputes/responding), PAY.JP v2 says ``due_by``.
REMIND_BEFORE = (timedelta(days=3), timedelta(days=1))
#: The kind of the attention item of a reminder.
DUE = "dispute_due"
#: The kind of the attention item about evidence that could not be sent by itself.
UNSENT = "evidence_unsent"


@dataclass(frozen=True, slots=True)
class Dispute:
    """One dispute; minor units. ``reason`` is the provider's code. ``due_at`` (aware UTC): evidence is taken until
    then; None if the provider takes none. ``fee``: what the provider charges for the dispute, as far as it says so.
    ``evidence``: what was known of the booking when the dispute was opened."""

    id: UUID
    business_id: UUID
    payment_id: UUID
    booking_id: UUID
    provider_dispute_id: str
    status: DisputeStatus
    amount: int
    currency: str
    reason: str
    due_at: datetime | None
    fee: int | None
    evidence: Mapping[str, Any] | None
    closed_at: datetime | None
    created_at: datetime
    #: When the provider said the deadline and the fee that are known, by its clock; None where it said none.
    due_said_at: datetime | None = None
    fee_said_at: datetime | None = None
    #: When the evidence was sent to the provider, and by whom; None for nobody: by the setting of the business.
    evidence_sent_at: datetime | None = None
    evidence_sent_by: UUID | None = None


def after_event(known: Dispute, event: DisputeEvent, said_at: datetime, now: datetime) -> Dispute:
    """The dispute after an event that the provider made at ``said_at`` (aware UTC); events come in any order.

    An end is final: a late "opened" changes nothing, except that it may bring a deadline or a fee that was not known.
    Of two deadlines, or two fees, the one that the provider said last stays, whichever event comes first.
    """
    learned = known
    if event.due_at is not None and _is_newer(known.due_said_at, said_at):
        learned = replace(learned, due_at=event.due_at, due_said_at=said_at)
    if event.fee is not None and _is_newer(known.fee_said_at, said_at):
        learned = replace(learned, fee=event.fee, fee_said_at=said_at)
    if known.status is not DisputeStatus.OPEN or event.status is DisputeStatus.OPEN:
        return learned
    return replace(learned, status=event.status, amount=event.amount, closed_at=now)


def needs_run(known: Dispute, after: Dispute, *, is_new: bool) -> bool:
    """Whether a run has to gather evidence and remind: of an open dispute that is new, or has another deadline. An
    inquiry gets its deadline when it becomes a chargeback."""
    return after.status is DisputeStatus.OPEN and (is_new or after.due_at != known.due_at)


def reminders(due_at: datetime | None, now: datetime) -> tuple[datetime, ...]:
    """When a person is reminded, the first time first; none without a deadline. A dispute that is opened shortly before
    its deadline is reminded of at once."""
    if due_at is None or due_at <= now:
        return ()
    times = [due_at - before for before in REMIND_BEFORE]
    ahead = tuple(at for at in times if at > now)
    return ahead or (now,)


def needs_reminder(dispute: Dispute, now: datetime, due_at: datetime | None = None) -> bool:
    """Whether a person still has something to do before the deadline. ``due_at``: the deadline of the run that asks. A
    run whose deadline was moved does not remind: another one does. None: a run that was started before runs said it.
    """
    is_current = due_at is None or due_at == dispute.due_at
    is_open = dispute.status is DisputeStatus.OPEN and dispute.evidence_sent_at is None
    return is_current and is_open and dispute.due_at is not None and now < dispute.due_at


def _is_newer(known_since: datetime | None, said_at: datetime) -> bool:
    return known_since is None or said_at >= known_since
