"""A new booking as it is written: the values of its row, and the snapshot that its workflow starts with."""

from datetime import timedelta
from typing import Any

import orjson

from db.scheduling.availability import Catalogue
from domain.bookings.snapshot import BookingSnapshot
from domain.bookings.view import BookingView


def columns_of(view: BookingView, catalogue: Catalogue) -> dict[str, Any]:
    """The values of a new booking and its item, by parameter."""
    service = catalogue.service
    return {
        "booking_id": view.id,
        "business_id": view.business_id,
        "customer_id": view.customer_id,
        "user_id": view.user_id,
        "code": view.code,
        "start_at": view.start_at,
        "end_at": view.end_at,
        "time_zone": view.time_zone,
        "party_size": view.party_size,
        "price": view.price,
        "amount_due": view.amount_due,
        "currency": view.currency,
        "payment_mode": view.payment_mode.value,
        "needs_approval": view.needs_approval,
        "policy": orjson.dumps(view.policy).decode(),
        # A row is pending for the moment until it is confirmed in the same transaction, and a pending row has an end.
        "hold_expires_at": view.hold_expires_at or view.start_at,
        "approval_deadline": view.approval_deadline,
        "proof_deadline": view.proof_deadline,
        "special_requests": view.special_requests,
        "language": view.language,
        "now": view.created_at,
        "service_id": view.items[0].service_id,
        "name": orjson.dumps(view.items[0].name).decode(),
        "buffer_before": service["buffer_before_minutes"],
        "buffer_after": service["buffer_after_minutes"],
        "tax_percent": view.items[0].tax_percent,
        "aggregate": f"booking/{view.id}",
    }


def snapshot_of(view: BookingView, catalogue: Catalogue) -> BookingSnapshot:
    """What its workflow starts with."""
    settings = catalogue.settings
    return BookingSnapshot(
        booking_id=view.id,
        business_id=view.business_id,
        code=view.code,
        status=view.status,
        start_at=view.start_at,
        end_at=view.end_at,
        price=view.price,
        amount_due=view.amount_due,
        currency=view.currency,
        payment_mode=view.payment_mode,
        needs_approval=view.needs_approval,
        hold_expires_at=view.hold_expires_at,
        approval_deadline=view.approval_deadline,
        reminder_offsets=tuple(timedelta(seconds=one) for one in settings["reminders"]),
        no_show_grace=timedelta(seconds=settings["grace"]),
        auto_complete=settings["auto_complete"],
        version=view.version,
        proof_deadline=view.proof_deadline,
    )
