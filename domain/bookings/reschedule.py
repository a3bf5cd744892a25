"""Rescheduling a booking to another time: who may, how often, and which terms stay. Pure rules.

A customer's move is treated like a cancellation at that moment. Otherwise a booking that could only be cancelled for a
fee could be moved far into the future and then cancelled free of charge. Price and policy do not change. Times are
aware UTC.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from domain.booking_status import AHEAD, BookingStatus
from domain.bookings.decisions import BookingFacts, KeptPenalty, cancellation_quote
from domain.catalogue.cancellation import PaidTierMove
from domain.errors import Gone, RuleBroken, WrongState
from domain.instants import text_at_venue


@dataclass(frozen=True, slots=True)
class RescheduleTerms:
    """The terms of a move at this moment, before the new time is known.

    ``moves``: how often the customer will have moved it. ``moves_left``: how often it may be moved after that, None
    without a limit. ``kept_penalty``: the least that a later cancellation costs. ``asks_again``: the booking was
    approved for its present time, so the business must approve again. ``latest_at``: until when the customer may move
    it.
    """

    moves: int
    moves_left: int | None
    kept_penalty: KeptPenalty
    asks_again: bool
    latest_at: datetime | None


@dataclass(frozen=True, slots=True)
class Rescheduled:
    """The booking at its new time. The hold of a pending booking keeps its end, but no deadline is later than the new
    start."""

    terms: RescheduleTerms
    status: BookingStatus
    hold_expires_at: datetime | None
    approval_deadline: datetime | None


def reschedule_terms(facts: BookingFacts, by_business: bool, now: datetime) -> RescheduleTerms:
    """Whether the booking may be moved at ``now``, and on which terms.

    The business may always move it, and so may the customer of a booking that the business cannot keep. Raises
    WrongState, Gone (the hold has ended), and RuleBroken with the ``rule``: ``already_started``, ``too_late_to_move``,
    ``too_many_moves``, or ``paid_tier`` where the policy refuses moves while a cancellation would cost something, or
    where the business would have to approve again and might decline.
    """
    if facts.status not in AHEAD:
        raise WrongState({"status": facts.status.value, "wanted": "reschedule"})
    if facts.hold_expires_at is not None and facts.hold_expires_at <= now:
        raise Gone({"hold_expires_at": text_at_venue(facts.hold_expires_at, facts.time_zone)})
    if not by_business and now >= facts.start_at:
        raise RuleBroken({"rule": "already_started", "start_at": text_at_venue(facts.start_at, facts.time_zone)})
    if by_business or facts.is_stranded:
        return RescheduleTerms(facts.moves, None, facts.kept_penalty, asks_again=False, latest_at=None)
    return _customer_terms(facts, now)


def _customer_terms(facts: BookingFacts, now: datetime) -> RescheduleTerms:
    rules = facts.policy.moves
    latest = facts.start_at - timedelta(hours=rules.hours_before)
    if now > latest:
        raise RuleBroken({"rule": "too_late_to_move", "latest": text_at_venue(latest, facts.time_zone)})
    if rules.max_moves is not None and facts.moves >= rules.max_moves:
        raise RuleBroken({"rule": "too_many_moves", "max_moves": rules.max_moves})
    percent = cancellation_quote(facts, now).percent
    asks_again = facts.needs_approval and facts.status is BookingStatus.CONFIRMED
    if percent and (asks_again or rules.in_paid_tier is PaidTierMove.REFUSE):
        raise RuleBroken({"rule": "paid_tier", "percent": percent})
    days = rules.penalty_kept_days
    until = now + timedelta(days=days) if percent and days is not None else None
    left = None if rules.max_moves is None else rules.max_moves - facts.moves - 1
    return RescheduleTerms(facts.moves + 1, left, KeptPenalty(percent, until), asks_again, latest)


def reschedule(
    facts: BookingFacts, start_at: datetime, by_business: bool, approve_within: timedelta, now: datetime
) -> Rescheduled:
    """The booking moved to ``start_at``; the caller checks whether that time is free. ``approve_within``: how long the
    business has for an approval. Raises what ``reschedule_terms`` raises."""
    terms = reschedule_terms(facts, by_business, now)
    if terms.asks_again:
        deadline = min(now + approve_within, start_at)
        return Rescheduled(terms, BookingStatus.PENDING, deadline, deadline)
    hold, deadline_was = facts.hold_expires_at, facts.approval_deadline
    return Rescheduled(terms, facts.status, _no_later(hold, start_at), _no_later(deadline_was, start_at))


def _no_later(moment: datetime | None, start_at: datetime) -> datetime | None:
    return None if moment is None else min(moment, start_at)
