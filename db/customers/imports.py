"""Imports of customers: the rows of a file are stored, and taken page by page."""

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, Text, bindparam, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.exc import DBAPIError

from db.engine.store import Store
from db.platform.outbox import START_CUSTOMER_IMPORT, OutboxStore
from domain.customers.csv_files import CsvFile
from domain.customers.importing import ImportedCustomer, ImportField, Outcome, Refusal, read_row
from domain.customers.search import customer_form
from domain.errors import NotFound

#: Rows of one transaction.
PAGE = 250
#: Classes of SQLSTATE that say that Postgres does not store a value: data exception, integrity constraint violation,
#: program limit exceeded (its manual, appendix A).
_OF_A_ROW = frozenset({"22", "23", "54"})
_BEGIN = text("""
    INSERT INTO customer_imports (business_id, digest, encoding, header, columns, started_by)
    VALUES (:business_id, :digest, :encoding, :header, :columns, :user_id)
    ON CONFLICT (business_id, digest) DO NOTHING RETURNING id
""").bindparams(bindparam("header", type_=ARRAY(Text)), bindparam("columns", type_=ARRAY(Text)))
_SAME = text("SELECT id FROM customer_imports WHERE business_id = :business_id AND digest = :digest")
_ROWS = text("""
    INSERT INTO customer_import_rows (import_id, business_id, number, cells)
    SELECT :id, :business_id, (r->>0)::int, NULLIF(r->1, 'null'::jsonb) FROM jsonb_array_elements(:rows) r
""").bindparams(bindparam("rows", type_=JSONB))
_GET = text("""
    SELECT i.id, i.business_id, i.encoding, i.header, i.columns, i.created_at, i.finished_at, count(r.number) AS rows,
           count(*) FILTER (WHERE r.outcome = 'taken') AS taken, count(*) FILTER (WHERE r.outcome = 'known') AS known,
           count(*) FILTER (WHERE r.outcome = 'refused') AS refused
      FROM customer_imports i LEFT JOIN customer_import_rows r ON r.import_id = i.id
     WHERE i.id = :id GROUP BY i.id
""")
_REPORT = text("""
    SELECT number, outcome, reason, left_out, customer_id FROM customer_import_rows
     WHERE import_id = :id AND number > :after AND (CAST(:outcome AS text) IS NULL OR outcome = :outcome)
     ORDER BY number LIMIT :limit
""")
# One page at a time, of all imports of the business: a second worker waits, and then finds the next page; and a file
# with the same people, which runs at the same time, finds those that this page has taken.
_LOCK = text("""
    SELECT i.id, i.business_id, i.header, i.columns FROM customer_imports i
     WHERE i.business_id = (SELECT x.business_id FROM customer_imports x WHERE x.id = :id)
       AND (i.finished_at IS NULL OR i.id = :id) ORDER BY i.id FOR NO KEY UPDATE
""")
_WAITING = text("""
    SELECT number, cells FROM customer_import_rows WHERE import_id = :id AND outcome = 'waiting'
     ORDER BY number LIMIT :limit
""").columns(cells=JSONB)
_TODAY = text("SELECT CAST(CAST(:now AS timestamptz) AT TIME ZONE time_zone AS date) FROM businesses WHERE id = :id")
_KNOWN = text("""
    SELECT c.id, c.email_key, c.phone, c.family_name, c.given_name FROM customers c
     WHERE c.business_id = :business_id AND c.deleted_at IS NULL
       AND (c.email_key = ANY(:emails) OR c.phone = ANY(:phones))
""").bindparams(bindparam("emails", type_=ARRAY(Text)), bindparam("phones", type_=ARRAY(Text)))
# A row that was taken before, unless somebody has deleted the customer since.
_SEEN = text("""
    SELECT r.digest, r.customer_id FROM customer_import_rows r JOIN customers c ON c.id = r.customer_id
     WHERE r.business_id = :business_id AND r.digest = ANY(:digests)
       AND (c.deleted_at IS NULL OR c.merged_into IS NOT NULL)
""").bindparams(bindparam("digests", type_=ARRAY(Text)))
_TAKE = text("""
    WITH taken AS MATERIALIZED (
        SELECT uuidv7() AS id, t.* FROM jsonb_to_recordset(:taken) AS t (number int, family_name text,
               given_name text, family_name_kana text, given_name_kana text, phone text, email citext,
               birthday date, language text, tags jsonb, preferences jsonb, note text)
         ORDER BY t.number),
    made AS (
        INSERT INTO customers (id, business_id, family_name, given_name, family_name_kana, given_name_kana, phone,
                               email, birthday, language, tags, preferences)
        SELECT t.id, :business_id, t.family_name, t.given_name, t.family_name_kana, t.given_name_kana, t.phone, t.email,
               t.birthday, t.language, ARRAY(SELECT jsonb_array_elements_text(t.tags)), t.preferences
          FROM taken t ORDER BY t.number)
    SELECT number, id FROM taken
""").bindparams(bindparam("taken", type_=JSONB))
_NOTES = text("""
    INSERT INTO customer_notes (business_id, customer_id, kind, body, author_id)
    SELECT i.business_id, n.customer_id, 'general', n.note, i.started_by
      FROM jsonb_to_recordset(:notes) AS n (customer_id uuid, note text), customer_imports i WHERE i.id = :id
""").bindparams(bindparam("notes", type_=JSONB))
_DECIDED = text("""
    UPDATE customer_import_rows r SET cells = NULL, outcome = d.outcome, reason = d.reason, digest = d.digest,
           left_out = ARRAY(SELECT jsonb_array_elements_text(d.left_out)), customer_id = d.customer_id
      FROM jsonb_to_recordset(:decided) AS d (number int, outcome text, reason text, digest text, left_out jsonb,
                                              customer_id uuid)
     WHERE r.import_id = :id AND r.number = d.number
""").bindparams(bindparam("decided", type_=JSONB))
_FINISH = text("UPDATE customer_imports SET finished_at = :now WHERE id = :id AND finished_at IS NULL")


