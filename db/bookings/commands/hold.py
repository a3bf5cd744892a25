"""The hold of a new booking: the path that must be fast and must never sell a minute twice.

Five round trips for a known customer, commit included: BEGIN, ``app_begin``, one read, one write, COMMIT.
"""

from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import orjson
from pydantic import TypeAdapter
from sqlalchemy import LargeBinary, Text, bindparam, text
from sqlalchemy.dialects.postgresql import CITEXT
from sqlalchemy.dialects.postgresql import UUID as PgUUID

from db.bookings.claims import CALENDAR, INSERT_CLAIMS, CalendarMoved, Candidate, ClaimStore, claim_values
from db.bookings.commands.confirm import ConfirmStore
from db.bookings.commands.customers import BookingCustomer, BookingCustomerStore, customer_of
from db.bookings.commands.hold_values import columns_of, snapshot_of
from db.engine.context import IdempotencyKey
from db.messages.commands.held import HELD_NOTICE
from db.messages.notices import NoticeStore, QueuedNotice
from db.platform.outbox import START_BOOKING
from db.scheduling.availability import AvailabilityStore, Catalogue, HoldFacts, Who
from domain.booking_status import BookingStatus
from domain.bookings.commands import BookingCommand
from domain.bookings.contact import Contact
from domain.bookings.hold import HoldTerms, check_price, terms
from domain.bookings.limits import MAX_OPEN_HOLDS, check_open_bookings
from domain.bookings.proof import time_to_prove
from domain.bookings.snapshot import BookingSnapshot
from domain.bookings.view import BookingView, ItemView
from domain.catalogue.amounts import amount_due
from domain.catalogue.service import ApprovalMode
from domain.errors import InvalidInput, NotFound
from domain.identity.network import network_of
from domain.ids import confirmation_code
from domain.messages.kinds import NoticeKind
from domain.money import Money
from domain.payments.status import PaymentMode
from domain.platform.actor import SYSTEM
from domain.scheduling.errors import NotBookable

_SNAPSHOT = TypeAdapter(BookingSnapshot)

# Two bookings from one network at the same moment do not see each other. So one that has taken the time waits here for
# the other one, and then counts. Losers of a race for one time never wait here.
_ONE_AT_A_TIME = text("""
    SELECT pg_advisory_xact_lock(hashtextextended(:ip || CAST(CAST(:business_id AS uuid) AS text), 1))
""")
_OTHERS_OF_NETWORK = text("""
    SELECT count(*) FROM bookings k
     WHERE k.business_id = :business_id AND k.id <> :booking_id AND k.ip = :ip AND k.start_at > :now AND (
           (k.status = 'pending' AND k.hold_expires_at > :now) OR (k.status = 'confirmed' AND k.amount_due = 0))
""")
# One statement: either every claim is taken and the booking stands with history, event and stored answer, or nothing
# but claims is written, which the caller puts back. The foreign keys to the booking are checked at commit.
_HOLD = text(f"""
WITH calendar AS ({CALENDAR}),
claimed AS ({INSERT_CLAIMS}),
whole AS (SELECT count(*) = :wanted AS yes FROM claimed),
booked AS (
    INSERT INTO bookings (id, business_id, customer_id, user_id, family_name, given_name, email, phone, ip, code,
        status, start_at, end_at, time_zone, party_size,
        price, amount_due, currency, payment_mode, needs_approval, policy, hold_expires_at, approval_deadline,
        proof_deadline, special_requests, language, preferred_resource_ids, created_at)
    SELECT :booking_id, :business_id, :customer_id, :user_id, :family_name, :given_name, :email, :phone, :ip, :code,
        'pending', :start_at, :end_at, :time_zone,
        :party_size, :price, :amount_due, :currency, :payment_mode, :needs_approval, CAST(:policy AS jsonb),
        :hold_expires_at, :approval_deadline, :proof_deadline, :special_requests, :language,
        CAST(:preferred AS uuid[]), :now
      FROM whole WHERE yes),
item AS (
    INSERT INTO booking_items (business_id, booking_id, service_id, position, name, start_at, end_at,
        buffer_before_minutes, buffer_after_minutes, price, tax_percent)
    SELECT :business_id, :booking_id, :service_id, 0, CAST(:name AS jsonb), :start_at, :end_at, :buffer_before,
        :buffer_after, :price, :tax_percent FROM whole WHERE yes),
history AS (
    INSERT INTO booking_history (business_id, booking_id, event, from_status, to_status, actor_kind, actor_id)
    SELECT :business_id, :booking_id, 'held', NULL, 'pending', :actor_kind, :actor_id FROM whole WHERE yes),
event AS (
    INSERT INTO outbox (business_id, event, aggregate, payload, command, request_id)
    SELECT :business_id, 'booking.held', :aggregate, CAST(:payload AS jsonb), :command, :request_id
      FROM whole WHERE yes),
{HELD_NOTICE},
answered AS (
    UPDATE idempotency_keys SET status_code = 201, body = :answer, locked_until = NULL
     WHERE subject = :who AND key = :what AND (SELECT yes FROM whole))
SELECT (SELECT array_agg(id) FROM claimed) AS claims, EXISTS (SELECT FROM calendar) AS is_current
""").bindparams(
    bindparam("user_id", type_=PgUUID(as_uuid=True)),
    bindparam("actor_id", type_=PgUUID(as_uuid=True)),
    bindparam("service_id", type_=PgUUID(as_uuid=True)),
    bindparam("special_requests", type_=Text),
    bindparam("email", type_=CITEXT),
    bindparam("phone", type_=Text),
    bindparam("ip", type_=Text),
    bindparam("request_id", type_=Text),
    bindparam("who", type_=Text),
    bindparam("what", type_=Text),
    bindparam("answer", type_=LargeBinary),
)


