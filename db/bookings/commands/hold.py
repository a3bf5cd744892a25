"""The hold of a new booking. It must be fast, and must never book a unit twice.

Five round trips for a known customer, commit included: BEGIN, ``app_begin``, one read, one write, COMMIT.
"""

from collections.abc import Callable
from dataclasses import asdict, replace
from datetime import datetime
from typing import Any

import orjson
from pydantic import TypeAdapter
from sqlalchemy import LargeBinary, Text, bindparam, text
from sqlalchemy.dialects.postgresql import CITEXT
from sqlalchemy.dialects.postgresql import UUID as PgUUID

from db.bookings.candidates import Candidate, claim_values
from db.bookings.claims import CALENDAR, INSERT_CLAIMS, CalendarMoved
from db.bookings.commands.confirm import ConfirmStore
from db.bookings.commands.customers import BookingCustomer, BookingCustomerStore, customer_of
from db.bookings.commands.hold_request import HoldRequest
from db.bookings.commands.hold_values import columns_of, offer_of, snapshot_of, terms_of, view_of, with_claims
from db.bookings.commands.overbook import OverbookStore
from db.bookings.commands.visit import VisitStore
from db.engine.context import IdempotencyKey
from db.messages.commands.hold_notice import HOLD_NOTICE
from db.messages.notices import NoticeStore, QueuedNotice
from db.platform.outbox import START_BOOKING
from db.scheduling.availability import AvailabilityStore, HoldFacts, Who
from db.scheduling.booked_services import Catalogue
from domain.booking_status import BookingStatus
from domain.bookings.agreement import agree
from domain.bookings.commands import BookingCommand
from domain.bookings.hold import first_notices
from domain.bookings.limits import (
    check_guest,
    check_kana,
    check_open_bookings,
    check_unproven_holds,
    counts_unproven_again,
)
from domain.bookings.snapshot import BookingSnapshot
from domain.bookings.view import BookingView
from domain.businesses.profile import AsksKana
from domain.errors import NotFound
from domain.identity.network import network_of
from domain.platform.actor import SYSTEM
from domain.scheduling.availability.engine import fits

_SNAPSHOT = TypeAdapter(BookingSnapshot)

