"""Claims: units of resources taken for a time. The exclusion constraint decides; a candidate is only a proposal."""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from itertools import islice
from typing import Any
from uuid import UUID

from sqlalchemy import Row, TextClause, text

from db.bookings.candidates import (
    Candidate,
    CandidateStore,
    FirstFree,
    Moved,
    TryCandidate,
    claim_values,
    item_times,
    overlap_values,
)
from db.bookings.commands.expire import ExpiryStore
from db.bookings.waitlist.ending import WaitlistEndStore
from db.engine.store import Store
from db.scheduling.availability import AvailabilityStore
from db.scheduling.booked_services import Catalogue
from db.scheduling.calendars.change import CalendarStore
from db.scheduling.freed_time import note_freed_time, offer_swept
from domain.errors import DomainError, NotFound, Unavailable
from domain.instants import text_at_venue
from domain.scheduling.availability.engine import Refusal, check_window, plan, tabulate, why_not
from domain.scheduling.availability.model import ClaimPlan, Facts, Question, StartTable
from domain.scheduling.classes import is_class
from domain.scheduling.errors import NobodyWorks, OutsideOpeningHours, SlotTaken

#: The error for each reason why a booking does not fit.
REFUSALS: Mapping[Refusal, type[DomainError]] = {
    Refusal.CLOSED: OutsideOpeningHours,
    Refusal.NO_START: OutsideOpeningHours,
    Refusal.NOBODY_WORKS: NobodyWorks,
    Refusal.FULL: SlotTaken,
}

#: How many candidates are tried after one reading of the claims, and how often they are read again.
TRIES, READINGS = 32, 3

# Every change of a calendar locks the business's row first. A change that committed after this booking read the
# calendar has raised the version: then nothing is claimed and the booking is decided again. A later change waits for
# this lock and sees the booking.
CALENDAR = """
    SELECT 1 FROM businesses
     WHERE id = :business_id AND calendar_version = :calendar_version FOR KEY SHARE"""
# Who claims a unit locks it, so others see at once that it is about to go. With ``waits`` it is claimed without the
# lock too, and the exclusion constraint waits for the other transaction.
LOCK_UNIT = "(app_lock_unit(x.resource_id, x.unit, x.starts_at, x.ends_at) OR CAST(:waits AS boolean))"
# In sorted order, so that two bookings that need the same units wait for each other instead of causing a deadlock.
INSERT_CLAIMS = f"""
    INSERT INTO resource_claims (business_id, booking_id, resource_id, item_position, requirement_group, unit,
                                 starts_at, ends_at, holds_until)
    SELECT :business_id, :booking_id, x.resource_id, x.item, x.grp, x.unit, x.starts_at, x.ends_at, :holds_until
      FROM unnest(CAST(:resource_ids AS uuid[]), CAST(:items AS smallint[]), CAST(:groups AS smallint[]),
                  CAST(:units AS smallint[]), CAST(:starts AS timestamptz[]), CAST(:ends AS timestamptz[]))
           AS x(resource_id, item, grp, unit, starts_at, ends_at)
     WHERE EXISTS (SELECT FROM calendar) AND {LOCK_UNIT}
     ORDER BY x.resource_id, x.unit, x.starts_at
    ON CONFLICT DO NOTHING RETURNING id"""
_TAKE = text(f"""
    WITH calendar AS ({CALENDAR}), claimed AS ({INSERT_CLAIMS})
    SELECT (SELECT array_agg(id) FROM claimed) AS claims, EXISTS (SELECT FROM calendar) AS is_current
""")
_ONE_CLASS_AT_A_TIME = text("""
    SELECT pg_advisory_xact_lock(hashtextextended(
        CAST(CAST(:service_id AS uuid) AS text) || extract(epoch FROM CAST(:start_at AS timestamptz)), 2))
""")
# Without it a transaction would go to its next candidate with units of the last one: what it deleted stays locked until
# its end, and two of them would wait for each other.
_BEFORE_CLAIMS = text("SAVEPOINT claims")
_UNDO_CLAIMS = text("ROLLBACK TO SAVEPOINT claims")
_DROP = text("DELETE FROM resource_claims WHERE booking_id = :booking_id AND released_at IS NULL")
_RELEASE = text("UPDATE resource_claims SET released_at = :now WHERE booking_id = :booking_id AND released_at IS NULL")
_IN_THE_WAY = text("""
    SELECT DISTINCT c.booking_id, c.offer_id
      FROM resource_claims c
      JOIN unnest(CAST(:resource_ids AS uuid[]), CAST(:units AS smallint[]), CAST(:starts AS timestamptz[]),
                  CAST(:ends AS timestamptz[])) AS x(resource_id, unit, starts_at, ends_at)
        ON c.resource_id = x.resource_id AND c.unit = x.unit AND c.starts_at < x.ends_at AND c.ends_at > x.starts_at
     WHERE c.released_at IS NULL AND c.holds_until <= :now
""")
_LAST_CLAIMS = text("""
    SELECT item_position, requirement_group, resource_id, unit, starts_at, ends_at FROM resource_claims
     WHERE booking_id = :booking_id
       AND released_at = (SELECT max(released_at) FROM resource_claims WHERE booking_id = :booking_id)
""")
_BOOKED = text("""
    SELECT b.id, b.business_id, b.party_size, b.start_at, b.hold_expires_at, b.status,
           i.service_id, i.start_at AS item_start,
           (SELECT s.capacity FROM services s WHERE s.id = i.service_id) AS capacity,
           CAST(extract(epoch FROM i.end_at - i.start_at) / 60 AS integer) AS duration,
           i.buffer_before_minutes AS buffer_before, i.buffer_after_minutes AS buffer_after
      FROM bookings b JOIN booking_items i ON i.booking_id = b.id WHERE b.id = :booking_id ORDER BY i.position
""")


