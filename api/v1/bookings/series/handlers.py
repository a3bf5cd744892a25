"""Handlers of recurring bookings: book in one transaction, change through the workflow of each booking."""

from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

from starlette.responses import Response

from api.access.callers import Access, ApiServices
from api.access.listing import Listing
from api.http.envelope import SuccessMessage, created, ok
from api.http.idempotency import Key, store_response
from api.http.operation_errors import raises
from api.http.paging import Page
from api.http.rate_limits import count_booking
from api.v1.bookings.bookings.command_client import BookingCommands
from api.v1.bookings.bookings.hold_handlers import TIME_REFUSED, request_of
from api.v1.bookings.series.schemas import MoneySums, SeriesChangedRead, SeriesCreate, SeriesMoveCommand, SeriesRead
from db.bookings.series.book import SeriesRequest
from db.bookings.series.move import REFUSALS, after
from db.bookings.series.read import SeriesRow
from domain.bookings.commands import BookingCommand, BookingOutcome
from domain.bookings.errors import HoldLimit, PriceChanged, SeriesClash
from domain.bookings.series import Occurrence, Refusal, Take, moved_starts, selected
from domain.bookings.snapshot import BookingSnapshot
from domain.errors import CurrencyMismatch, DomainError, NotFound, RuleBroken
from domain.instants import text_at_venue
from domain.platform.actor import Actor
from domain.scheduling.blocks import OccurrenceScope
from domain.scheduling.errors import NotBookable
from workflows.bookings.booking import messages


@raises(*TIME_REFUSED, PriceChanged, CurrencyMismatch, HoldLimit, SeriesClash, RuleBroken)
async def book_series(
    access: Access, key: Key, body: SeriesCreate, services: ApiServices, now: datetime, dry_run: bool
) -> Response:
    """201 with the series, or 200 with what would be booked. Raises SeriesClash, the errors of a single booking that
    concern all of them, and NotBookable for a guest: a series belongs to a login or is made by staff."""
    recurrence = body.recurrence.to_domain()
    async with access.work(body.requested[0].service_id, None if dry_run else key) as work:
        await count_booking(services, access)
        if access.user_id is None:
            raise NotBookable({"rule": "no_guest_booking"})
        request = SeriesRequest(request_of(access, body, services.settings), recurrence, body.take)
        if dry_run:
            found = await work.bookings.series.preview(access.business_id, request, now)
            return ok(SeriesRead.preview(access.business_id, recurrence, found))
        row = await work.bookings.series.book(access.business_id, request, now)
        return await store_response(work, created(SeriesRead.of(row), SuccessMessage.BOOKING_CONFIRMED))


async def series_page(access: Listing, business_id: UUID | None, page: Page) -> Response:
    """A page of one's own series, or of a business's."""
    if business_id is None:
        async with access.mine() as work:
            rows = await work.bookings.series.list_series(None, access.me.id, page.after_id, page.fetch)
    else:
        async with access.of("business", business_id) as work:
            rows = await work.bookings.series.list_series(business_id, None, page.after_id, page.fetch)
    return page.answer(rows, SeriesRead.of, lambda row: (row.id,))


@dataclass(frozen=True, slots=True)
class _Runner:
    """Sends commands to the workflows of the bookings of one series, in the name of ``actor``. With ``change_id`` they
    cause one message together."""

    services: ApiServices
    access: Access
    actor: Actor
    series_id: UUID
    change_id: UUID | None

    async def send(
        self, update: str, occurrence: Occurrence, start_at: datetime | None = None, resource_ids: tuple[UUID, ...] = ()
    ) -> BookingOutcome:
        """One command, like that of a single booking. Its id is new: the state of the booking shows whether it is done
        already, so the request may be repeated."""
        booking_id = occurrence.booking_id
        if booking_id is None:
            raise NotFound
        command = BookingCommand(
            booking_id=booking_id,
            business_id=self.access.business_id,
            command_id=uuid4().hex,
            actor_kind=self.actor.kind,
            actor_id=self.actor.user_id,
            start_at=start_at,
            resource_ids=resource_ids,
            change_id=self.change_id,
        )

        async def snapshot() -> BookingSnapshot:
            async with self.access.work(self.series_id) as work:
                return await work.bookings.snapshot(booking_id)

        client = BookingCommands(self.services.temporal, self.services.settings.temporal_rpc_timeout)
        return await client.send(update, command, snapshot)


