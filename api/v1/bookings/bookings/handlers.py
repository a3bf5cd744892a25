"""Lists of bookings, their history, and their texts."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query
from starlette.responses import Response

from api.access.callers import Access
from api.access.listing import Listing
from api.http.envelope import SuccessMessage, ok
from api.http.operation_errors import raises
from api.http.paging import Page, moment_of
from api.http.times import Moment
from api.v1.bookings.bookings.history_schemas import HistoryRead
from api.v1.bookings.bookings.schemas import BookingRead, BookingUpdate
from db.bookings.queries import BookingFilter, HistoryEntry
from db.engine.session import UnitOfWork
from domain.booking_status import BookingStatus
from domain.bookings.permissions import BookingAction
from domain.errors import Forbidden, WrongState
from domain.scheduling.errors import PartySizeRefused, SlotTaken


@dataclass(frozen=True, slots=True)
class BookingQuery:
    """Filters of a list; without ``business_id`` the caller's own bookings."""

    business_id: UUID | None
    status: BookingStatus | None
    since: datetime | None
    until: datetime | None
    customer_id: UUID | None
    resource_id: UUID | None
    series_id: UUID | None
    code: str | None

    def filter(self, user_id: UUID | None, page: Page) -> BookingFilter:
        """As the store wants it. Raises Malformed for a cursor of another list."""
        after = page.after(moment_of, UUID)
        return BookingFilter(
            business_id=self.business_id,
            user_id=user_id,
            customer_id=self.customer_id,
            resource_id=self.resource_id,
            series_id=self.series_id,
            status=self.status,
            code=self.code.strip().upper() if self.code else None,
            since=self.since,
            until=self.until,
            after=None if after is None else (after[0], after[1]),
        )


async def booking_query(
    business_id: Annotated[UUID | None, Query(description="For those who work there; else the caller's own.")] = None,
    status: Annotated[BookingStatus | None, Query(description="Only those with this status.")] = None,
    since: Annotated[Moment | None, Query(alias="from", description="Starts at or after this time, RFC 3339.")] = None,
    until: Annotated[Moment | None, Query(alias="to", description="Starts before this time, RFC 3339.")] = None,
    customer_id: UUID | None = None,
    resource_id: UUID | None = None,
    series_id: Annotated[UUID | None, Query(description="Only occurrences of this recurring booking.")] = None,
    code: Annotated[str | None, Query(max_length=20, description="The confirmation code.")] = None,
) -> BookingQuery:
    """The filters of a list of bookings."""
    return BookingQuery(business_id, status, since, until, customer_id, resource_id, series_id, code)


AskedBookings = Annotated[BookingQuery, Depends(booking_query)]


async def bookings_page(access: Listing, asked: BookingQuery, page: Page) -> Response:
    """A page of one's own bookings, or of a business's."""
    if asked.business_id is None:
        async with access.mine() as work:
            rows = await work.bookings.list_(asked.filter(access.me.id, page), page.fetch)
    else:
        async with access.of("business", asked.business_id) as work:
            rows = await work.bookings.list_(asked.filter(None, page), page.fetch)
    return page.answer(
        rows, lambda row: BookingRead.of(row, access.works_here), lambda row: (row.start_at.isoformat(), row.id)
    )


def history_page(entries: Sequence[HistoryEntry], page: Page, works_here: bool) -> Response:
    """A page of all changes; there are too few of them to page in the database."""
    after = page.after_id
    rest = [entry for entry in entries if after is None or entry.id > after]
    return page.answer(rest, lambda entry: HistoryRead.of(entry, works_here), lambda entry: (entry.id,))


@raises(PartySizeRefused, WrongState, SlotTaken)
async def write_changes(
    work: UnitOfWork, access: Access, booking_id: UUID, body: BookingUpdate, now: datetime
) -> Response:
    """Write the given fields. Raises Forbidden when a customer writes internal notes, and what ``set_party`` raises."""
    if body.internal_notes is not None and not access.works_here:
        raise Forbidden({"action": BookingAction.UPDATE.value, "field": "internal_notes"})
    if body.party_size is not None:
        await work.bookings.changes.set_party(booking_id, body.party_size, now)
    booking = await work.bookings.update(booking_id, body.special_requests, body.internal_notes)
    return ok(BookingRead.of(booking, access.works_here), SuccessMessage.UPDATED)
