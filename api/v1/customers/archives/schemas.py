"""Schemas of archives."""

from datetime import datetime
from typing import Self
from uuid import UUID

from pydantic import ConfigDict, Field

from api.http.fields import Input, Output, RecordRead, examples
from db.customers.archives import ArchiveRow
from domain.customers.archives import ArchiveStatus

_BUSINESS = "019a0c5e-7b3f-7c21-b5d4-a9e1f2036c58"


class ArchiveCreate(Input):
    """Whose data it is."""

    model_config = ConfigDict(json_schema_extra=examples({"business_id": _BUSINESS}))

    business_id: UUID = Field(description="Id of the business (UUID).")


class ArchiveRead(RecordRead):
    """An archive of everything that a business owns."""

    model_config = ConfigDict(
        json_schema_extra=examples(
            {
                "id": "019a0c68-2b3c-7d4e-9f50-6b7c8d9e0f1a",
                "business_id": _BUSINESS,
                "status": "ready",
                "size": 1048213,
                "created_at": "2026-11-21T01:31:00Z",
                "ready_at": "2026-11-21T01:31:09Z",
                "expires_at": "2026-11-28T01:31:00Z",
            }
        )
    )

    business_id: UUID = Field(description="Id of the business (UUID).")
    status: ArchiveStatus = Field(description="`queued`, `ready`, `failed` or `expired`.")
    size: int | None = Field(description="Size in bytes; null until it is ready.")
    ready_at: datetime | None = Field(description="When the file was ready, RFC 3339; null until then.")
    expires_at: datetime | None = Field(description="When the file is deleted, RFC 3339; null until it is ready.")

    @classmethod
    def of(cls, row: ArchiveRow) -> Self:
        """A stored archive."""
        return cls.model_validate({name: getattr(row, name) for name in cls.model_fields})


class ArchiveLinkRead(Output):
    """A link to the file, which works for ten minutes."""

    model_config = ConfigDict(
        json_schema_extra=examples({"url": "https://storage.example/archives/…", "expires_at": "2026-11-21T01:41:00Z"})
    )

    url: str = Field(description="Address of the file. Anybody who has it can read the file.")
    expires_at: datetime = Field(description="Until when the link works, RFC 3339.")