@dataclass(frozen=True, slots=True)
class HoldRequest:
    """Who wants what when. ``start_at`` aware; ``resource_ids`` preferred ones, may be empty.

    Exactly one of ``user_id`` (books for himself), ``customer_id`` (staff, for a known customer) and ``person``
    (a guest, or staff for somebody new). ``by_staff``: no lead time, no approval, and money only if
    ``request_payment``. ``expected_price``: what the caller was shown. ``network_limit``: unpaid bookings that unproven
    callers of one network may have.
    """

    service_id: UUID
    start_at: datetime
    party_size: int = 1
    resource_ids: tuple[UUID, ...] = ()
    user_id: UUID | None = None
    customer_id: UUID | None = None
    person: Contact | None = None
    by_staff: bool = False
    request_payment: bool = False
    special_requests: str | None = None
    language: str = "ja"
    expected_price: Money | None = None
    network_limit: int = MAX_OPEN_HOLDS

    def __post_init__(self) -> None:
        if sum(one is not None for one in (self.user_id, self.customer_id, self.person)) != 1:
            raise InvalidInput({"fields": [{"field": "customer", "rule": "exactly_one"}]})


class HoldStore(ClaimStore):
    """Makes bookings; for existing ones see ``ClaimStore`` (moving, taking again)."""

    async def hold(
        self,
        request: HoldRequest,
        now: datetime,
        answer: Callable[[BookingView], bytes] | None = None,
        key: IdempotencyKey | None = None,
    ) -> BookingView:
        """Insert booking and claims: ``pending`` until paid or approved, ``confirmed`` when neither is asked for.

        With ``key`` the bytes of ``answer`` are stored for the key in the same statement. Raises SlotTaken or
        OutsideOpeningHours with the nearest free starts, OutsideBookingWindow, NotBookable, PartySizeRefused,
        PriceChanged, HoldLimit, NotFound.
        """
        known = await self._read_counted(request, now)
        customer = await self._customer_for(request, known)
        try:
            view = await self._take(request, known, customer, now, answer, key)
        except CalendarMoved:
            known = await self._read(request, now)
            view = await self._take(request, known, customer, now, answer, key)
        ip = self._ip()
        if ip is not None and not known.is_proven and not request.by_staff:
            await self._count_network(view, ip, now, request.network_limit)
        await self._queue_notices(view, now)
        return view

    async def _take(
        self,
        request: HoldRequest,
        known: HoldFacts,
        customer: BookingCustomer,
        now: datetime,
        answer: Callable[[BookingView], bytes] | None,
        key: IdempotencyKey | None,
    ) -> BookingView:
        catalogue = known.catalogue
        question = catalogue.question(
            known.first, known.last, now, request.party_size, request.resource_ids, request.by_staff
        )
        view = _view(request, catalogue, _terms(request, known, customer, now), customer.id, known, now)
        ip = None if request.by_staff or known.is_proven else self._ip()
        kept = {**asdict(customer.contact), "ip": ip}

        async def attempt(candidate: Candidate) -> bool:
            made = _with_resources(view, candidate)
            return await self._write(made, kept, request, catalogue, candidate, answer, key)

        taken = await self.take_any(catalogue, question, known.facts, request.start_at, now, attempt)
        return _with_resources(view, taken)

    async def _read_counted(self, request: HoldRequest, now: datetime) -> HoldFacts:
        """The facts. Raises HoldLimit for what is known before the time is taken."""
        known = await self._read(request, now)
        if not request.by_staff:
            holds = known.customer["open_holds"] if known.customer else 0
            check_open_bookings(holds, known.by_network, is_proven=known.is_proven, network_limit=request.network_limit)
        return known

    async def _count_network(self, view: BookingView, ip: str, now: datetime, limit: int) -> None:
        """Count again with every other booking of the network seen. Raises HoldLimit."""
        values = {"ip": ip, "business_id": view.business_id}
        await self.session.execute(_ONE_AT_A_TIME, values)
        others = await self.session.scalar(_OTHERS_OF_NETWORK, {**values, "booking_id": view.id, "now": now})
        check_open_bookings(0, others or 0, is_proven=False, network_limit=limit)

    def _ip(self) -> str | None:
        return network_of(self.context.ip) if self.context.ip else None

    async def _read(self, request: HoldRequest, now: datetime) -> HoldFacts:
        known = await AvailabilityStore(self.session, self.context).for_hold(
            request.service_id, request.start_at, now, Who(request.customer_id, request.user_id, self._ip())
        )
        guest = request.person is not None and not request.by_staff
        if guest and not known.catalogue.settings["guest_booking"]:
            raise NotBookable({"rule": "no_guest_booking"})
        return known

    async def _customer_for(self, request: HoldRequest, known: HoldFacts) -> BookingCustomer:
        if known.customer is not None:
            return customer_of(known.customer)
        customers = BookingCustomerStore(self.session, self.context)
        business_id = known.catalogue.business_id
        if request.person is not None:
            return await customers.add(business_id, request.person, request.language)
        if request.user_id is None:
            raise NotFound({"customer_id": str(request.customer_id)})
        return await customers.add_login(business_id, request.user_id)

    async def _write(
        self,
        view: BookingView,
        kept: dict[str, Any],
        request: HoldRequest,
        catalogue: Catalogue,
        candidate: Candidate,
        answer: Callable[[BookingView], bytes] | None,
        key: IdempotencyKey | None,
    ) -> bool:
        payload = {"booking": _SNAPSHOT.dump_python(snapshot_of(view, catalogue), mode="json")}
        values = columns_of(view, catalogue) | claim_values(candidate) | kept
        values |= {
            "wanted": len(candidate),
            "preferred": list(request.resource_ids),
            "calendar_version": catalogue.calendar_version,
            "holds_until": view.hold_expires_at if view.status is BookingStatus.PENDING else None,
            "actor_kind": self.context.actor.kind.value,
            "actor_id": self.context.actor.user_id,
            "request_id": self.context.request_id,
            "command": START_BOOKING,
            "payload": orjson.dumps(payload).decode(),
            "who": key.subject if key else None,
            "what": key.key if key else None,
            "answer": answer(view) if answer and key else None,
        }
        row = (await self.session.execute(_HOLD, values)).one()
        return await self.is_whole(candidate, row.claims or [], row.is_current)

    async def _queue_notices(self, view: BookingView, now: datetime) -> None:
        """The messages of a new booking that waits for no payment: confirmed where nothing is missing, the question for
        the proof of the address, or a request where only the approval is missing. One that waits for a payment has its
        message from the statement that made it."""
        if view.status is BookingStatus.CONFIRMED:
            command = BookingCommand(view.id, view.business_id, f"instant:{view.id}", SYSTEM.kind)
            await ConfirmStore(self.session, self.context).confirm(command, now)
        elif not view.amount_due:
            await NoticeStore(self.session, self.context).queue_many(_asking(view))


