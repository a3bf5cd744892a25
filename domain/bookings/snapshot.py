"""What a booking's workflow needs to run without reading: ids, times and amounts, no names."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from domain.booking_status import BookingStatus
from domain.payments.status import PaymentMode


@dataclass(frozen=True)
class BookingSnapshot:
    """A booking for its workflow. Amounts in minor units of ``currency``; times aware UTC.

    ``amount_due`` is what must be paid (or authorized, for a card hold) before it is confirmed; 0 means nothing.
    ``proof_deadline`` is set while its caller has not shown that the address is theirs.
    ``undo_until``: its last step can be undone until then; the money of an end waits for that.
    ``card_due``: by when the customer must give another card; None where none is asked for.
    ``reminder_offsets`` count back from ``start_at``; ``no_show_grace`` counts on from ``end_at``.
    """

    booking_id: UUID
    business_id: UUID
    code: str
    status: BookingStatus
    start_at: datetime
    end_at: datetime
    price: int
    amount_due: int
    currency: str
    payment_mode: PaymentMode
    needs_approval: bool
    hold_expires_at: datetime | None
    approval_deadline: datetime | None
    reminder_offsets: tuple[timedelta, ...] = ()
    no_show_grace: timedelta = timedelta(minutes=15)
    auto_complete: bool = True
    version: int = 0
    proof_deadline: datetime | None = None
    undo_until: datetime | None = None
    card_due: datetime | None = None
