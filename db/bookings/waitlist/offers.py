"""Offers: a free time is offered to the next matching entry, held by claims of the same transaction."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy import Row, text
from sqlalchemy.exc import DBAPIError

from db.bookings.candidates import Candidate, claim_values
from db.bookings.claims import CALENDAR, LOCK_UNIT, ClaimStore
from db.bookings.waitlist.calendar import ServiceCalendar, WaitlistCalendarStore
from db.bookings.waitlist.ending import WaitlistEndStore
from db.messages.notices import AccountEmail, NoticeStore
from db.scheduling.freed_time import no_offers, take_freed_time
from domain.bookings import waitlist
from domain.bookings.waitlist import Entry, EntryStatus, Offered, OfferStatus, WaitlistTurn, Wanted, times_of
from domain.errors import DomainError
from domain.messages.kinds import AccountEmailKind
from domain.scheduling.availability.engine import plan
from domain.scheduling.availability.model import Facts
from domain.scheduling.errors import (
    NobodyWorks,
    OutsideBookingWindow,
    OutsideOpeningHours,
    PartySizeRefused,
    SlotTaken,
)

_log = structlog.get_logger(__name__)

# One turn at a time: two attempts of one step, or two runs, would offer the same time to two entries, and one of them
# would find it taken.
_ONE_AT_A_TIME = text("SELECT pg_advisory_xact_lock(hashtextextended(CAST(CAST(:business_id AS uuid) AS text), 6))")
_ENTRIES = text("""
    SELECT w.id, w.service_id, w.joined_at, w.status, w.first_day, w.last_day, w.times, w.resource_ids, w.party_size,
           w.user_id, w.language, w.ends_at, w.proof_deadline, w.unanswered, w.business_id,
           (SELECT coalesce(jsonb_agg(jsonb_build_array(o.start_at, o.end_at, o.status)), '[]')
              FROM waitlist e JOIN waitlist_offers o ON o.entry_id = e.id
             WHERE e.business_id = w.business_id AND e.service_id = w.service_id
               AND (e.id = w.id OR e.user_id = w.user_id OR e.email = w.email)) AS offered
      FROM waitlist w
     WHERE w.business_id = :business_id AND w.status IN ('waiting', 'offered')
     ORDER BY w.joined_at, w.id
""")
_OFFER_FOR = text("SELECT waitlist_offer_for FROM business_settings WHERE business_id = :business_id")
_OPEN = text("""
    SELECT o.id, o.entry_id, o.start_at, o.party_size, o.resource_ids, EXISTS (
               SELECT FROM block_times t JOIN blocks k ON k.id = t.block_id
                WHERE k.business_id = o.business_id AND t.starts_at < o.end_at AND t.ends_at > o.start_at
                  AND (k.resource_id IS NULL OR k.resource_id = ANY(o.resource_ids))) AS is_blocked
      FROM waitlist_offers o WHERE o.business_id = :business_id AND o.status = 'open' ORDER BY o.id
""")
_NEXT = text("SELECT min(expires_at) FROM waitlist_offers WHERE business_id = :business_id AND status = 'open'")
# Claims, offer and the entry's new status, or claims alone, which the caller rolls back.
_TAKE = text(f"""
    WITH calendar AS ({CALENDAR}),
    claimed AS (
        INSERT INTO resource_claims (business_id, offer_id, resource_id, item_position, requirement_group, unit,
                                     starts_at, ends_at, holds_until)
        SELECT :business_id, :offer_id, x.resource_id, x.item, x.grp, x.unit, x.starts_at, x.ends_at, :expires_at
          FROM unnest(CAST(:resource_ids AS uuid[]), CAST(:items AS smallint[]), CAST(:groups AS smallint[]),
                      CAST(:units AS smallint[]), CAST(:starts AS timestamptz[]), CAST(:ends AS timestamptz[]))
               AS x(resource_id, item, grp, unit, starts_at, ends_at)
         WHERE EXISTS (SELECT FROM calendar) AND {LOCK_UNIT}
         ORDER BY x.resource_id, x.unit, x.starts_at
        ON CONFLICT DO NOTHING RETURNING id),
    whole AS (SELECT count(*) = :wanted AS yes FROM claimed),
    offer AS (
        INSERT INTO waitlist_offers (id, business_id, entry_id, service_id, start_at, end_at, resource_ids, party_size,
                                     expires_at)
        SELECT :offer_id, :business_id, :entry_id, :service_id, :start_at, :end_at,
               ARRAY(SELECT DISTINCT unnest(CAST(:resource_ids AS uuid[]))), :party_size, :expires_at
          FROM whole WHERE yes),
    entry AS (UPDATE waitlist SET status = 'offered' WHERE id = :entry_id AND (SELECT yes FROM whole))
    SELECT (SELECT array_agg(id) FROM claimed) AS claims, EXISTS (SELECT FROM calendar) AS is_current