def _asking(view: BookingView) -> list[QueuedNotice]:
    """The messages of a booking that waits for a proof or an approval."""
    if view.proof_deadline is not None:
        return [QueuedNotice(NoticeKind.BOOKING_PROOF, view.id, view.business_id, f"booking/{view.id}/proof")]
    kind, key = NoticeKind.BOOKING_REQUESTED, f"booking/{view.id}/requested"
    return [
        QueuedNotice(kind, view.id, view.business_id, key, audience="business"),
        QueuedNotice(kind, view.id, view.business_id, f"{key}/customer"),
    ]


def _terms(request: HoldRequest, known: HoldFacts, customer: BookingCustomer, now: datetime) -> HoldTerms:
    service, settings = known.catalogue.service, known.catalogue.settings
    # A class is sold by the place, everything else by the visit.
    price = Money(service["price"] * (request.party_size if service["capacity"] > 1 else 1), service["currency"])
    check_price(price, request.expected_price)
    mode = PaymentMode(service["payment_mode"])
    asked = not request.by_staff or request.request_payment
    due = amount_due(mode, price, service["deposit_percent"], service["deposit_amount"])
    due = due if asked else Money(0, price.currency)
    return terms(
        price,
        due,
        service["approval_mode"] == ApprovalMode.MANUAL and not request.by_staff,
        now,
        request.start_at,
        timedelta(seconds=settings["hold"]),
        timedelta(seconds=settings["approval"]),
        time_to_prove(
            timedelta(seconds=settings["proof"]),
            is_due=bool(due),
            by_staff=request.by_staff,
            is_proven=known.is_proven,
            has_address=bool(customer.contact.email),
        ),
    )


