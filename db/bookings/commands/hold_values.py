"""A new booking: how it is agreed and shown, the values of its rows, and the snapshot that its workflow starts with."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import orjson

from db.bookings.candidates import Candidate, item_times
from db.bookings.commands.customers import BookingCustomer
from db.bookings.commands.hold_request import HoldRequest
from db.scheduling.availability import HoldFacts
from db.scheduling.booked_services import Catalogue, Preferred
from domain.booking_status import BookingStatus
from domain.bookings.agreement import Agreement, ServiceOffer
from domain.bookings.hold import HoldTerms, check_due, check_price, terms
from domain.bookings.proof import time_to_prove
from domain.bookings.provisional import answer_deadline
from domain.bookings.snapshot import BookingSnapshot
from domain.bookings.undo import undo_until
from domain.bookings.view import BookingView, ItemView
from domain.catalogue.cancellation import Policy
from domain.catalogue.service import ApprovalMode
from domain.ids import confirmation_code
from domain.money import Money
from domain.payments.status import PaymentMode
from domain.platform.actor import ActorKind


def columns_of(view: BookingView, catalogue: Catalogue) -> dict[str, Any]:
    """The values of a new booking and its items, by parameter."""
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
        "due_at_venue": view.due_at_venue,
        "currency": view.currency,
        "payment_mode": view.payment_mode.value,
        "needs_approval": view.needs_approval,
        "policy": orjson.dumps(view.policy).decode(),
        # Until it is confirmed in the same transaction the row is pending, and a pending row must have an end.
        "hold_expires_at": view.hold_expires_at or view.start_at,
        "approval_deadline": view.approval_deadline,
        "proof_deadline": view.proof_deadline,
        "is_provisional": view.is_provisional,
        "special_requests": view.special_requests,
        "language": view.language,
        "now": view.created_at,
        "service_ids": [item.service_id for item in view.items],
        "names": [orjson.dumps(item.name).decode() for item in view.items],
        "item_starts": [item.start_at for item in view.items],
        "item_ends": [item.end_at for item in view.items],
        "buffers_before": [item.buffer_before for item in catalogue.items],
        "buffers_after": [item.buffer_after for item in catalogue.items],
        "prices": [item.price for item in view.items],
        "tax_percents": [item.tax_percent for item in view.items],
        "chosen": [item.chosen_by for item in view.items],
        "aggregate": f"booking/{view.id}",
    }


def snapshot_of(view: BookingView, catalogue: Catalogue) -> BookingSnapshot:
    """The snapshot with which its workflow starts."""
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
        undo_until=view.undo_until,
    )


def offer_of(service: Mapping[str, Any]) -> ServiceOffer:
    """A service of the catalogue, as it is sold now."""
    return ServiceOffer(
        Money(service["price"], service["currency"]),
        PaymentMode(service["payment_mode"]),
        Policy.from_json(service["policy"] or {"tiers": [], "no_show_percent": 0}),
        service["capacity"],
        service["deposit_percent"],
        service["deposit_amount"],
        service["approval_mode"] == ApprovalMode.MANUAL,
    )


def terms_of(
    request: HoldRequest, agreed: Agreement, known: HoldFacts, customer: BookingCustomer, now: datetime
) -> HoldTerms:
    """What is agreed with this customer. Raises PriceChanged, NotBookable for an amount that cannot be paid, and
    InvalidInput for a deadline that the business does not allow."""
    settings = known.catalogue.settings
    check_price(agreed.dues.price, request.expected_price)
    dues = agreed.dues if not request.by_staff or request.request_payment else agreed.dues.without_online()
    if request.limits is not None:
        check_due(dues.online, request.limits[settings["provider"]])
    return terms(
        dues,
        agreed.needs_approval and not request.by_staff,
        now,
        request.start_at,
        timedelta(seconds=settings["hold"]),
        timedelta(seconds=settings["approval"]),
        time_to_prove(
            timedelta(seconds=settings["proof"]),
            is_due=bool(dues.online),
            by_staff=request.by_staff,
            is_proven=known.is_proven,
            has_address=bool(customer.contact.email),
            phone_within=timedelta(seconds=settings["phone_proof"]),
            phone=customer.contact.phone,
            sms_is_on=request.sms_is_on,
        ),
        _answer_by(request, settings, now),
    )


def _answer_by(request: HoldRequest, settings: Mapping[str, Any], now: datetime) -> datetime | None:
    if not request.is_provisional:
        return None
    return answer_deadline(request.answer_by, timedelta(seconds=settings["provisional"]), request.start_at, now)


def view_of(
    request: HoldRequest,
    catalogue: Catalogue,
    agreed: Agreement,
    held: HoldTerms,
    customer_id: UUID,
    known: HoldFacts,
    now: datetime,
) -> BookingView:
    """The booking without its claims; the times of its items follow from them."""
    login = known.customer["user_id"] if known.customer else None
    undo = undo_until(ActorKind.STAFF, timedelta(seconds=catalogue.settings["undo"]), now)
    return BookingView(
        id=catalogue.new_id,
        business_id=catalogue.business_id,
        customer_id=customer_id,
        user_id=request.user_id or (UUID(login) if login else None),
        code=confirmation_code(),
        status=BookingStatus.CHECKED_IN if request.is_walk_in else held.status,
        start_at=request.start_at,
        end_at=request.start_at,
        time_zone=catalogue.settings["zone"],
        party_size=request.party_size,
        price=held.dues.price.amount,
        amount_due=held.dues.online.amount,
        due_at_venue=held.dues.at_venue.amount,
        currency=held.dues.price.currency,
        payment_mode=held.dues.mode,
        needs_approval=held.needs_approval,
        policy=agreed.policy.to_json(),
        hold_expires_at=held.hold_expires_at,
        approval_deadline=held.approval_deadline,
        proof_deadline=held.proof_deadline,
        special_requests=request.special_requests,
        internal_notes=None,
        language=request.language,
        version=0,
        created_at=now,
        items=_items(request.start_at, catalogue, agreed),
        is_provisional=request.is_provisional,
        undo_until=undo if request.is_walk_in else None,
    )


def _items(start_at: datetime, catalogue: Catalogue, agreed: Agreement) -> tuple[ItemView, ...]:
    offers = enumerate(zip(catalogue.services, agreed.prices, strict=True))
    return tuple(
        ItemView(
            position,
            UUID(one["id"]),
            one["name"],
            start_at,
            start_at,
            price.amount,
            one["tax_percent"],
            resource_ids=(),
        )
        for position, (one, price) in offers
    )


def with_claims(view: BookingView, catalogue: Catalogue, candidate: Candidate, preferred: Preferred) -> BookingView:
    """The booking with what the candidate takes, and with the times that follow from it."""
    times = item_times(catalogue, candidate, preferred)
    items = tuple(
        replace(_with_resources(item, candidate), start_at=start, end_at=end, chosen_by=chosen_by)
        for item, (start, end, chosen_by) in zip(view.items, times, strict=True)
    )
    return replace(view, end_at=times[-1][1], items=items)


def _with_resources(item: ItemView, candidate: Candidate) -> ItemView:
    units = tuple(sorted({(claim.resource_id, claim.unit) for claim in candidate if claim.item_index == item.position}))
    ids = tuple(dict.fromkeys(resource_id for resource_id, _ in units))
    return replace(item, resource_ids=ids, units=units)
