"""A booking for display: every column that people see, with its items."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from domain.booking_status import BookingStatus
from domain.payments.status import PaymentMode
from domain.scheduling.overbooking import is_overbooked
from domain.scheduling.reasons import ChosenBy


@dataclass(frozen=True, slots=True)
class ItemView:
    """One service of a booking, as agreed. ``price`` in minor units; ``resource_ids`` are the claimed resources, and
    ``units`` the claimed units: resource and unit number, from 0. ``chosen_by``: why this resource; None where staff
    assigned it or it is not known."""

    position: int
    service_id: UUID
    name: Mapping[str, str]
    start_at: datetime
    end_at: datetime
    price: int
    tax_percent: int
    resource_ids: tuple[UUID, ...]
    units: tuple[tuple[UUID, int], ...] = ()
    chosen_by: ChosenBy | None = None

    @property
    def is_overbooked(self) -> bool:
        """Whether a claimed unit does not exist: a manager took the time although it was not free."""
        return any(is_overbooked(unit) for _, unit in self.units)


@dataclass(frozen=True, slots=True)
class BookingView:
    """Amounts in minor units of ``currency``; times aware UTC, ``time_zone`` is the venue's.

    ``amount_due`` is paid or authorized online, ``due_at_venue`` is paid at the visit.
    ``proof_deadline``: set while the booking waits for the proof of its address.
    ``customer``: ``family_name`` and ``given_name`` as typed for this booking, None where it was just made.
    ``penalty``: what its end costs the customer; ``refunding`` is on its way back, ``refunded`` has arrived.
    ``undo_until``: until when staff can undo the last step.
    ``card_due``: by when the customer must give another card.
    ``is_provisional``: staff made it for a customer who has to answer before its deadline.
    ``series_id``: of the recurring booking that it is an occurrence of; None where it was just made."""

    id: UUID
    business_id: UUID
    customer_id: UUID
    user_id: UUID | None
    code: str
    status: BookingStatus
    start_at: datetime
    end_at: datetime
    time_zone: str
    party_size: int
    price: int
    amount_due: int
    due_at_venue: int
    currency: str
    payment_mode: PaymentMode
    needs_approval: bool
    policy: Mapping[str, Any]
    hold_expires_at: datetime | None
    approval_deadline: datetime | None
    proof_deadline: datetime | None
    special_requests: str | None
    internal_notes: str | None
    language: str
    version: int
    created_at: datetime
    items: tuple[ItemView, ...]
    customer: Mapping[str, str] | None = None
    penalty: int = 0
    refunding: int = 0
    refunded: int = 0
    undo_until: datetime | None = None
    card_due: datetime | None = None
    series_id: UUID | None = None
    is_provisional: bool = False
