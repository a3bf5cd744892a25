"""Schemas of data exports and erasures."""

from datetime import datetime
from typing import Annotated, Any, Self

from pydantic import ConfigDict, Field, StringConstraints

from api.http.fields import Input, Output, RecordRead, examples
from api.v1.identity.auth.schemas import Password
from db.privacy.erasures import ErasureRow
from db.privacy.exports import ExportRow
from domain.platform.files import FileStatus


class ExportRead(RecordRead):
    """A copy of one's data. It can be fetched from ``ready_at`` to ``expires_at`` with the link in the message that
    says so. ``size`` in bytes."""

    model_config = ConfigDict(
        json_schema_extra=examples(
            {
                "id": "019a0c63-4c5d-7f70-8a9e-1b3c8d5e7a09",
                "status": "ready",
                "size": 48213,
                "created_at": "2026-11-21T01:31:00Z",
                "ready_at": "2026-11-21T01:31:02Z",
                "expires_at": "2026-11-28T01:31:02Z",
            }
        )
    )

    status: FileStatus = Field(description="Present status.")
    size: int | None = Field(description="Size in bytes.")
    ready_at: datetime | None = Field(description="When the file was ready, RFC 3339; null until then.")
    expires_at: datetime | None = Field(description="When it expires, RFC 3339.")

    @classmethod
    def of(cls, row: ExportRow) -> Self:
        """A stored export."""
        return cls.model_validate({name: getattr(row, name) for name in cls.model_fields})


class FetchExportCommand(Input):
    """``token``: from the message that says that the copy is ready."""

    model_config = ConfigDict(json_schema_extra=examples({"token": "k1.AAAAAGkg…"}))

    token: Annotated[str, StringConstraints(min_length=1, max_length=500)] = Field(
        description="Token of the link in the message.",
    )


class ExportFileRead(Output):
    """All that is held of a person, a list for each section: ``account``, ``sessions``, ``customer_records``,
    ``bookings``, ``payments``, ``notices`` and more. ``format`` counts up when the shape changes."""

    model_config = ConfigDict(
        extra="allow",
        json_schema_extra=examples(
            {
                "format": 1,
                "exported_at": "2026-11-21T01:31:02Z",
                "account": [{"id": "019a0c5e-7b3f-7c21-b5d4-a9e1f2036c58", "email": "hanako@example.jp"}],
                "bookings": [{"code": "3479ACDE", "price": 5500, "currency": "JPY"}],
            }
        ),
    )

    format: int = Field(description="Version of the format of this file.")
    exported_at: datetime = Field(description="When the export was made, RFC 3339.")
    account: list[dict[str, Any]] = Field(description="Everything that is stored about the person, by kind.")


class ErasureCreate(Input):
    """``password``: once more, because this cannot be undone."""

    model_config = ConfigDict(json_schema_extra=examples({"password": "Sakura-2026"}))

    password: Password = Field(description="Password.")


class ErasureRead(RecordRead):
    """The login is closed since ``created_at`` and anonymous since ``anonymised_at``; what still leads to it is deleted
    at ``delete_at``, which ``completed_at`` confirms."""

    model_config = ConfigDict(
        json_schema_extra=examples(
            {
                "id": "019a0c63-4c5d-7f70-8a9e-1b3c8d5e7a09",
                "created_at": "2026-11-21T01:31:00Z",
                "anonymised_at": "2026-11-21T01:31:02Z",
                "delete_at": "2026-12-21T01:31:00Z",
                "completed_at": None,
            }
        )
    )

    anonymised_at: datetime | None = Field(
        description="When the personal data was made anonymous, RFC 3339; null until then.",
    )
    delete_at: datetime = Field(description="When the rest will be deleted, RFC 3339.")
    completed_at: datetime | None = Field(description="When everything was erased, RFC 3339; null until then.")

    @classmethod
    def of(cls, row: ErasureRow) -> Self:
        """A stored erasure."""
        return cls.model_validate({name: getattr(row, name) for name in cls.model_fields})
