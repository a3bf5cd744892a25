"""Figures as files, for those who may read them."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query
from starlette.responses import Response

from api.access.callers import Now, Services
from api.access.operators import AuditReader, audit_reader
from api.http import routing
from api.http.envelope import Envelope, ListEnvelope, ok
from api.http.file_links import FileLinkRead
from api.http.operation_errors import raises
from api.http.paging import PageAsked
from api.v1.analytics.exports.handlers import AskedExport, export_days, file_name
from api.v1.analytics.exports.schemas import AnalyticsExportRead
from db.analytics.exports import export_key
from domain.analytics.exports import ExportFormat
from domain.analytics.permissions import AnalyticsAction
from domain.errors import Gone, InvalidInput

router = routing.router(tags=["analytics"])

MayRead = Annotated[AuditReader, Depends(audit_reader(AnalyticsAction.READ))]
OfBusiness = Annotated[UUID | None, Query(description="Required for everybody but admins.")]


@router.get(
    "/analytics/export",
    summary="Export the figures of business days",
    response_class=Response,
    responses={
        200: {"content": {"text/csv": {}, "application/vnd.apache.parquet": {}}, "description": "The file."},
        202: {"model": Envelope[AnalyticsExportRead], "description": "A file is written; `Location` is its address."},
    },
)
@raises(export_days)
async def export_analytics(
    reader: MayRead,
    asked: AskedExport,
    services: Services,
    now: Now,
    business_id: OfBusiness = None,
    format_: Annotated[ExportFormat, Query(alias="format", description="What kind of file.")] = ExportFormat.CSV,
) -> Response:
    """Oldest first, one row per business day. Up to 367 days of one business are the answer. More days, or all
    businesses for an admin, are written to a file: the answer is 202, and an e-mail says when it is ready. While it is
    being written and for an hour afterwards a repeat returns the same one. Requests for files are counted in the class
    `strict`, and one person has at most three that wait in one business (`too_many_exports`)."""
    return await export_days(reader, services, business_id, asked, format_, now)


@router.get("/analytics/exports", summary="List exports of figures", response_model=ListEnvelope[AnalyticsExportRead])
@raises(InvalidInput)
async def list_analytics_exports(reader: MayRead, page: PageAsked, business_id: OfBusiness = None) -> Response:
    """Newest first: those of one business, or for an admin those of all businesses together."""
    after = page.after_id
    if business_id is None and not reader.sees_all:
        raise InvalidInput.at("business_id", "missing")
    async with reader.everything() if business_id is None else reader.of(business_id) as work:
        rows = await work.analytics.exports.list_(business_id, after, page.fetch)
    return page.answer(rows, AnalyticsExportRead.of, lambda row: (row.id,))


@router.get(
    "/analytics/exports/{export_id}", summary="Get an export of figures", response_model=Envelope[AnalyticsExportRead]
)
async def get_analytics_export(export_id: UUID, reader: MayRead) -> Response:
    """Whether the file is ready."""
    async with reader.of_any(export_id, "analytics_exports") as work:
        return ok(AnalyticsExportRead.of(await work.analytics.exports.get(export_id)))


@router.post(
    "/analytics/exports/{export_id}/link",
    summary="Create a link to an export of figures",
    response_model=Envelope[FileLinkRead],
)
@raises(Gone)
async def create_analytics_export_link(export_id: UUID, reader: MayRead, services: Services, now: Now) -> Response:
    """Works for ten minutes. Who got a link is in the audit trail."""
    async with reader.of_any(export_id, "analytics_exports") as work:
        export = await work.analytics.exports.get(export_id)
        await work.analytics.exports.mark_linked(export_id, now)
    key, name = export_key(export_id, export.format), file_name(export.first_day, export.last_day, export.format)
    return ok(FileLinkRead.to(services.storage, key, name, now))
