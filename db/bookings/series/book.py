"""Booking a series: each occurrence is held like any booking, in one transaction.

A savepoint around each occurrence undoes the rows of a refused one. A preview does the same and undoes
everything, so its answer is the same as that of booking at this moment.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import bindparam, text
from sqlalchemy.dialects.postgresql import UUID as PgUUID

from db.bookings.commands.confirm import ConfirmStore
from db.bookings.commands.hold import HoldStore
from db.bookings.commands.hold_request import HoldRequest
from db.bookings.commands.locked import Locked
from db.bookings.commands.notices import Message, queued
from db.bookings.series.read import RECURRENCE, SeriesReadStore, SeriesRow
from db.messages.notices import NoticeStore
from db.scheduling.calendars.change import CalendarStore
from domain.booking_status import BookingStatus
from domain.bookings.commands import BookingCommand
from domain.bookings.errors import HoldLimit, SeriesClash
from domain.bookings.series import Occurrence, Refusal, Take, check_ahead, check_bookable, planned_starts
from domain.bookings.view import BookingView
from domain.instants import text_at_venue
from domain.messages.kinds import NoticeKind
from domain.platform.actor import SYSTEM
from domain.scheduling.errors import NobodyWorks, OutsideBookingWindow, OutsideOpeningHours, SlotTaken
from domain.scheduling.recurrence import Recurrence

#: Why one occurrence cannot be booked while others can.
CLASHES = (SlotTaken, NobodyWorks, OutsideOpeningHours, OutsideBookingWindow, HoldLimit)
_ADD = text("""
    INSERT INTO booking_series (business_id, customer_id, user_id, start_at, recurrence, time_zone)
    VALUES (:business_id, :customer_id, :user_id, :start_at, CAST(:recurrence AS jsonb), :time_zone) RETURNING id
""").bindparams(bindparam("user_id", type_=PgUUID(as_uuid=True)))
_ADD_OCCURRENCES = text("""
    INSERT INTO series_occurrences (business_id, series_id, number, planned_at, booking_id, refusal)
    SELECT :business_id, :series_id, x.number, x.planned_at, x.booking_id, x.refusal
      FROM unnest(CAST(:numbers AS smallint[]), CAST(:planned AS timestamptz[]), CAST(:bookings AS uuid[]),
                  CAST(:refusals AS text[])) AS x(number, planned_at, booking_id, refusal)
""")
_CURRENCY = text("SELECT currency FROM businesses WHERE id = :business_id")
# Two series of one customer at the same moment do not see each other's bookings: one waits here for the other.
_ONE_AT_A_TIME = text("""
    SELECT pg_advisory_xact_lock(hashtextextended(CAST(CAST(:customer_id AS uuid) AS text), 7))
""")
_AHEAD = text("""
    SELECT count(*) FROM series_occurrences o
      JOIN booking_series s ON s.id = o.series_id JOIN bookings b ON b.id = o.booking_id
     WHERE s.customer_id = :customer_id AND b.start_at > :now AND b.status IN ('pending', 'confirmed')
