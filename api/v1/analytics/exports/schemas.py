"""Schemas of exports of figures."""

from datetime import date
from uuid import UUID

from pydantic import ConfigDict, Field

from api.http.fields import examples
from api.http.file_links import FileRead
from domain.analytics.exports import ExportFormat


class AnalyticsExportRead(FileRead):
    """The figures of business days in a file that a workflow writes."""

    model_config = ConfigDict(
        json_schema_extra=examples(
            {
                "id": "019a0c68-2b3c-7d4e-9f50-6b7c8d9e0f1a",
                "business_id": "019a0c5e-7b3f-7c21-b5d4-a9e1f2036c58",
                "first_day": "2024-01-01",
                "last_day": "2026-11-20",
                "format": "csv",
                "status": "ready",
                "size": 148213,
                "created_at": "2026-11-21T01:31:00Z",
                "ready_at": "2026-11-21T01:31:09Z",
                "expires_at": "2026-11-28T01:31:00Z",
            }
        )
    )

    business_id: UUID | None = Field(description="Id of the business (UUID); null for all businesses.")
    first_day: date = Field(description="The first business day.")
    last_day: date = Field(description="The last business day.")
    format: ExportFormat = Field(description="`csv` or `parquet`.")