def _view(
    request: HoldRequest,
    catalogue: Catalogue,
    agreed: HoldTerms,
    customer_id: UUID,
    known: HoldFacts,
    now: datetime,
) -> BookingView:
    service = catalogue.service
    end_at = request.start_at + timedelta(minutes=service["duration_minutes"])
    login = known.customer["user_id"] if known.customer else None
    item = ItemView(
        0,
        request.service_id,
        service["name"],
        request.start_at,
        end_at,
        agreed.price.amount,
        service["tax_percent"],
        (),
    )
    return BookingView(
        id=catalogue.new_id,
        business_id=catalogue.business_id,
        customer_id=customer_id,
        user_id=request.user_id or (UUID(login) if login else None),
        code=confirmation_code(),
        status=agreed.status,
        start_at=request.start_at,
        end_at=end_at,
        time_zone=catalogue.settings["zone"],
        party_size=request.party_size,
        price=agreed.price.amount,
        amount_due=agreed.amount_due.amount,
        currency=agreed.price.currency,
        payment_mode=PaymentMode(service["payment_mode"]),
        needs_approval=agreed.needs_approval,
        policy=catalogue.policy,
        hold_expires_at=agreed.hold_expires_at,
        approval_deadline=agreed.approval_deadline,
        proof_deadline=agreed.proof_deadline,
        special_requests=request.special_requests,
        internal_notes=None,
        language=request.language,
        version=0,
        created_at=now,
        items=(item,),
    )


def _with_resources(view: BookingView, candidate: Candidate) -> BookingView:
    units = tuple(sorted({(claim.resource_id, claim.unit) for claim in candidate}))
    ids = tuple(dict.fromkeys(resource_id for resource_id, _ in units))
    return replace(view, items=(replace(view.items[0], resource_ids=ids, units=units),))
