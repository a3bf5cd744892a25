"""Notes about customers, for those who work at the business."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query
from starlette.responses import Response

from api.access.callers import Access, Now, Services
from api.access.permissions import may
from api.http import routing
from api.http.envelope import Envelope, ListEnvelope, SuccessMessage, created, ok
from api.http.fields import DeletedRead
from api.http.idempotency import OptionalKey, store_response
from api.http.paging import PageAsked, flag_of, moment_of
from api.http.times import Day, Moment
from api.v1.customers.notes.handlers import add_note, change_note, read_notes
from api.v1.customers.notes.schemas import (
    BookingAllergyRead,
    CustomerNoteCreate,
    CustomerNoteRead,
    CustomerNoteUpdate,
    HealthNoteReadRead,
)
from domain.customers.permissions import CustomerAction

router = routing.router("/customers", tags=["customers"])

MayList = Annotated[Access, Depends(may(CustomerAction.READ, on="customers"))]
MayListAll = Annotated[Access, Depends(may(CustomerAction.READ, on="business"))]
MayCreate = Annotated[Access, Depends(may(CustomerAction.WRITE, on="customers"))]
MayRead = Annotated[Access, Depends(may(CustomerAction.READ, on="customer_notes"))]
MayWrite = Annotated[Access, Depends(may(CustomerAction.WRITE, on="customer_notes"))]
MaySeeReaders = Annotated[Access, Depends(may(CustomerAction.READ_HEALTH_READERS, on="customers"))]


@router.get("/notes", summary="List notes about a customer", response_model=ListEnvelope[CustomerNoteRead])
async def list_customer_notes(customer_id: UUID, access: MayList, page: PageAsked, services: Services) -> Response:
    """Pinned ones first, then the newest. The texts of notes about health are for owner, manager and staff, and that
    they were shown is recorded."""
    async with access.work(customer_id) as work:
        rows = await work.customers.notes.list_notes(customer_id, page.after(flag_of, UUID), page.fetch)
        shown = {note.id: note for note in await read_notes(work, services, access, rows[: page.limit])}
    return page.answer(rows, lambda row: shown[row.id], lambda row: (row.pinned, row.id))


@router.get("/allergies", summary="List allergies for a day", response_model=ListEnvelope[BookingAllergyRead])
async def list_allergies(
    business_id: UUID,
    access: MayListAll,
    page: PageAsked,
    services: Services,
    now: Now,
    day: Annotated[
        Day | None, Query(description="Day of the venue on which the bookings begin; today without one.")
    ] = None,
    since: Annotated[
        Moment | None,
        Query(
            alias="from",
            description="Bookings that begin at this time or later, RFC 3339; replaces the day's beginning.",
        ),
    ] = None,
    until: Annotated[
        Moment | None,
        Query(alias="to", description="Bookings that begin before this time, RFC 3339; replaces the day's end."),
    ] = None,
    booking_id: Annotated[UUID | None, Query(description="Only of this booking.")] = None,
) -> Response:
    """Allergies of those who have bookings on the day, in the order of the bookings. A business day that ends after
    midnight is asked for with `from` and `to`. The texts are for owner, manager and staff, and that they were shown is
    recorded."""
    after = page.after(moment_of, UUID, UUID)
    async with access.work(business_id) as work:
        found = await work.customers.notes.list_allergies(
            business_id, day, (since, until), booking_id, after and (after[0], after[1], after[2]), page.fetch, now
        )
        notes = list({row.note.id: row.note for row in found[: page.limit]}.values())
        shown = {note.id: note.body for note in await read_notes(work, services, access, notes)}
    return page.answer(
        found,
        lambda row: BookingAllergyRead.of(row, shown[row.note.id]),
        lambda row: (row.start_at.isoformat(), row.booking_id, row.note.id),
    )


@router.post("/notes", status_code=201, summary="Create a note", response_model=Envelope[CustomerNoteRead])
async def create_customer_note(
    body: CustomerNoteCreate, access: MayCreate, services: Services, key: OptionalKey
) -> Response:
    """A note about health is stored encrypted, and answered without its text."""
    async with access.work(body.customer_id, key) as work:
        note = await add_note(work, services, access, body)
        return await store_response(work, created(note))


@router.get("/notes/{note_id}", summary="Get a note", response_model=Envelope[CustomerNoteRead])
async def get_customer_note(note_id: UUID, access: MayRead, services: Services) -> Response:
    """One note. That a note about health was shown is recorded."""
    async with access.work(note_id) as work:
        note = await work.customers.notes.get(note_id)
        [shown] = await read_notes(work, services, access, [note])
    return ok(shown)


@router.put("/notes/{note_id}", summary="Update a note", response_model=Envelope[CustomerNoteRead])
async def update_customer_note(
    note_id: UUID, body: CustomerNoteUpdate, access: MayWrite, services: Services
) -> Response:
    """Fields that are left out do not change."""
    async with access.work(note_id) as work:
        note = await work.customers.notes.get(note_id)
        changed = await change_note(work, services, access, note, body)
    return ok(changed, SuccessMessage.UPDATED)


@router.delete("/notes/{note_id}", summary="Delete a note", response_model=Envelope[DeletedRead])
async def delete_customer_note(note_id: UUID, access: MayWrite, now: Now) -> Response:
    """The note is no longer shown."""
    async with access.work(note_id) as work:
        await work.customers.notes.remove(note_id, now)
    return ok(DeletedRead(id=note_id), SuccessMessage.DELETED)


@router.get(
    "/{customer_id}/health-note-reads",
    summary="List readings of health notes",
    response_model=ListEnvelope[HealthNoteReadRead],
)
async def list_health_note_reads(customer_id: UUID, access: MaySeeReaders, page: PageAsked) -> Response:
    """Who was shown notes about the customer's health, the newest first. For the owner."""
    async with access.work(customer_id) as work:
        rows = await work.customers.notes.list_readings(customer_id, page.after_id, page.fetch)
    return page.answer(rows, HealthNoteReadRead.of, lambda row: (row.id,))
