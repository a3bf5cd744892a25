"""Small exports are the answer; for large ones a workflow writes a file."""

from datetime import date, datetime
from io import BytesIO
from typing import TYPE_CHECKING, Annotated
from uuid import UUID

from fastapi import Depends, Query
from starlette.responses import Response

from api.access.callers import ApiServices
from api.access.operators import AuditReader
from api.http.envelope import ok
from api.http.operation_errors import raises
from api.http.rate_limits import count_file
from api.http.times import Day
from api.v1.analytics.exports.schemas import AnalyticsExportRead
from db.analytics.exports import ExportAsked
from domain.analytics.exports import ExportFormat
from domain.analytics.periods import ExportPeriod
from domain.errors import InvalidInput, RuleBroken
from runtime.starting import deferred, loaded

if TYPE_CHECKING:
    from analytics import export as figures
else:
    # It loads Polars, which a process needs only for a file.
    figures = deferred("analytics.export")

_MEDIA_TYPES = {ExportFormat.CSV: "text/csv; charset=utf-8", ExportFormat.PARQUET: "application/vnd.apache.parquet"}


@raises(InvalidInput)
async def export_period(
    first: Annotated[Day, Query(alias="from", description="The first business day.")],
    last: Annotated[Day, Query(alias="to", description="The last business day; at most 3,653 days.")],
) -> ExportPeriod:
    """The range of the query string. Raises InvalidInput."""
    return ExportPeriod(first, last)


AskedExport = Annotated[ExportPeriod, Depends(export_period)]


@raises(InvalidInput, RuleBroken)
async def export_days(
    reader: AuditReader,
    services: ApiServices,
    business_id: UUID | None,
    asked: ExportPeriod,
    format_: ExportFormat,
    now: datetime,
) -> Response:
    """Up to 367 days of one business as a file, else 202 with the export that is being written. Raises InvalidInput if
    somebody who is no operator does not name the business; RateLimited and RuleBroken for too many files."""
    if business_id is None and not reader.sees_all:
        raise InvalidInput.at("business_id", "missing")
    if business_id is not None and asked.is_answered_at_once:
        return await _answer(reader, business_id, asked, format_)
    await count_file(services, reader.me.id)
    opened = reader.everything() if business_id is None else reader.of(business_id)
    async with opened as work:
        wanted = ExportAsked(business_id, reader.me.id, asked, format_)
        export = await work.analytics.exports.begin(wanted, now)
    answer = ok(AnalyticsExportRead.of(export), status_code=202)
    answer.headers["Location"] = f"/api/v1/analytics/exports/{export.id}"
    return answer


async def _answer(reader: AuditReader, business_id: UUID, asked: ExportPeriod, format_: ExportFormat) -> Response:
    async with reader.of(business_id) as work:
        found = await work.analytics.list_(business_id, asked, None, asked.days)
    buffer = BytesIO()
    await loaded("analytics.export")
    figures.write_days(buffer, [dict(row._mapping) for row in found], format_)
    headers = {"Content-Disposition": f'attachment; filename="{file_name(asked.first, asked.last, format_)}"'}
    return Response(buffer.getvalue(), media_type=_MEDIA_TYPES[format_], headers=headers)


def file_name(first: date, last: date, format_: ExportFormat) -> str:
    """What a browser saves the file as."""
    return f"analytics-{first}-{last}.{format_}"
