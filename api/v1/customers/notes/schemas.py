"""Schemas of notes about customers."""

from datetime import datetime
from typing import ClassVar, Self
from uuid import UUID

from pydantic import ConfigDict, Field

from api.http.fields import ChangedRecordRead, Changes, Input, Output, Prose, RecordRead, examples
from db.customers.notes import AllergyRow, HealthReadRow, NoteRow
from domain.customers.notes import NoteKind

_ID = "019a0c5e-7b3f-7c21-b5d4-a9e1f2036c58"
_NOTE = {"kind": "allergy", "body": "ヘアカラー（ジアミン）で発疹", "pinned": True}


class CustomerNoteCreate(Input):
    """A new note about a customer. `allergy`, `restriction` and `special_need` are about health: their texts are stored
    encrypted, and every reading is recorded."""

    model_config = ConfigDict(json_schema_extra=examples({"customer_id": _ID, **_NOTE}))

    customer_id: UUID = Field(description="Id of the customer (UUID).")
    kind: NoteKind = Field(description="What the note is about.")
    body: Prose = Field(description="The note itself.")
    pinned: bool = Field(default=False, description="Whether it comes before the others.")


class CustomerNoteUpdate(Changes):
    """The fields to change. The kind of a note does not change: write another one."""

    model_config = ConfigDict(json_schema_extra=examples({"pinned": False}))
    erasable: ClassVar[frozenset[str]] = frozenset()

    body: Prose | None = Field(default=None, description="The note itself.")
    pinned: bool | None = Field(default=None, description="Whether it comes before the others.")


class CustomerNoteRead(ChangedRecordRead):
    """A note about a customer."""

    model_config = ConfigDict(
        json_schema_extra=examples(
            {
                **_NOTE,
                "id": "019a0c5e-ac32-7f60-9e33-205d9c704fb2",
                "business_id": _ID,
                "customer_id": _ID,
                "author_id": _ID,
                "created_at": "2026-11-21T01:30:00Z",
                "updated_at": "2026-11-21T01:30:00Z",
            }
        )
    )

    business_id: UUID = Field(description="Id of the business (UUID).")
    customer_id: UUID = Field(description="Id of the customer (UUID).")
    kind: NoteKind = Field(description="What the note is about.")
    body: str | None = Field(description="The note itself; null if it is about health and is not shown to this caller.")
    pinned: bool = Field(description="Whether it comes before the others.")
    author_id: UUID | None = Field(description="Login of the person who wrote it (UUID); null where it is not known.")

    @classmethod
    def of(cls, row: NoteRow, body: str | None) -> Self:
        """A stored note with its readable text."""
        return cls(**{name: getattr(row, name) for name in cls.model_fields if name != "body"}, body=body)


class BookingAllergyRead(Output):
    """An allergy of the customer of a booking."""

    model_config = ConfigDict(
        json_schema_extra=examples(
            {
                "booking_id": _ID,
                "start_at": "2026-11-24T01:00:00Z",
                "customer_id": _ID,
                "note_id": _ID,
                "body": _NOTE["body"],
            }
        )
    )

    booking_id: UUID = Field(description="Id of the booking (UUID).")
    start_at: datetime = Field(description="Start of the booking, RFC 3339.")
    customer_id: UUID = Field(description="Id of the customer (UUID).")
    note_id: UUID = Field(description="Id of the note (UUID).")
    body: str | None = Field(description="The note itself; null if it is not shown to this caller.")

    @classmethod
    def of(cls, row: AllergyRow, body: str | None) -> Self:
        """A stored note with its readable text."""
        about = {"booking_id": row.booking_id, "start_at": row.start_at}
        return cls(**about, customer_id=row.note.customer_id, note_id=row.note.id, body=body)


class HealthNoteReadRead(RecordRead):
    """Somebody was shown notes about a customer's health."""

    model_config = ConfigDict(
        json_schema_extra=examples(
            {"id": _ID, "customer_id": _ID, "reader_id": _ID, "note_ids": [_ID], "created_at": "2026-11-21T01:30:00Z"}
        )
    )

    customer_id: UUID = Field(description="Id of the customer (UUID).")
    reader_id: UUID = Field(description="Login of the person who read them (UUID).")
    note_ids: list[UUID] = Field(description="Notes that were shown (UUIDs).")

    @classmethod
    def of(cls, row: HealthReadRow) -> Self:
        """A stored record."""
        return cls(**{name: getattr(row, name) for name in cls.model_fields})
