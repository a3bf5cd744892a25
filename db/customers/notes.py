"""Notes about customers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date, datetime
from typing import Any, cast
from uuid import UUID

from sqlalchemy import ARRAY, Table, bindparam, insert, select, text, tuple_, update
from sqlalchemy.dialects.postgresql import TIMESTAMP
from sqlalchemy.dialects.postgresql import UUID as PgUUID

from db.customers.note_tables import CustomerNote, HealthNoteRead
from db.engine.store import Store
from domain.customers.notes import NoteKind
from domain.errors import NotFound

_TABLE = cast(Table, CustomerNote.__table__)
_READS = cast(Table, HealthNoteRead.__table__)
_BUSINESS = text("SELECT business_id FROM customers WHERE id = :customer_id AND deleted_at IS NULL")
_ALLERGIES = text("""
    SELECT b.id AS booking_id, b.start_at, n.id, n.business_id, n.customer_id, n.kind, n.body, n.body_encrypted,
           n.key_id, n.pinned, n.author_id, n.created_at, n.updated_at
      FROM (SELECT id, time_zone, coalesce(CAST(:day AS date), (CAST(:now AS timestamptz) AT TIME ZONE time_zone)::date)
                   AS day FROM businesses WHERE id = :business_id) z
      JOIN bookings b ON b.business_id = z.id
      JOIN customer_notes n ON n.customer_id = b.customer_id AND n.kind = 'allergy' AND n.deleted_at IS NULL
     WHERE b.start_at >= coalesce(CAST(:since AS timestamptz), z.day::timestamp AT TIME ZONE z.time_zone)
       AND b.start_at < coalesce(CAST(:until AS timestamptz), (z.day + 1)::timestamp AT TIME ZONE z.time_zone)
       AND b.status IN ('pending', 'confirmed', 'checked_in', 'completed')
       AND (CAST(:booking_id AS uuid) IS NULL OR b.id = :booking_id)
       AND (CAST(:start AS timestamptz) IS NULL
            OR (b.start_at, b.id, n.id) > (:start, CAST(:after AS uuid), CAST(:note AS uuid)))
     ORDER BY b.start_at, b.id, n.id LIMIT :limit
""").bindparams(
    *(bindparam(name, type_=PgUUID(as_uuid=True)) for name in ("booking_id", "after", "note")),
    *(bindparam(name, type_=TIMESTAMP(timezone=True)) for name in ("since", "until", "start")),
)
#: The same reader of the same notes has one record an hour, unless a note was changed after it.
_RECORD_READING = text("""
    INSERT INTO health_note_reads (business_id, customer_id, reader_id, note_ids)
    SELECT :business_id, :customer_id, :reader_id, :note_ids
     WHERE NOT EXISTS (
           SELECT FROM health_note_reads r
            WHERE r.customer_id = :customer_id AND r.reader_id = :reader_id
              AND r.note_ids @> :note_ids AND r.note_ids <@ :note_ids
              AND r.created_at > now() - interval '1 hour' AND r.created_at >= :changed_at)
""").bindparams(
    *(bindparam(name, type_=PgUUID(as_uuid=True)) for name in ("business_id", "customer_id", "reader_id")),
    bindparam("note_ids", type_=ARRAY(PgUUID(as_uuid=True))),
    bindparam("changed_at", type_=TIMESTAMP(timezone=True)),
)
_WITH_OTHER_KEYS = text(
    "SELECT id, business_id, body_encrypted, key_id FROM customer_notes WHERE key_id <> :kid ORDER BY id"
)


@dataclass(frozen=True, slots=True)
class NoteRow:
    """One note. ``body`` None: the text is encrypted, in ``body_encrypted`` under ``key_id``."""

    id: UUID
    business_id: UUID
    customer_id: UUID
    kind: NoteKind
    body: str | None
    body_encrypted: bytes | None
    key_id: str | None
    pinned: bool
    author_id: UUID | None
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class HealthReadRow:
    """Who was shown which notes about a customer's health, and when."""

    id: UUID
    customer_id: UUID
    reader_id: UUID
    note_ids: list[UUID]
    created_at: datetime


@dataclass(frozen=True, slots=True)
class AllergyRow:
    """An allergy of the customer of a booking."""

    booking_id: UUID
    start_at: datetime
    note: NoteRow


_COLUMNS = [_TABLE.c[field.name] for field in fields(NoteRow)]
_READ_COLUMNS = [_READS.c[field.name] for field in fields(HealthReadRow)]