# Two bookings from one network at the same moment do not see each other. So a booking that has its claims waits here
# for the other one, and then counts. Requests that lost a race for a time never wait here.
_ONE_AT_A_TIME = text("""
    SELECT pg_advisory_xact_lock(hashtextextended(:ip || CAST(CAST(:business_id AS uuid) AS text), 1))
""")
_OTHERS_OF_NETWORK = text("""
    SELECT count(*) FROM bookings k
     WHERE k.business_id = :business_id AND k.id <> :booking_id AND k.ip = :ip AND k.start_at > :now AND (
           (k.status = 'pending' AND k.hold_expires_at > :now) OR (k.status = 'confirmed' AND k.amount_due = 0))
""")
_ONE_OF_BUSINESS = text("""
    SELECT pg_advisory_xact_lock(hashtextextended(CAST(CAST(:business_id AS uuid) AS text), 3))
""")
_OTHER_UNPROVEN = text("""
    SELECT count(*) FROM bookings k
     WHERE k.business_id = :business_id AND k.id <> :booking_id AND k.ip IS NOT NULL AND k.status = 'pending'
       AND k.contact_proven_at IS NULL AND k.start_at > :now AND k.hold_expires_at > :now
""")
# One statement: either every claim is taken and the booking is written with history, event and stored response, or only
# claims are written, which the caller undoes. The foreign keys to the booking are checked at commit.
_HOLD = text(f"""
WITH calendar AS ({CALENDAR}),
claimed AS ({INSERT_CLAIMS}),
whole AS (SELECT count(*) = :wanted AS yes FROM claimed),
booked AS (
    INSERT INTO bookings (id, business_id, customer_id, user_id, family_name, given_name, email, phone, ip, code,
        status, start_at, end_at, time_zone, party_size,
        price, amount_due, due_at_venue, currency, payment_mode, needs_approval, policy, hold_expires_at,
        approval_deadline, proof_deadline, is_provisional, special_requests, language, preferred_resource_ids,
        created_at)
    SELECT :booking_id, :business_id, :customer_id, :user_id, :family_name, :given_name, :email, :phone, :ip, :code,
        'pending', :start_at, :end_at, :time_zone,
        :party_size, :price, :amount_due, :due_at_venue, :currency, :payment_mode, :needs_approval,
        CAST(:policy AS jsonb),
        :hold_expires_at, :approval_deadline, :proof_deadline, :is_provisional, :special_requests, :language,
        CAST(:preferred AS uuid[]), :now
      FROM whole WHERE yes),
item AS (
    INSERT INTO booking_items (business_id, booking_id, service_id, position, name, start_at, end_at,
        buffer_before_minutes, buffer_after_minutes, price, tax_percent, chosen_by)
    SELECT :business_id, :booking_id, x.service_id, x.number - 1, CAST(x.name AS jsonb), x.start_at, x.end_at,
        x.buffer_before, x.buffer_after, x.price, x.tax_percent, x.chosen_by
      FROM whole, unnest(CAST(:service_ids AS uuid[]), CAST(:names AS text[]), CAST(:item_starts AS timestamptz[]),
                         CAST(:item_ends AS timestamptz[]), CAST(:buffers_before AS int[]),
                         CAST(:buffers_after AS int[]), CAST(:prices AS bigint[]), CAST(:tax_percents AS smallint[]),
                         CAST(:chosen AS text[]))
                  WITH ORDINALITY AS x(service_id, name, start_at, end_at, buffer_before, buffer_after, price,
                                       tax_percent, chosen_by, number)
     WHERE yes),
history AS (
    INSERT INTO booking_history (business_id, booking_id, event, from_status, to_status, actor_kind, actor_id)
    SELECT :business_id, :booking_id, 'held', NULL, 'pending', :actor_kind, :actor_id FROM whole WHERE yes),
event AS (
    INSERT INTO outbox (business_id, event, aggregate, payload, command, request_id)
    SELECT :business_id, 'booking.held', :aggregate, CAST(:payload AS jsonb), :command, :request_id
      FROM whole WHERE yes),
{HOLD_NOTICE},
answered AS (
    UPDATE idempotency_keys SET status_code = 201, body = :answer, locked_until = NULL
     WHERE subject = :who AND key = :what AND (SELECT yes FROM whole))
SELECT (SELECT array_agg(id) FROM claimed) AS claims, EXISTS (SELECT FROM calendar) AS is_current
""").bindparams(
    bindparam("user_id", type_=PgUUID(as_uuid=True)),
    bindparam("actor_id", type_=PgUUID(as_uuid=True)),
    bindparam("special_requests", type_=Text),
    bindparam("email", type_=CITEXT),
    bindparam("phone", type_=Text),
    bindparam("ip", type_=Text),
    bindparam("request_id", type_=Text),
    bindparam("who", type_=Text),
    bindparam("what", type_=Text),
    bindparam("answer", type_=LargeBinary),
)