@dataclass(frozen=True, slots=True)
class ImportRow:
    """One import with its counts; ``rows`` that are neither taken, known nor refused still wait."""

    id: UUID
    business_id: UUID
    encoding: str
    header: list[str]
    columns: list[str]
    created_at: datetime
    finished_at: datetime | None
    rows: int
    taken: int
    known: int
    refused: int


@dataclass(frozen=True, slots=True)
class ReportRow:
    """What became of the row that begins on the line ``number``."""

    number: int
    outcome: str
    reason: str | None
    left_out: list[str]
    customer_id: UUID | None


@dataclass(slots=True)
class _Seen:
    """Whom the business has: by row, and by name with number or address."""

    rows: dict[str, UUID]
    people: dict[tuple[str, str], UUID]


class ImportStore(Store):
    """A file is stored by a person, and taken by the workflow."""

    async def begin(self, business_id: UUID, content: bytes, file: CsvFile, columns: Sequence[ImportField]) -> UUID:
        """Store the rows and start the run. The same file with the same columns gives the import that is there."""
        names = [column.value for column in columns]
        digest = hashlib.sha256(content + json.dumps(names).encode()).hexdigest()
        same = {"business_id": business_id, "digest": digest}
        values = {**same, "encoding": file.encoding, "header": file.header, "columns": names}
        values["user_id"] = self.context.actor.user_id
        import_id: UUID | None = await self.session.scalar(_BEGIN, values)
        if import_id is None:
            found: UUID = (await self.session.execute(_SAME, same)).scalar_one()
            return found
        rows = [[row.number, row.cells] for row in file.rows]
        await self.session.execute(_ROWS, {"id": import_id, "business_id": business_id, "rows": rows})
        payload = {"import_id": import_id, "business_id": business_id}
        await OutboxStore(self.session, self.context).add(
            "customer_import.started", f"customer_import/{import_id}", business_id, payload, START_CUSTOMER_IMPORT
        )
        return import_id

    async def get(self, import_id: UUID) -> ImportRow:
        """One import. Raises NotFound."""
        row = (await self.session.execute(_GET, {"id": import_id})).one_or_none()
        if row is None:
            raise NotFound
        return ImportRow(**row._mapping)

    async def list_report(self, import_id: UUID, outcome: str | None, after: int, limit: int) -> list[ReportRow]:
        """The rows in the order of the file."""
        values = {"id": import_id, "outcome": outcome, "after": after, "limit": limit}
        return [ReportRow(**row._mapping) for row in await self.session.execute(_REPORT, values)]

    async def take_page(self, import_id: UUID, now: datetime, read_phone: Callable[[str], str | None]) -> int:
        """Decide the next rows in one transaction; how many there were, 0 at the end. A repeat goes on behind them."""
        jobs = (await self.session.execute(_LOCK, {"id": import_id})).all()
        [job] = [one for one in jobs if one.id == import_id]
        waiting = (await self.session.execute(_WAITING, {"id": import_id, "limit": PAGE})).all()
        if not waiting:
            await self.session.execute(_FINISH, {"id": import_id, "now": now})
            return 0
        today = (await self.session.execute(_TODAY, {"id": job.business_id, "now": now})).scalar_one()
        columns = [ImportField(name) for name in job.columns]
        read = {row.number: read_row(job.header, columns, row.cells, today, read_phone) for row in waiting}
        await self._take(job, read, {row.number: _digest(row.cells) for row in waiting})
        return len(waiting)

    async def _take(self, job: Any, read: dict[int, ImportedCustomer | Refusal], digests: dict[int, str]) -> None:
        """Decide these rows. Where the database refuses one, both halves are tried, until that row stands alone: it is
        refused, and the others are taken."""
        try:
            async with self.session.begin_nested():
                seen = await self._seen(job.business_id, read.values(), [digests[number] for number in read])
                decided, new = _decide(read, digests, seen)
                made = await self._add(job.business_id, job.id, new)
                for number, row in decided.items():
                    row["customer_id"] = str(made.get(row.pop("same_as", number)) or row["customer_id"] or "") or None
                await self.session.execute(_DECIDED, {"id": job.id, "decided": list(decided.values())})
        except DBAPIError as error:
            rows = list(read.items())
            if str(getattr(error.orig, "sqlstate", ""))[:2] not in _OF_A_ROW or rows[0][1] is Refusal.NOT_STORED:
                raise
            if len(rows) == 1:
                rows = [(rows[0][0], Refusal.NOT_STORED)]
            middle = len(rows) // 2
            for half in filter(None, (rows[:middle], rows[middle:])):
                await self._take(job, dict(half), digests)

    async def _seen(self, business_id: UUID, read: Any, digests: Any) -> _Seen:
        people = [row.values for row in read if isinstance(row, ImportedCustomer)]
        wanted = {
            "business_id": business_id,
            "emails": [row["email"].lower() for row in people if row["email"]],
            "phones": [row["phone"] for row in people if row["phone"]],
        }
        known: dict[tuple[str, str], UUID] = {}
        for row in await self.session.execute(_KNOWN, wanted):
            name = customer_form(f"{row.family_name} {row.given_name}")
            known.update({(name, contact): row.id for contact in (row.email_key, row.phone) if contact})
        rows = await self.session.execute(_SEEN, {"business_id": business_id, "digests": list(digests)})
        return _Seen({row.digest: row.customer_id for row in rows}, known)

    async def _add(self, business_id: UUID, import_id: UUID, new: dict[int, ImportedCustomer]) -> dict[int, UUID]:
        if not new:
            return {}
        taken = [{"number": number, "note": row.note, **_plain(row.values)} for number, row in new.items()]
        found = await self.session.execute(_TAKE, {"business_id": business_id, "taken": taken})
        made: dict[int, UUID] = {row.number: row.id for row in found}
        notes = [{"customer_id": str(made[number]), "note": row.note} for number, row in new.items() if row.note]
        if notes:
            await self.session.execute(_NOTES, {"id": import_id, "notes": notes})
        return made