class NoteStore(Store):
    """Notes, and the record of who read those about health."""

    async def list_notes(self, customer_id: UUID, after: tuple[bool, UUID] | None, limit: int) -> list[NoteRow]:
        """Those of a customer: pinned ones first, then the newest."""
        statement = (
            select(*_COLUMNS)
            .where(_TABLE.c.customer_id == customer_id, _TABLE.c.deleted_at.is_(None))
            .order_by(_TABLE.c.pinned.desc(), _TABLE.c.id.desc())
            .limit(limit)
        )
        if after is not None:
            statement = statement.where(tuple_(_TABLE.c.pinned, _TABLE.c.id) < after)
        return [_one(row) for row in await self.session.execute(statement)]

    async def get(self, note_id: UUID) -> NoteRow:
        """One note. Raises NotFound."""
        return _one((await self.session.execute(select(*_COLUMNS).where(*_live(note_id)))).one_or_none())

    async def add(self, customer_id: UUID, values: Mapping[str, Any]) -> NoteRow:
        """A new note about a customer of the entered business. Raises NotFound."""
        business_id = await self.session.scalar(_BUSINESS, {"customer_id": customer_id})
        if business_id is None:
            raise NotFound
        written = {**values, "business_id": business_id, "customer_id": customer_id}
        written["author_id"] = self.context.actor.user_id
        return _one((await self.session.execute(insert(_TABLE).values(**written).returning(*_COLUMNS))).one_or_none())

    async def change(self, note_id: UUID, values: Mapping[str, Any]) -> NoteRow:
        """Set columns. Raises NotFound."""
        statement = update(_TABLE).where(*_live(note_id)).values(**values).returning(*_COLUMNS)
        return _one((await self.session.execute(statement)).one_or_none())

    async def remove(self, note_id: UUID, now: datetime) -> None:
        """Delete softly. Raises NotFound."""
        await self.change(note_id, {"deleted_at": now})

    async def record_reading(self, shown: Sequence[NoteRow], reader_id: UUID) -> None:
        """The reader was shown these notes about health: one record for each customer, and none where the last hour
        has the same one, so that an open page that reads itself again does not fill the list."""
        by_customer: dict[UUID, list[NoteRow]] = {}
        for note in shown:
            by_customer.setdefault(note.customer_id, []).append(note)
        records = [
            {
                "business_id": notes[0].business_id,
                "customer_id": customer_id,
                "reader_id": reader_id,
                "note_ids": list(dict.fromkeys(note.id for note in notes)),
                "changed_at": max(note.updated_at for note in notes),
            }
            for customer_id, notes in by_customer.items()
        ]
        if records:
            await self.session.execute(_RECORD_READING, records)

    async def list_allergies(
        self,
        business_id: UUID,
        day: date | None,
        period: tuple[datetime | None, datetime | None],
        booking_id: UUID | None,
        after: tuple[datetime, UUID, UUID] | None,
        limit: int,
        now: datetime,
    ) -> list[AllergyRow]:
        """The allergies of those who have bookings that begin on a day of the venue (today without one), in the order
        of the bookings; of one booking if it is named. ``period``: from and before which moment, in place of the
        day's beginning and end. ``after``: start, booking and note of the last one seen."""
        start, booking, note = after or (None, None, None)
        asked: dict[str, Any] = {
            "business_id": business_id,
            "day": day,
            "booking_id": booking_id,
            "limit": limit,
            "now": now,
        }
        asked |= {"since": period[0], "until": period[1]}
        rows = await self.session.execute(_ALLERGIES, {**asked, "start": start, "after": booking, "note": note})
        found = []
        for row in rows.mappings():
            note_values = {field.name: row[field.name] for field in fields(NoteRow)} | {"kind": NoteKind(row["kind"])}
            found.append(AllergyRow(row["booking_id"], row["start_at"], NoteRow(**note_values)))
        return found

    async def list_readings(self, customer_id: UUID, after: UUID | None, limit: int) -> list[HealthReadRow]:
        """Who read notes about the customer's health, the newest first."""
        statement = select(*_READ_COLUMNS).where(_READS.c.customer_id == customer_id)
        if after is not None:
            statement = statement.where(_READS.c.id < after)
        rows = await self.session.execute(statement.order_by(_READS.c.id.desc()).limit(limit))
        return [HealthReadRow(**row._mapping) for row in rows]

    async def list_with_other_keys(self, kid: str) -> Sequence[Any]:
        """``id``, ``business_id``, ``body_encrypted`` and ``key_id`` of notes under another key, deleted ones too.
        Platform scope."""
        return (await self.session.execute(_WITH_OTHER_KEYS, {"kid": kid})).all()

    async def reseal(self, note_id: UUID, old: bytes, sealed: bytes, kid: str) -> None:
        """Store the same text under another key, unless the note was changed meanwhile."""
        unchanged = (_TABLE.c.id == note_id, _TABLE.c.body_encrypted == old)
        await self.session.execute(update(_TABLE).where(*unchanged).values(body_encrypted=sealed, key_id=kid))


def _live(note_id: UUID) -> tuple[Any, ...]:
    return (_TABLE.c.id == note_id, _TABLE.c.deleted_at.is_(None))


def _one(row: Any) -> NoteRow:
    if row is None:
        raise NotFound
    return NoteRow(**{**row._mapping, "kind": NoteKind(row.kind)})
