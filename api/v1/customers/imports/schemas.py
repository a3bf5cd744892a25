"""Schemas of imports."""

from datetime import date, datetime
from typing import Annotated, Self
from uuid import UUID

from pydantic import Base64Bytes, ConfigDict, Field

from api.http.fields import Input, Line, Output, examples
from db.customers.imports import ImportRow, ReportRow
from domain.customers.csv_files import MAX_BYTES, MAX_COLUMNS, CsvFile
from domain.customers.importing import ImportedCustomer, ImportField, Outcome, Refusal

_ID, _BUSINESS = "019a0c67-1a2b-7c3d-8e4f-5a6b7c8d9e0f", "019a0c5e-7b3f-7c21-b5d4-a9e1f2036c58"
_FILE = "5rCP5ZCNLOmbu+ipseeVquWPtwrlsbHnlLDoirHlrZAsMDkwLTEyMzQtNTY3OAo="
#: Characters of base64 for the largest file.
_MAX_TEXT = 4 * (MAX_BYTES // 3 + 1)


class CustomerImportCommand(Input):
    """A CSV file of customers: UTF-8 with or without a byte order mark, UTF-16 or Shift_JIS."""

    model_config = ConfigDict(
        json_schema_extra=examples(
            {"business_id": _BUSINESS, "file": _FILE, "columns": {"電話番号": "phone"}, "dry_run": True}
        )
    )

    business_id: UUID = Field(description="Id of the business (UUID).")
    file: Annotated[Base64Bytes, Field(min_length=1, max_length=_MAX_TEXT)] = Field(
        description="The bytes of the file in base64, at most 5 MB and 20,000 rows."
    )
    columns: Annotated[dict[Line, ImportField], Field(max_length=MAX_COLUMNS)] = Field(
        default={},
        description="What columns are, by their names in the file. The others are recognised by their names.",
    )
    dry_run: bool = Field(default=False, description="Only show what would be imported.")


class ImportColumnRead(Output):
    """A column of the file."""

    name: str = Field(description="Name of the column in the file.")
    field: ImportField = Field(description="What it is read as.")


class ImportPreviewRead(Output):
    """A row as it would be imported."""

    number: int = Field(description="Line of the file on which the row begins, from 1.")
    reason: Refusal | None = Field(description="Why the row would be refused; null if it would not.")
    left_out: list[str] = Field(description="Fields that cannot be read and would stay empty.")
    family_name: str | None = Field(description="Family name; null for none.")
    given_name: str | None = Field(description="Given name; null for none.")
    family_name_kana: str | None = Field(description="Family name in kana; null for none.")
    given_name_kana: str | None = Field(description="Given name in kana; null for none.")
    phone: str | None = Field(description="Phone number in the international form (E.164); null for none.")
    email: str | None = Field(description="E-mail address; null for none.")
    birthday: date | None = Field(description="Date of birth; null for none.")
    tags: list[str] = Field(description="Tags.")
    note: str | None = Field(description="Text of the note; null for none.")

    @classmethod
    def of(cls, number: int, row: ImportedCustomer | Refusal) -> Self:
        """A row that was read."""
        names = ("family_name", "given_name", "family_name_kana", "given_name_kana", "phone", "email", "birthday")
        if isinstance(row, Refusal):
            empty = dict.fromkeys(names)
            return cls.model_validate(
                {"number": number, "reason": row, "left_out": [], "tags": [], "note": None, **empty}
            )
        values = {name: row.values[name] for name in (*names, "tags")}
        left_out = list(row.left_out)
        return cls(number=number, reason=None, left_out=left_out, note=row.note, **values)


class CustomerImportRead(Output):
    """An import, or with `dry_run` what it would be."""

    model_config = ConfigDict(
        json_schema_extra=examples(
            {
                "id": _ID,
                "business_id": _BUSINESS,
                "encoding": "cp932",
                "columns": [{"name": "氏名", "field": "name"}, {"name": "電話番号", "field": "phone"}],
                "rows": 1200,
                "taken": 1180,
                "known": 15,
                "refused": 5,
                "created_at": "2026-11-21T01:30:00Z",
                "finished_at": "2026-11-21T01:30:09Z",
                "preview": [],
            }
        )
    )

    id: UUID | None = Field(description="Id of the import (UUID); null for a dry run.")
    business_id: UUID = Field(description="Id of the business (UUID).")
    encoding: str = Field(description="Encoding of the file: `utf-8`, `utf-16` or `cp932` (Shift_JIS).")
    columns: list[ImportColumnRead] = Field(description="The columns in the order of the file.")
    rows: int = Field(description="Number of rows without the header and empty ones.")
    taken: int = Field(description="Rows that became customers.")
    known: int = Field(description="Rows of people who are customers already, or are in an earlier row.")
    refused: int = Field(description="Rows that were refused.")
    created_at: datetime | None = Field(description="When it was started, RFC 3339; null for a dry run.")
    finished_at: datetime | None = Field(description="When the last row was decided, RFC 3339; null until then.")
    preview: list[ImportPreviewRead] = Field(description="With `dry_run`, the first rows as they would be imported.")

    @classmethod
    def of(cls, row: ImportRow) -> Self:
        """A stored import."""
        columns = [
            ImportColumnRead(name=name, field=ImportField(column))
            for name, column in zip(row.header, row.columns, strict=True)
        ]
        counts = {name: getattr(row, name) for name in ("rows", "taken", "known", "refused")}
        about = {"id": row.id, "business_id": row.business_id, "encoding": row.encoding}
        times = {"created_at": row.created_at, "finished_at": row.finished_at}
        return cls(**about, **times, **counts, columns=columns, preview=[])

    @classmethod
    def of_preview(
        cls, business_id: UUID, file: CsvFile, columns: list[ImportField], preview: list[ImportPreviewRead]
    ) -> Self:
        """A dry run."""
        shown = [ImportColumnRead(name=name, field=one) for name, one in zip(file.header, columns, strict=True)]
        counts = {"rows": len(file.rows), "taken": 0, "known": 0, "refused": 0}
        none = {"id": None, "created_at": None, "finished_at": None}
        about = {"business_id": business_id, "encoding": file.encoding}
        return cls.model_validate({**about, **none, **counts, "columns": shown, "preview": preview})


class ImportRowRead(Output):
    """What became of one row."""

    model_config = ConfigDict(
        json_schema_extra=examples(
            {"number": 7, "outcome": "taken", "reason": None, "left_out": ["phone"], "customer_id": _ID}
        )
    )

    number: int = Field(description="Line of the file on which the row begins, from 1.")
    outcome: Outcome = Field(description="`waiting`, `taken`, `known` or `refused`.")
    reason: Refusal | None = Field(
        description="Why it was refused: `no_name`, `columns`, `quotes` or `not_stored`; null if it was not."
    )
    left_out: list[str] = Field(description="Fields that could not be read and stayed empty.")
    customer_id: UUID | None = Field(description="Id of the customer that the row is (UUID); null for none.")

    @classmethod
    def of(cls, row: ReportRow) -> Self:
        """A stored row."""
        return cls.model_validate({name: getattr(row, name) for name in cls.model_fields})
