"""The stage of a booking, which operators see in the search attribute `Stage`."""

from domain.booking_status import BookingStatus
from domain.bookings.snapshot import BookingSnapshot

WAITING_FOR_PAYMENT = "waiting_for_payment"
WAITING_FOR_PROOF = "waiting_for_proof"
WAITING_FOR_APPROVAL = "waiting_for_approval"


def stage_of(booking: BookingSnapshot, paid: bool = False) -> str:
    """What a pending booking waits for, else its status. Payment or proof of the address comes before approval."""
    if booking.status is not BookingStatus.PENDING:
        return booking.status.value
    if booking.amount_due and not paid:
        return WAITING_FOR_PAYMENT
    if booking.proof_deadline is not None:
        return WAITING_FOR_PROOF
    return WAITING_FOR_APPROVAL if booking.needs_approval else booking.status.value
