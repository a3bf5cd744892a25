"""A card hold whose authorization could not be renewed, or was lost: the customer has a deadline for another card."""

from typing import TYPE_CHECKING

from temporalio import workflow

from domain.payments.without_card import answer_by

if TYPE_CHECKING:
    from workflows.bookings.booking.state import BookingState

#: Runs that asked for a card before there was a deadline have none. Remove it with the last of them, two years after
#: 2026-11-30, because no booking is further ahead.
DEADLINE_PATCH = "deadline-for-another-card"


def set_deadline(state: "BookingState") -> None:
    """The customer has just been asked for another card."""
    if state.visiting and workflow.patched(DEADLINE_PATCH):
        until = state.payment.authorized_until if state.payment else None
        state.card_due = answer_by(workflow.now(), until, state.booking.start_at)
