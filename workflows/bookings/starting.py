"""How a booking's run is started, so that the relay and the API start it alike."""

from temporalio.common import SearchAttributePair, TypedSearchAttributes

from domain.bookings.snapshot import BookingSnapshot
from workflows.bookings.booking.stages import stage_of
from workflows.support.search_attributes import BOOKING_ID, BUSINESS_ID, STAGE, STARTS_AT


def attributes_of(booking: BookingSnapshot) -> TypedSearchAttributes:
    """What an operator can ask for from the first moment; at the start they cost nothing."""
    return TypedSearchAttributes(
        [
            SearchAttributePair(BUSINESS_ID, str(booking.business_id)),
            SearchAttributePair(BOOKING_ID, str(booking.booking_id)),
            SearchAttributePair(STAGE, stage_of(booking)),
            SearchAttributePair(STARTS_AT, booking.start_at),
        ]
    )


def summary_of(booking: BookingSnapshot) -> str:
    """One line for the list of runs: code, start and money, nothing about a person."""
    return (
        f"{booking.code}, starts {booking.start_at:%Y-%m-%d %H:%M} UTC, "
        f"{booking.payment_mode} {booking.amount_due} of {booking.price} {booking.currency}"
    )
