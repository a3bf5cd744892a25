"""Schemas of archives."""

from uuid import UUID

from pydantic import ConfigDict, Field

from api.http.fields import Input, examples
from api.http.file_links import FileRead

_BUSINESS = "019a0c5e-7b3f-7c21-b5d4-a9e1f2036c58"


class ArchiveCreate(Input):
    """Whose data it is."""

    model_config = ConfigDict(json_schema_extra=examples({"business_id": _BUSINESS}))

    business_id: UUID = Field(description="Id of the business (UUID).")


class ArchiveRead(FileRead):
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