def _decide(
    read: dict[int, ImportedCustomer | Refusal], digests: dict[int, str], seen: _Seen
) -> tuple[dict[int, dict[str, Any]], dict[int, ImportedCustomer]]:
    """The outcome of each row, and the rows that become customers. ``same_as``: the earlier row of the page that is the
    same person."""
    decided: dict[int, dict[str, Any]] = {}
    new: dict[int, ImportedCustomer] = {}
    rows: dict[str, int] = {}
    people: dict[tuple[str, str], int] = {}
    for number, row in read.items():
        one: dict[str, Any] = {"number": number, "reason": None, "digest": None, "left_out": [], "customer_id": None}
        decided[number] = one
        if isinstance(row, Refusal):
            one |= {"outcome": Outcome.REFUSED.value, "reason": row.value}
            continue
        one["left_out"] = list(row.left_out)
        keys = _keys(row)
        known = seen.rows.get(digests[number]) or next((seen.people[key] for key in keys if key in seen.people), None)
        earlier = rows.get(digests[number]) or next((people[key] for key in keys if key in people), None)
        if known is not None:
            one |= {"outcome": Outcome.KNOWN.value, "customer_id": known}
        elif earlier is not None:
            one |= {"outcome": Outcome.KNOWN.value, "same_as": earlier}
        else:
            one |= {"outcome": Outcome.TAKEN.value, "digest": digests[number]}
            new[number] = row
            rows[digests[number]] = number
            people.update(dict.fromkeys(keys, number))
    return decided, new


def _keys(row: ImportedCustomer) -> list[tuple[str, str]]:
    name = customer_form(f"{row.values['family_name']} {row.values['given_name']}")
    contacts = ((row.values["email"] or "").lower(), row.values["phone"])
    return [(name, contact) for contact in contacts if contact]


def _digest(cells: list[str] | None) -> str:
    return hashlib.sha256(json.dumps([cell.strip() for cell in cells or []]).encode()).hexdigest()


def _plain(values: Any) -> dict[str, Any]:
    birthday = values["birthday"]
    return {**values, "birthday": birthday.isoformat() if birthday else None}
