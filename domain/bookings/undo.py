"""Undoing a step that staff took by mistake. Pure rules.

A check-in, a completion, a no-show and a decline can be undone for some minutes (the business's setting). Money moves
and messages are sent only after that, so an undo needs no refund and no message to a customer.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta

from domain.booking_status import BookingStatus
from domain.bookings.decisions import BookingFacts, is_business_side
from domain.errors import RuleBroken, WrongState
from domain.instants import text_at_venue
from domain.platform.actor import ActorKind

S = BookingStatus

#: By status: the statuses to which an undo can lead.
BACK: Mapping[BookingStatus, frozenset[BookingStatus]] = {
    S.CHECKED_IN: frozenset({S.CONFIRMED}),
    S.COMPLETED: frozenset({S.CHECKED_IN}),
    S.NO_SHOW: frozenset({S.CONFIRMED, S.CHECKED_IN}),
    S.DECLINED: frozenset({S.PENDING}),
}
#: The names of the events in a booking's history.
UNDONE, SETTLED = "undone", "settled"


def undo_until(kind: ActorKind, within: timedelta, now: datetime) -> datetime | None:
    """Until when a step of this actor can be undone. None: it is final at once, as all steps of the system are,
    and all steps of a business that allows no time (``within``) for it."""
    return now + within if within and is_business_side(kind) and kind is not ActorKind.SYSTEM else None


def undo(facts: BookingFacts, now: datetime) -> BookingStatus:
    """The status to which the booking goes back. Raises WrongState where nothing can be undone, and RuleBroken with
    ``undo_over`` after the time for it, also where a hold that the undo would bring back has ended."""
    back = facts.undo_to
    if facts.undo_until is None or back is None or back not in BACK.get(facts.status, ()):
        raise WrongState({"status": facts.status.value, "wanted": "undo"})
    ends = facts.undo_until
    if back is S.PENDING and facts.hold_expires_at is not None:
        ends = min(ends, facts.hold_expires_at)
    if now >= ends:
        raise RuleBroken({"rule": "undo_over", "until": text_at_venue(ends, facts.time_zone)})
    return back