""")
# A transaction that frees time holds locks that others wait for, so it waits for them only this long.
_PATIENCE = "100ms"
_BEGIN_TURNS = text("""
    SELECT EXISTS (SELECT FROM waitlist w WHERE w.business_id = :business_id AND w.status = 'waiting')
       AND set_config('lock_timeout', :patience, true) IS NOT NULL
""")
_END_TURNS = text("SET LOCAL lock_timeout TO DEFAULT")
#: At most so many times are offered in the transaction that frees them; the run of the waitlist offers the others.
MOST_AT_ONCE = 10
_REFUSED = (SlotTaken, OutsideOpeningHours, NobodyWorks, OutsideBookingWindow)


class WaitlistOfferStore(WaitlistEndStore):
    """The steps of the run of a business's waitlist."""

    async def take_turn(self, business_id: UUID, now: datetime) -> WaitlistTurn:
        """End expired offers and entries, then offer at most one free time: to the entry that joined first among those
        that it fits. A second run continues from the present rows, so it may be repeated after any failure."""
        turn = await self._turn(business_id, now)
        take_freed_time(self.session)  # by the ends of offers; the next turn offers that time
        return turn

    async def offer_freed_time(self) -> dict[UUID, datetime]:
        """The last step of a transaction: time that it has freed is offered, so that nobody else can take it first.
        Returns the businesses where somebody got an offer, and when.

        A turn that would have to wait for another transaction, or fails, is undone: the run of the waitlist, which is
        woken in any case, takes it after the commit.
        """
        made = {}
        for business_id, now in take_freed_time(self.session).items():
            is_wanted = await self.session.scalar(_BEGIN_TURNS, {"business_id": business_id, "patience": _PATIENCE})
            if is_wanted:
                if await self._offer_at_once(business_id, now):
                    made[business_id] = now
                await self.session.execute(_END_TURNS)
        take_freed_time(self.session)
        return made

    async def _offer_at_once(self, business_id: UUID, now: datetime) -> int:
        """Returns how many offers were made."""
        for made in range(MOST_AT_ONCE):
            turn = await self._undoable_turn(business_id, now)
            if turn is None or turn.entry_id is None:
                return made
        return MOST_AT_ONCE

    async def _undoable_turn(self, business_id: UUID, now: datetime) -> WaitlistTurn | None:
        """None for a turn that failed and was undone. A failure of the savepoint itself is raised: then the whole
        transaction has failed."""
        async with self.session.begin_nested() as savepoint:
            await self.session.connection()  # sends the savepoint, which is else sent with the first statement
            try:
                return await self._turn(business_id, now)
            except (DomainError, DBAPIError) as error:
                if isinstance(error, DBAPIError) and error.connection_invalidated:
                    raise
                _log.info("waitlist.left_to_its_run", business_id=str(business_id), reason=type(error).__name__)
                await savepoint.rollback()
        return None

    async def _turn(self, business_id: UUID, now: datetime) -> WaitlistTurn:
        await self.session.execute(_ONE_AT_A_TIME, {"business_id": business_id})
        await self.lapse(now, of=business_id)
        await self.end_past(now, of=business_id)
        rows = {row.id: row for row in await self.session.execute(_ENTRIES, {"business_id": business_id})}
        calendars = _Calendars(
            self, {key: _entry(row) for key, row in rows.items()}, await self._offer_for(business_id)
        )
        await self._withdraw(business_id, calendars, now)
        with no_offers(self.session):
            offered = await self._offer_next(rows, calendars, now)
        next_at: datetime | None = await self.session.scalar(_NEXT, {"business_id": business_id})
        return WaitlistTurn(offered, next_at)

    async def _offer_for(self, business_id: UUID) -> timedelta:
        found: timedelta | None = await self.session.scalar(_OFFER_FOR, {"business_id": business_id})
        return found or timedelta()

    async def _withdraw(self, business_id: UUID, calendars: "_Calendars", now: datetime) -> None:
        """End open offers of a time that is blocked now, or at which none of the offered staff works."""
        for row in (await self.session.execute(_OPEN, {"business_id": business_id})).all():
            entry = calendars.entries.get(row.entry_id)
            calendar = await calendars.of(entry.service_id, now) if entry else None
            if entry is None or calendar is None or (not row.is_blocked and _is_still_open(calendar, row, now)):
                continue
            locked = await self.lock(row.entry_id)
            if locked is not None and locked.offer_id == row.id:
                await self.end_offer(locked, OfferStatus.WITHDRAWN, EntryStatus.WAITING, now, locked.unanswered)

    async def _offer_next(self, rows: dict[UUID, Row[Any]], calendars: "_Calendars", now: datetime) -> UUID | None:
        waiting = [calendars.entries[key] for key, row in rows.items() if row.status == EntryStatus.WAITING]
        for entry in waitlist.in_turn(waiting):
            calendar = await calendars.of(entry.service_id, now)
            if calendar is None:
                continue
            for start_at in waitlist.offerable(entry, calendar.starts(entry.wanted, now), calendar.terms, now):
                locked = await self.lock(entry.id)
                if locked is None or locked.status != EntryStatus.WAITING:
                    break
                if await self._take(rows[entry.id], entry, calendar, start_at, now):
                    return entry.id
        return None

    async def _take(
        self, row: Row[Any], entry: Entry, calendar: ServiceCalendar, start_at: datetime, now: datetime
    ) -> bool:
        """Hold the time for the entry. False: it was taken meanwhile, nothing is held."""
        catalogue, terms = calendar.catalogue, calendar.terms
        expires_at, question = waitlist.answer_by(now, terms, start_at), calendar.question(entry.wanted, now)
        if expires_at is None or question is None:
            return False
        claims = ClaimStore(self.session, self.context)
        values = {
            "business_id": catalogue.business_id,
            "offer_id": catalogue.new_id,
            "entry_id": entry.id,
            "service_id": entry.service_id,
            "start_at": start_at,
            "end_at": start_at + terms.duration,
            "party_size": entry.wanted.party_size,
            "expires_at": expires_at,
            "calendar_version": catalogue.calendar_version,
        }

        async def attempt(candidate: Candidate, waits: bool) -> bool:
            asked = {**values, **claim_values(candidate), "wanted": len(candidate), "waits": waits}
            return await claims.execute_whole(candidate, _TAKE, asked)

        try:
            async with self.session.begin_nested():
                await claims.take_any(catalogue, question, calendar.facts, start_at, now, attempt)
        except _REFUSED:
            return False
        facts = {"offer_id": catalogue.new_id, "start_at": start_at, "until": expires_at}
        await self._notify_person(row, facts, expires_at - now)
        return True

    async def _notify_person(self, row: Row[Any], facts: dict[str, Any], lasts: timedelta) -> None:
        kind = AccountEmailKind.WAITLIST_OFFERED
        message = AccountEmail(
            kind,
            row.user_id,
            f"{kind.value}/{facts['offer_id']}",
            {"waitlist_entry_id": row.id, **facts},
            row.business_id,
            row.language,
            give_up_after=lasts,
        )
        await NoticeStore(self.session, self.context).queue_account_email(message)