@dataclass(frozen=True, slots=True)
class _MoveRequest:
    """Another time for a booking: the arguments of ``move_claims``."""

    booking_id: UUID
    business_id: UUID
    start_at: datetime
    now: datetime
    preferred: Sequence[UUID]
    staff: bool


class CalendarMoved(Unavailable):
    """A calendar was changed after it was read and before the time was claimed; nothing was written. The caller reads
    again and retries once; after a second change the caller gets this error."""


class ClaimStore(Store):
    """Takes, moves and reinstates the claims of a booking. The caller holds the lock on the booking's row."""

    async def take_any(
        self,
        catalogue: Catalogue,
        question: Question,
        facts: Facts,
        start_at: datetime,
        now: datetime,
        attempt: TryCandidate,
        booking_id: UUID | None = None,
    ) -> Candidate:
        """Call ``attempt`` with one candidate after the other until all claims of one are taken.

        Expired holds are swept only when they are in the way: sweeping first would slow down every booking for a rare
        case. Raises OutsideBookingWindow, and with the nearest free starts SlotTaken, NobodyWorks or
        OutsideOpeningHours.
        """
        check_window(question, start_at)
        own = booking_id or catalogue.new_id
        taken = await self._first_whole(catalogue, question, facts, start_at, now, attempt, booking_id)
        if taken is not None and await self._all_have_places(catalogue, taken, question.party_size, now, own):
            return taken
        availability = AvailabilityStore(self.session, self.context)
        claimed = own if taken or booking_id else None
        free = await availability.alternatives_of(catalogue, question, facts, start_at, now, claimed)
        reason = why_not(question, facts, start_at)
        shown = [text_at_venue(start, catalogue.zone) for start in free]
        raise REFUSALS[reason]({"reason": reason.value, "alternatives": shown})

    async def _first_whole(
        self,
        catalogue: Catalogue,
        question: Question,
        facts: Facts,
        start_at: datetime,
        now: datetime,
        attempt: TryCandidate,
        booking_id: UUID | None,
    ) -> Candidate | None:
        """The first candidate for which ``attempt`` took every claim. Nobody is waited for while another is free."""
        for reading in range(READINGS):
            if reading:
                facts = await self.read_again(catalogue, question, now, booking_id)
            # Clients start with different candidates, so that they do not all reach for the first unit.
            ranked = plan(question, facts, start_at, seed=secrets.randbelow(1 << 16))
            first = next(ranked, None)
            if first is None:
                return None
            candidates = [first, *islice(ranked, TRIES - 1)]
            # Of a single candidate nothing else can be free: its attempt waits, below.
            if len(candidates) > 1 and await attempt(first, False):
                return first
            taken = await self._first_of(candidates, now, attempt)
            if taken is not None:
                return taken
        return None

    async def _first_of(self, candidates: list[Candidate], now: datetime, attempt: TryCandidate) -> Candidate | None:
        """The same. Where all that are left are about to go, one is waited for, and the others are looked at again."""
        left, looks = list(candidates), CandidateStore(self.session, self.context)
        while left:
            free = await looks.first_free(left, now) if len(candidates) > 1 else FirstFree(0, None)
            place = free.place if free.place is not None else free.busy
            if place is None:
                return None
            candidate = left.pop(place)
            if await attempt(candidate, True):
                return candidate
            if await self._sweep(candidate, now) and await attempt(candidate, True):
                return candidate
        return None

    async def _all_have_places(
        self, catalogue: Catalogue, taken: Candidate, party_size: int, now: datetime, booking_id: UUID
    ) -> bool:
        """Whether every class of the booking still has places. In the order of the classes, so that bookings of the
        same two wait for each other instead of dead-locking."""
        classes = [
            (item.service_id, item.places, start)
            for item, (start, _, _) in zip(catalogue.items, item_times(catalogue, taken, ()), strict=True)
            if item.places is not None
        ]
        for service_id, places, start in sorted(classes):
            if not await self._has_places(service_id, places, start, party_size, now, booking_id):
                return False
        return True

    async def _has_places(
        self, service_id: UUID, places: int, start_at: datetime, party_size: int, now: datetime, booking_id: UUID
    ) -> bool:
        """Whether a class still has places for the booking, whose claims are taken. Bookings of one class and start
        wait for each other here, so each counts all that were sold before it."""
        await self.session.execute(_ONE_CLASS_AT_A_TIME, {"service_id": service_id, "start_at": start_at})
        availability = AvailabilityStore(self.session, self.context)
        sold = await availability.sold(service_id, start_at, start_at, now, booking_id)
        return sum(sold.values()) + party_size <= places

    async def insert(
        self,
        booking_id: UUID,
        business_id: UUID,
        candidate: Candidate,
        holds_until: datetime | None,
        calendar_version: int,
        waits: bool = True,
    ) -> bool:
        """Take all claims of the candidate, or none. Waits for a transaction that is claiming the same unit only if
        ``waits``. Raises CalendarMoved if the calendars have changed since ``calendar_version``."""
        values = claim_values(candidate) | {
            "booking_id": booking_id,
            "business_id": business_id,
            "holds_until": holds_until,
            "calendar_version": calendar_version,
            "waits": waits,
        }
        return await self.execute_whole(candidate, _TAKE, values)

    async def execute_whole(self, candidate: Candidate, statement: TextClause, values: Mapping[str, Any]) -> bool:
        """Execute a statement that claims a candidate; whether it took every claim. If not, all that it wrote is undone
        and nobody waits for it. Its row has ``claims``, the ids of those taken, and ``is_current``. Raises
        CalendarMoved."""
        can_be_partial = len(candidate) > 1
        if can_be_partial:
            await self.session.execute(_BEFORE_CLAIMS)
        row = (await self.session.execute(statement, values)).one()
        if not row.is_current:
            raise CalendarMoved({"dependency": "calendar", "retry_after": 1})
        if len(row.claims or ()) == len(candidate):
            return True
        if can_be_partial:
            await self.session.execute(_UNDO_CLAIMS)
        return False

    async def move_claims(
        self,
        booking_id: UUID,
        business_id: UUID,
        start_at: datetime,
        now: datetime,
        preferred: Sequence[UUID],
        staff: bool = False,
    ) -> Moved:
        """Give the booking the time from ``start_at`` instead of its own; ``staff``: no lead time, and further ahead.
        Gives what changes of each item.

        Its old claims do not stand in its way; if the new time is not free the transaction must roll back. Raises
        SlotTaken, OutsideOpeningHours, OutsideBookingWindow.
        """
        booked = await self._booked(booking_id)
        await self.session.execute(_RELEASE, {"booking_id": booking_id, "now": now})
        note_freed_time(self.session, business_id, now)
        request = _MoveRequest(booking_id, business_id, start_at, now, preferred, staff)
        try:
            return await self._move(request, booked)
        except CalendarMoved:
            return await self._move(request, booked)

    async def _booked(self, booking_id: UUID) -> Sequence[Row[Any]]:
        """The items of a booking in their order, each with the booking's columns. Raises NotFound."""
        rows = (await self.session.execute(_BOOKED, {"booking_id": booking_id})).all()
        if not rows:
            raise NotFound({"booking_id": str(booking_id)})
        return rows

    async def _move(self, request: _MoveRequest, booked: Sequence[Row[Any]]) -> Moved:
        # A visit at one o'clock at night may belong to the business day before.
        last = request.start_at.date() + timedelta(days=1)
        first = request.start_at.date() - timedelta(days=2)
        catalogue, question, facts = await self._without(
            booked, first, last, request.now, request.preferred, request.staff
        )
        holds_until = booked[0].hold_expires_at if booked[0].status == "pending" else None

        async def attempt(candidate: Candidate, waits: bool) -> bool:
            version = catalogue.calendar_version
            return await self.insert(request.booking_id, request.business_id, candidate, holds_until, version, waits)

        taken = await self.take_any(
            catalogue, question, facts, request.start_at, request.now, attempt, request.booking_id
        )
        return item_times(catalogue, taken, catalogue.for_all(request.preferred))

    async def starts_for_reschedule(
        self, booking_id: UUID, first: date, last: date, now: datetime, preferred: Sequence[UUID], staff: bool
    ) -> tuple[Catalogue, StartTable, int]:
        """Every start on business days ``first`` to ``last`` (31 at most) to which ``move_claims`` could move the
        booking, with the size of its party. Changes nothing. Raises NotFound."""
        booked = await self._booked(booking_id)
        catalogue, question, facts = await self._without(booked, first, last, now, preferred, staff)
        return catalogue, tabulate(question, facts), booked[0].party_size

    async def _without(
        self, booked: Sequence[Row[Any]], first: date, last: date, now: datetime, preferred: Sequence[UUID], staff: bool
    ) -> tuple[Catalogue, Question, Facts]:
        """The question and the facts for another time of a booking, without its present claims. Its duration and
        buffers are those agreed: later changes of the service do not apply to it."""
        availability = AvailabilityStore(self.session, self.context)
        catalogue = await availability.catalogue([row.service_id for row in booked], first, last, for_new=False)
        agreed = tuple(
            replace(item, duration=row.duration, buffer_before=row.buffer_before, buffer_after=row.buffer_after)
            for item, row in zip(catalogue.items, booked, strict=True)
        )
        catalogue = replace(catalogue, items=agreed)
        wanted = catalogue.for_all(preferred)
        question = catalogue.question(first, last, now, booked[0].party_size, wanted, staff)
        facts = await availability.facts(catalogue, first, last, now, except_booking=booked[0].id)
        return catalogue, question, facts

    async def reinstate_claims(self, booking_id: UUID, now: datetime, even_started: bool = False) -> bool:
        """Take again the very claims that a booking lost when it ended. False, and nothing changed, if one is not free,
        or no longer inside the hours, or the start is over and not ``even_started``."""
        booked = await self._booked(booking_id)
        rows = (await self.session.execute(_LAST_CLAIMS, {"booking_id": booking_id})).all()
        candidate = tuple(ClaimPlan(*row) for row in rows)
        if not candidate or (booked[0].start_at <= now and not even_started):
            return False
        try:
            taken = await self._reinstate(booking_id, booked[0].business_id, candidate, now)
        except CalendarMoved:
            taken = await self._reinstate(booking_id, booked[0].business_id, candidate, now)
        if not taken or await self._places_again(booked, now):
            return taken
        await self.session.execute(_DROP, {"booking_id": booking_id})
        return False

    async def _places_again(self, booked: Sequence[Row[Any]], now: datetime) -> bool:
        """Whether every class that the booking had still has places for it."""
        classes = sorted((row.service_id, row.capacity, row.item_start) for row in booked if is_class(row.capacity))
        for service_id, capacity, start in classes:
            if not await self._has_places(service_id, capacity, start, booked[0].party_size, now, booked[0].id):
                return False
        return True

    async def _reinstate(self, booking_id: UUID, business_id: UUID, candidate: Candidate, now: datetime) -> bool:
        calendars = CalendarStore(self.session, self.context)
        version = await calendars.version_if_open(business_id, booking_id, candidate)
        if version is None:
            return False
        return await self.take(booking_id, business_id, candidate, None, version, now)

    async def take(
        self,
        booking_id: UUID,
        business_id: UUID,
        candidate: Candidate,
        holds_until: datetime | None,
        calendar_version: int,
        now: datetime,
    ) -> bool:
        """Like ``insert``; sweeps expired holds that are in the way."""
        if await self.insert(booking_id, business_id, candidate, holds_until, calendar_version):
            return True
        return bool(await self._sweep(candidate, now)) and await self.insert(
            booking_id, business_id, candidate, holds_until, calendar_version
        )

    async def read_again(
        self, catalogue: Catalogue, question: Question, now: datetime, booking_id: UUID | None
    ) -> Facts:
        """The claims as they are now; those of ``booking_id`` do not count."""
        availability = AvailabilityStore(self.session, self.context)
        return await availability.facts(catalogue, question.first, question.last, now, except_booking=booking_id)

    async def _sweep(self, candidate: Candidate, now: datetime) -> int:
        """End the lapsed holds and offers that overlap the candidate, and offer their time to the waitlist: who waits
        comes before the caller. Gives how many went."""
        rows = (await self.session.execute(_IN_THE_WAY, {**overlap_values(candidate), "now": now})).all()
        bookings = sorted(row.booking_id for row in rows if row.booking_id is not None)
        offers = sorted(row.offer_id for row in rows if row.offer_id is not None)
        gone = await ExpiryStore(self.session, self.context).sweep(bookings, now) if bookings else 0
        if offers:
            gone += await WaitlistEndStore(self.session, self.context).lapse(now, offers=offers)
        if gone:
            await offer_swept(self.session, bookings, offers)
        return gone