""")


@dataclass(frozen=True, slots=True)
class SeriesRequest:
    """``first``: the first occurrence, as the request for a single booking. ``take``: what happens if some of
    them cannot be booked."""

    first: HoldRequest
    recurrence: Recurrence
    take: Take = Take.ALL


@dataclass(frozen=True, slots=True)
class SeriesPreview:
    """The result that booking would have. ``currency``: of the prices."""

    occurrences: Sequence[Occurrence]
    currency: str
    time_zone: str


@dataclass(slots=True)
class _Progress:
    """The occurrences that are booked and refused so far."""

    request: HoldRequest
    zone: ZoneInfo
    booked: list[BookingView] = field(default_factory=list)
    occurrences: list[Occurrence] = field(default_factory=list)


class Undone(Exception):
    """Ends a preview."""


class _ConfirmWithoutMessageStore(ConfirmStore):
    """Confirms without a message: the series has one for all of them."""

    async def _queue_notices(self, booking: Locked, *messages: Message) -> None:
        """Nothing."""


class _OccurrenceStore(HoldStore):
    """Holds one occurrence. One that needs approval has its own request to the business."""

    async def _queue_notices(self, view: BookingView, now: datetime) -> None:
        if view.status is not BookingStatus.CONFIRMED:
            await super()._queue_notices(view, now)
            return
        command = BookingCommand(view.id, view.business_id, f"instant:{view.id}", SYSTEM.kind)
        await _ConfirmWithoutMessageStore(self.session, self.context).confirm(command, now)


class SeriesStore(SeriesReadStore):
    """Books series; see the module."""

    async def book(self, business_id: UUID, request: SeriesRequest, now: datetime) -> SeriesRow:
        """Book every occurrence, or with ``Take.FREE`` those that can be. Raises SeriesClash with the refusals,
        where not all (``Take.ALL``) or none can be booked; HoldLimit; RuleBroken for terms that cannot recur;
        InvalidInput for impossible days."""
        made = await self._hold_all(business_id, request, now)
        refused = [one for one in made.occurrences if one.refusal is not None]
        if refused and (request.take is Take.ALL or not made.booked):
            raise SeriesClash({"occurrences": [_shown(one, made) for one in refused], "count": len(refused)})
        return await self._store(made, request.recurrence, now)

    async def preview(self, business_id: UUID, request: SeriesRequest, now: datetime) -> SeriesPreview:
        """The result that ``book`` would have at this moment; everything is rolled back. Raises the errors of ``book``,
        but no SeriesClash."""
        try:
            async with self.session.begin_nested():
                made = await self._hold_all(business_id, request, now)
                raise Undone
        except Undone:
            undone = [replace(one, booking_id=None) for one in made.occurrences]
            currency = next((view.currency for view in made.booked), "")
            return SeriesPreview(undone, currency or await self._currency(business_id), made.zone.key)

    async def _currency(self, business_id: UUID) -> str:
        return str(await self.session.scalar(_CURRENCY, {"business_id": business_id}))

    async def _hold_all(self, business_id: UUID, request: SeriesRequest, now: datetime) -> _Progress:
        zone = await CalendarStore(self.session, self.context).zone(business_id)
        made = _Progress(request.first, zone)
        for number, start_at in enumerate(planned_starts(request.recurrence, request.first.start_at, zone), 1):
            try:
                async with self.session.begin_nested():
                    view = await self._hold(replace(made.request, start_at=start_at), now)
            except CLASHES as error:
                refusal = Refusal(error.code, error.details)
                made.occurrences.append(Occurrence(number, start_at, refusal=refusal))
                continue
            made.booked.append(view)
            if made.request.person is not None:  # new with this booking, and known with the next one
                made.request = replace(made.request, customer_id=view.customer_id, person=None)
            made.occurrences.append(
                Occurrence(number, start_at, view.id, view.status, view.start_at, view.end_at, view.price)
            )
        return made

    async def _hold(self, request: HoldRequest, now: datetime) -> BookingView:
        view = await _OccurrenceStore(self.session, self.context).hold(request, now)
        check_bookable(view.amount_due, must_prove=view.proof_deadline is not None)
        return view

    async def _store(self, made: _Progress, recurrence: Recurrence, now: datetime) -> SeriesRow:
        first = made.booked[0]
        business_id, customer_id = first.business_id, first.customer_id
        await self.session.execute(_ONE_AT_A_TIME, {"customer_id": customer_id})
        values = {
            "business_id": business_id,
            "customer_id": customer_id,
            "user_id": first.user_id,
            "start_at": made.occurrences[0].planned_at,
            "recurrence": RECURRENCE.dump_json(recurrence).decode(),
            "time_zone": first.time_zone,
        }
        series_id: UUID = (await self.session.execute(_ADD, values)).scalar_one()
        rows = {
            "numbers": [one.number for one in made.occurrences],
            "planned": [one.planned_at for one in made.occurrences],
            "bookings": [one.booking_id for one in made.occurrences],
            "refusals": [one.refusal.code if one.refusal else None for one in made.occurrences],
        }
        await self.session.execute(_ADD_OCCURRENCES, {"business_id": business_id, "series_id": series_id, **rows})
        if not made.request.by_staff:
            check_ahead(await self.session.scalar(_AHEAD, {"customer_id": customer_id, "now": now}) or 0)
        await self._notify([view for view in made.booked if view.status is BookingStatus.CONFIRMED])
        return await self.get(series_id)

    async def _notify(self, confirmed: Sequence[BookingView]) -> None:
        """One message for all occurrences that are confirmed, to the customer and to the business."""
        if not confirmed:
            return
        first = confirmed[0]
        listed = [[str(view.id), view.start_at.isoformat(), view.end_at.isoformat()] for view in confirmed]
        facts = {"series": listed}
        messages = (
            Message(NoticeKind.BOOKING_CONFIRMED, facts),
            Message(NoticeKind.BOOKING_CONFIRMED, facts, to_business=True),
        )
        notices = [queued(first.id, first.business_id, message) for message in messages]
        await NoticeStore(self.session, self.context).queue_many(notices)


def _shown(occurrence: Occurrence, made: _Progress) -> dict[str, object]:
    refusal = occurrence.refusal or Refusal("")
    return {
        "number": occurrence.number,
        "start_at": text_at_venue(occurrence.planned_at, made.zone),
        "code": refusal.code,
        "alternatives": refusal.details.get("alternatives", []),
    }
