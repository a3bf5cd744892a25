"""Exporting everything that a business owns, for owner and manager."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends
from starlette.responses import Response

from api.access.callers import Access, Now, Services
from api.access.permissions import may
from api.http import routing
from api.http.envelope import Envelope, ok
from api.http.file_links import FileLinkRead
from api.http.idempotency import OptionalKey, store_response
from api.http.operation_errors import raises
from api.v1.customers.archives.schemas import ArchiveCreate, ArchiveRead
from db.customers.archives import archive_key
from domain.customers.permissions import CustomerAction
from domain.errors import Gone

router = routing.router("/customers", tags=["customers"])

MayExport = Annotated[Access, Depends(may(CustomerAction.EXPORT, on="business"))]
MayFetch = Annotated[Access, Depends(may(CustomerAction.EXPORT, on="business_archives"))]


@router.post("/export", status_code=202, summary="Export all data of a business", response_model=Envelope[ArchiveRead])
async def create_archive(body: ArchiveCreate, access: MayExport, key: OptionalKey) -> Response:
    """One CSV and one JSON file for each kind of data, in a zip file. While one is being written, a repeat returns that
    one. Texts of notes about health are not in it."""
    async with access.work(body.business_id, key) as work:
        archive = await work.customers.archives.begin(body.business_id)
        return await store_response(work, ok(ArchiveRead.of(archive), status_code=202))


@router.get("/export", summary="Get the newest export of a business", response_model=Envelope[ArchiveRead])
async def get_archive(business_id: UUID, access: MayExport) -> Response:
    """Whether the file is ready."""
    async with access.work(business_id) as work:
        return ok(ArchiveRead.of(await work.customers.archives.get_newest(business_id)))


@router.post("/exports/{archive_id}/link", summary="Create a link to an export", response_model=Envelope[FileLinkRead])
@raises(Gone)
async def create_archive_link(archive_id: UUID, access: MayFetch, services: Services, now: Now) -> Response:
    """Works for ten minutes. Who got a link is in the audit trail."""
    async with access.work(archive_id) as work:
        await work.customers.archives.mark_linked(archive_id, now)
    return ok(FileLinkRead.to(services.storage, archive_key(archive_id), "omotenashi-export.zip", now))