@raises(*TIME_REFUSED, SeriesClash, RuleBroken)
async def move_series(
    services: ApiServices, access: Access, series_id: UUID, body: SeriesMoveCommand, now: datetime, dry_run: bool
) -> Response:
    """The occurrences at their new times; with ``dry_run`` the expected result. Raises SeriesClash where all are
    to move and some cannot, and the errors of the workflows."""
    async with access.work(series_id) as work:
        row = await work.bookings.series.get(series_id)
        actor = work.context.actor
        affected = selected(row.occurrences, body.scope, body.booking_id, now)
        chosen = next((one for one in affected if one.booking_id == body.booking_id), None)
        if chosen is None:
            raise NotFound({"booking_id": str(body.booking_id)})
        moves = moved_starts(affected, chosen, body.start_at, ZoneInfo(row.time_zone))
        seen = await work.bookings.series.preview_moves(row, moves, body.resource_ids, actor, now)
    refused = [one for one in seen if one.refusal is not None]
    if refused and (body.take is Take.ALL or len(refused) == len(seen)) and not dry_run:
        raise SeriesClash({"occurrences": [_clash(one, row) for one in refused], "count": len(refused)})
    if not dry_run:
        runner = _Runner(services, access, actor, series_id, _change_id(len(moves) - len(refused)))
        left = {one.number for one in refused}
        done = [await _move(runner, one, start, body) for one, start in moves if one.number not in left]
        seen = [*done, *refused]
    return ok(
        SeriesChangedRead.of(row, seen, MoneySums()), SuccessMessage.DONE if dry_run else SuccessMessage.BOOKING_MOVED
    )


async def _move(runner: _Runner, one: Occurrence, start_at: datetime, body: SeriesMoveCommand) -> Occurrence:
    try:
        return after(one, await runner.send(messages.RESCHEDULE, one, start_at, body.resource_ids))
    except REFUSALS as error:
        return _refused(one, error)


@raises(RuleBroken)
async def cancel_series(
    services: ApiServices,
    access: Access,
    series_id: UUID,
    scope: OccurrenceScope,
    booking_id: UUID | None,
    now: datetime,
    dry_run: bool,
) -> Response:
    """The occurrences after their cancellation with the sums of what it costs; with ``dry_run`` what it would cost. The
    price of each is that of a single cancellation."""
    async with access.work(series_id) as work:
        row = await work.bookings.series.get(series_id)
        affected = selected(row.occurrences, scope, booking_id, now)
        actor = work.context.actor
        quotes = await work.bookings.series.quote_cancellations(affected, access.works_here, now)
    if dry_run:
        settled = [ending.settlement for _, ending in quotes if ending is not None]
        sums = MoneySums(
            sum(one.retained for one in settled),
            sum(one.refund for one in settled),
            sum(one.released for one in settled),
        )
        return ok(SeriesChangedRead.of(row, [one for one, _ in quotes], sums))
    runner = _Runner(services, access, actor, series_id, _change_id(sum(ending is not None for _, ending in quotes)))
    done, outcomes = [one for one, ending in quotes if ending is None], []
    for occurrence in (one for one, ending in quotes if ending is not None):
        try:
            outcome = await runner.send(messages.CANCEL, occurrence)
        except REFUSALS as error:
            done.append(_refused(occurrence, error))
        else:
            outcomes.append(outcome)
            done.append(after(occurrence, outcome))
    sums = MoneySums(
        sum(one.penalty for one in outcomes),
        sum(one.refunding for one in outcomes),
        sum(one.released for one in outcomes),
    )
    return ok(SeriesChangedRead.of(row, done, sums), SuccessMessage.BOOKING_CANCELLED)


def _change_id(bookings: int) -> UUID | None:
    """Several bookings have one message; one booking has its usual one."""
    return uuid4() if bookings > 1 else None


def _refused(occurrence: Occurrence, error: DomainError) -> Occurrence:
    return replace(occurrence, refusal=Refusal(error.code, error.details))


def _clash(occurrence: Occurrence, row: SeriesRow) -> dict[str, object]:
    refusal = occurrence.refusal or Refusal("")
    return {
        "number": occurrence.number,
        "start_at": text_at_venue(occurrence.start_at or occurrence.planned_at, row.time_zone),
        "code": refusal.code,
        "alternatives": refusal.details.get("alternatives", []),
    }