class _Calendars:
    """The calendar of each service with entries, read at its first use."""

    def __init__(self, store: WaitlistOfferStore, entries: dict[UUID, Entry], offer_for: timedelta) -> None:
        self._store = store
        self.entries = entries
        self._offer_for = offer_for
        self._known: dict[UUID, ServiceCalendar | None] = {}

    async def of(self, service_id: UUID, now: datetime) -> ServiceCalendar | None:
        """None while the service takes no bookings."""
        if service_id not in self._known:
            who: Sequence[Entry] = [entry for entry in self.entries.values() if entry.service_id == service_id]
            reader = WaitlistCalendarStore(self._store.session, self._store.context)
            self._known[service_id] = await reader.read(service_id, who, self._offer_for, now)
        return self._known[service_id]


def _is_still_open(calendar: ServiceCalendar, row: Row[Any], now: datetime) -> bool:
    """Whether the offered visit lies inside today's hours, taken or not."""
    day = row.start_at.astimezone(calendar.terms.zone).date()
    serve = tuple(row.resource_ids)
    if not set(serve) <= set(calendar.catalogue.resources):
        return False
    try:
        question = calendar.catalogue.question(day - timedelta(days=1), day, now, row.party_size, [serve], staff=True)
    except PartySizeRefused:
        return False
    hours = Facts(calendar.facts.business, calendar.facts.resources, [])
    return next(plan(question, hours, row.start_at, limit=1), None) is not None


def _entry(row: Row[Any]) -> Entry:
    offered = tuple(
        Offered(datetime.fromisoformat(start), datetime.fromisoformat(end), OfferStatus(status))
        for start, end, status in row.offered
    )
    wanted = Wanted(row.first_day, row.last_day, times_of(row.times), tuple(row.resource_ids), row.party_size)
    return Entry(row.id, row.service_id, row.joined_at, wanted, offered)