class HoldStore(OverbookStore):
    """Makes bookings; `ClaimStore` moves and reinstates their claims."""

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
            await self._count_unproven(view, known, now)
        if request.is_walk_in:
            await self._check_in(view, now)
        else:
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
            known.first, known.last, now, request.party_size, request.preferred, request.by_staff
        )
        if request.is_walk_in:
            question = replace(question, slot_interval=1, earliest=min(question.earliest, request.start_at))
        agreed = agree([offer_of(service) for service in catalogue.services], request.party_size)
        view = view_of(
            request, catalogue, agreed, terms_of(request, agreed, known, customer, now), customer.id, known, now
        )
        ip = None if request.by_staff or known.is_proven else self._ip()
        kept = {**asdict(customer.contact), "ip": ip}

        async def attempt(candidate: Candidate, waits: bool) -> bool:
            made = with_claims(view, catalogue, candidate, request.named)
            return await self._write(made, kept | {"waits": waits}, request, catalogue, candidate, answer, key)

        if request.overbook_reason is None or fits(question, known.facts, request.start_at):
            taken = await self.take_any(catalogue, question, known.facts, request.start_at, now, attempt)
            return with_claims(view, catalogue, taken, request.named)
        taken = await self.take_beyond(catalogue, question, known.facts, request.start_at, now, attempt)
        made = with_claims(view, catalogue, taken, request.named)
        await self.record_overbooking(made, request.overbook_reason)
        return made

    async def _read_counted(self, request: HoldRequest, now: datetime) -> HoldFacts:
        """The facts. Raises HoldLimit if a limit is exceeded before any claim is taken."""
        known = await self._read(request, now)
        if not request.by_staff:
            holds = known.customer["open_holds"] if known.customer else 0
            check_open_bookings(holds, known.by_network, is_proven=known.is_proven, network_limit=request.network_limit)
            if not known.is_proven:
                check_unproven_holds(known.unproven, known.catalogue.settings["unproven_holds"])
        return known

    async def _count_network(self, view: BookingView, ip: str, now: datetime, limit: int) -> None:
        """Count again, now seeing every other booking of the network. Raises HoldLimit."""
        values = {"ip": ip, "business_id": view.business_id}
        await self.session.execute(_ONE_AT_A_TIME, values)
        others = await self.session.scalar(_OTHERS_OF_NETWORK, {**values, "booking_id": view.id, "now": now})
        check_open_bookings(0, others or 0, is_proven=False, network_limit=limit)

    async def _count_unproven(self, view: BookingView, known: HoldFacts, now: datetime) -> None:
        """Count again with the holds of all other unproven callers seen, where the limit is near. Raises
        NotBookable."""
        limit = known.catalogue.settings["unproven_holds"]
        if not counts_unproven_again(known.unproven, limit):
            return
        values = {"business_id": view.business_id}
        await self.session.execute(_ONE_OF_BUSINESS, values)
        others = await self.session.scalar(_OTHER_UNPROVEN, {**values, "booking_id": view.id, "now": now})
        check_unproven_holds(others or 0, limit)

    def _ip(self) -> str | None:
        return network_of(self.context.ip) if self.context.ip else None

    async def _read(self, request: HoldRequest, now: datetime) -> HoldFacts:
        known = await AvailabilityStore(self.session, self.context).for_hold(
            request.service_ids, request.start_at, now, Who(request.customer_id, request.user_id, self._ip())
        )
        check_guest(request.person is not None, request.by_staff, known.catalogue.settings["guest_booking"])
        if request.person is not None and not request.by_staff and not request.is_proven:
            check_kana(request.person, AsksKana(known.catalogue.settings["asks_kana"]))
        return replace(known, is_proven=True) if request.is_proven else known

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
            "preferred": list(dict.fromkeys(one for some in request.preferred for one in some)),
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
        return await self.execute_whole(candidate, _HOLD, values)

    async def _check_in(self, view: BookingView, now: datetime) -> None:
        """The customer of a walk-in is there: confirmed and checked in at once, and nobody gets a message."""
        actor = self.context.actor
        confirm = BookingCommand(view.id, view.business_id, f"walk_in:{view.id}", SYSTEM.kind)
        await ConfirmStore(self.session, self.context).confirm_quietly(confirm, now)
        arrive = BookingCommand(view.id, view.business_id, f"walk_in_arrived:{view.id}", actor.kind, actor.user_id)
        await VisitStore(self.session, self.context).check_in(arrive, now)

    async def _queue_notices(self, view: BookingView, now: datetime) -> None:
        """Confirm a booking that waits for nothing, with its notices; else queue the first ones."""
        if view.status is BookingStatus.CONFIRMED:
            command = BookingCommand(view.id, view.business_id, f"instant:{view.id}", SYSTEM.kind)
            await ConfirmStore(self.session, self.context).confirm(command, now)
            return
        notices = [
            QueuedNotice(kind, view.id, view.business_id, f"booking/{view.id}/{key}", audience=audience)
            for kind, audience, key in first_notices(
                view.status, bool(view.amount_due), view.proof_deadline, view.is_provisional
            )
        ]
        await NoticeStore(self.session, self.context).queue_many(notices)
