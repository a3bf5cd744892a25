"""A card hold whose authorization could not be renewed, or was lost: the customer has a deadline for another card."""

from datetime import datetime
from typing import TYPE_CHECKING

from temporalio import workflow

from domain.booking_status import BookingStatus
from domain.bookings.commands import BookingOutcome
from domain.payments.without_card import LEAST

if TYPE_CHECKING:
    from workflows.bookings.booking.state import BookingState

#: Runs that asked for a card before there was a deadline have none. Remove it with the last of them, two years after
#: 2026-11-30, because no booking is further ahead.
DEADLINE_PATCH = "deadline-for-another-card"
#: Runs that asked before the booking's row had the deadline have computed it. Remove it with the one above.
ROW_PATCH = "deadline-of-the-row"
#: Runs that kept their copy of a deadline that the row has no more. Remove it with the ones above.
CLEAR_PATCH = "deadline-cleared-by-the-row"


def set_deadline(state: "BookingState", asked: datetime | None) -> None:
    """The authorization could not be renewed, or is lost. ``asked``: by when the customer has been asked for another
    card; None where nobody was asked. The deadline is the one that the message names."""
    if not state.visiting:
        return
    if workflow.patched(ROW_PATCH):
        state.card_due = asked or state.card_due
    elif workflow.patched(DEADLINE_PATCH):
        until = state.payment.authorized_until if state.payment else None
        # As it was then, whatever the rule is now: a replay must find the same time.
        asked_at = workflow.now()
        state.card_due = min(max(until or asked_at, asked_at + LEAST), state.booking.start_at)


def deadline_after(state: "BookingState", outcome: BookingOutcome) -> datetime | None:
    """The deadline after a command. A booking without a card that becomes pending has none any more."""
    is_over = outcome.card_due is None and outcome.status is BookingStatus.PENDING
    if state.card_due is not None and is_over and workflow.patched(CLEAR_PATCH):
        return None
    return outcome.card_due or state.card_due
