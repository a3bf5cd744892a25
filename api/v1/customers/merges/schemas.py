"""Schemas of merges."""

from datetime import datetime
from typing import Self
from uuid import UUID

from pydantic import ConfigDict, Field

from api.http.fields import Input, Output, examples
from db.customers.merging import MergeRow, PairRow

_KEPT, _MERGED = "019a0c5e-ac32-7f60-9e33-205d9c704fb2", "019a0c61-0d1e-7a30-8f42-6b0c4e9d2a11"


class MergeCommand(Input):
    """The record that goes into the one of the path."""

    model_config = ConfigDict(json_schema_extra=examples({"duplicate_id": _MERGED}))

    duplicate_id: UUID = Field(description="Id of the other record of the same person (UUID).")


class ApartCommand(Input):
    """The record that is not the person of the one of the path."""

    model_config = ConfigDict(json_schema_extra=examples({"duplicate_id": _MERGED}))

    duplicate_id: UUID = Field(description="Id of the other record (UUID).")


class CustomerMergeRead(Output):
    """A record that went into another one."""

    model_config = ConfigDict(
        json_schema_extra=examples(
            {
                "id": "019a0c66-5e11-7b02-9c8d-0f1e2d3c4b5a",
                "customer_id": _KEPT,
                "duplicate_id": _MERGED,
                "merged_by": "019a0c5d-1f2e-7d3c-8b4a-5f6e7d8c9b0a",
                "merged_at": "2026-11-21T01:30:00Z",
                "undone_by": None,
                "undone_at": None,
            }
        )
    )

    id: UUID = Field(description="Id of the merge (UUID).")
    customer_id: UUID = Field(description="Id of the record that was kept (UUID).")
    duplicate_id: UUID = Field(description="Id of the record that went into it (UUID).")
    merged_by: UUID | None = Field(description="Id of the user who merged them (UUID); null if unknown.")
    merged_at: datetime = Field(description="When they were merged, RFC 3339.")
    undone_by: UUID | None = Field(description="Id of the user who undid it (UUID); null for none.")
    undone_at: datetime | None = Field(description="When it was undone, RFC 3339; null if it was not.")

    @classmethod
    def of(cls, row: MergeRow) -> Self:
        """A stored merge."""
        by = {"merged_by": row.merged_by, "undone_by": row.undone_by, "undone_at": row.undone_at}
        return cls(id=row.id, customer_id=row.kept_id, duplicate_id=row.merged_id, merged_at=row.created_at, **by)


class DuplicateRead(Output):
    """Two records that may be one person."""

    model_config = ConfigDict(
        json_schema_extra=examples({"customer_id": _KEPT, "duplicate_id": _MERGED, "reasons": ["phone"]})
    )

    customer_id: UUID = Field(description="Id of the older record (UUID).")
    duplicate_id: UUID = Field(description="Id of the newer record (UUID).")
    reasons: list[str] = Field(
        description="What they have in common: `phone`, `email`, `name_and_birthday` or `kana_and_birthday`."
    )

    @classmethod
    def of(cls, row: PairRow) -> Self:
        """A pair."""
        return cls(customer_id=row.customer_id, duplicate_id=row.duplicate_id, reasons=row.reasons)
