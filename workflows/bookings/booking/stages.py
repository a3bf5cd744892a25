"""What a booking waits for, as operators see it in the search attribute `Stage`."""

from domain.bookings.snapshot import BookingSnapshot
from domain.bookings.status import BookingStatus

WAITING_FOR_PAYMENT = "waiting_for_payment"
WAITING_FOR_PROOF = "waiting_for_proof"
WAITING_FOR_APPROVAL = "waiting_for_approval"


def stage_of(booking: BookingSnapshot, paid: bool = False) -> str:
    """A wait of a pending booking, else its status. Money or the proof of an address comes before approval."""
    if booking.status is not BookingStatus.PENDING:
        return booking.status.value
    if booking.amount_due and not paid:
        return WAITING_FOR_PAYMENT
    if booking.proof_deadline is not None:
        return WAITING_FOR_PROOF
    return WAITING_FOR_APPROVAL if booking.needs_approval else booking.status.value
