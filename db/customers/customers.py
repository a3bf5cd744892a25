"""The records of a business's customers."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import date, datetime
from typing import Any, cast
from uuid import UUID

from sqlalchemy import Table, Text, bindparam, insert, text, update
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.dialects.postgresql import UUID as PgUUID

from db.customers.tables import KANA_KEY, Customer
from db.engine.store import Store
from domain.customers.search import CustomerSearch
from domain.errors import NotFound

_TABLE = cast(Table, Customer.__table__)


@dataclass(frozen=True, slots=True)
class CustomerRow:
    """One record. ``phone`` in E.164, ``user_id`` the login that it is linked to, kana as full-width katakana.
    ``spent``: agreed prices of completed visits by currency, in minor units."""

    id: UUID
    business_id: UUID
    user_id: UUID | None
    family_name: str
    given_name: str
    family_name_kana: str | None
    given_name_kana: str | None
    phone: str | None
    email: str | None
    birthday: date | None
    language: str
    tags: list[str]
    preferences: dict[str, str]
    created_at: datetime
    updated_at: datetime
    visits: int
    no_shows: int
    spent: dict[str, int]


_STORED = [field.name for field in fields(CustomerRow)][:-3]
_TOTALS = """LEFT JOIN LATERAL (
        SELECT coalesce(sum(t.visits), 0)::int AS visits, coalesce(sum(t.no_shows), 0)::int AS no_shows,
               coalesce(jsonb_object_agg(t.currency, t.spent) FILTER (WHERE t.spent <> 0), '{}') AS spent
          FROM customer_totals t WHERE t.customer_id = c.id) totals ON true"""
_SELECT = f"SELECT {', '.join(f'c.{name}' for name in _STORED)}, totals.visits, totals.no_shows, totals.spent"
_GET = text(f"{_SELECT} FROM customers c {_TOTALS} WHERE c.id = :id AND c.deleted_at IS NULL").columns(
    spent=JSONB, preferences=JSONB
)
_FOUND = text(f"""
    {_SELECT} FROM app_find_customers(:needles, :pieces, :tag, :after, :limit) WITH ORDINALITY AS f(id, place)
      JOIN customers c ON c.id = f.id {_TOTALS} ORDER BY f.place
""").bindparams(
    bindparam("needles", type_=ARRAY(Text)),
    bindparam("pieces", type_=ARRAY(Text)),
    bindparam("tag", type_=Text),
    bindparam("after", type_=PgUUID),
)
_FOUND_ROWS = _FOUND.columns(spent=JSONB, preferences=JSONB)
# In the order of an index, so that a page does not depend on the number of records.
_BY_KANA = text(f"""
    SELECT * FROM (
        {_SELECT}, {KANA_KEY} AS kana_key FROM customers c {_TOTALS}
         WHERE c.business_id = :business_id AND c.deleted_at IS NULL
           AND (CAST(:tag AS text) IS NULL OR c.tags @> ARRAY[CAST(:tag AS text)])
           AND (CAST(:after_key AS text) IS NULL
                OR ({KANA_KEY}, c.id) > (CAST(:after_key AS text) COLLATE "C", CAST(:after_id AS uuid)))
         ORDER BY {KANA_KEY}, c.id LIMIT :limit) found
     ORDER BY kana_key, id
""").columns(spent=JSONB, preferences=JSONB)
_UNLINK = text("""
    UPDATE customers SET unlinked_user_id = user_id, user_id = NULL
     WHERE id = :id AND deleted_at IS NULL AND user_id IS NOT NULL
""")
_NO_SEARCH = CustomerSearch((), ())


class CustomerProfileStore(Store):
    """Reading and writing records. Deleted ones are not found."""

    async def list_customers(
        self, search: CustomerSearch | None, tag: str | None, after: UUID | None, limit: int
    ) -> list[CustomerRow]:
        """Those of the entered business that match, the newest first, in one statement."""
        wanted = search or _NO_SEARCH
        values = {"needles": list(wanted.needles), "pieces": list(wanted.pieces)}
        rows = await self.session.execute(_FOUND_ROWS, {**values, "tag": tag, "after": after, "limit": limit})
        return [CustomerRow(**row._mapping) for row in rows]

    async def list_by_kana(
        self, business_id: UUID, tag: str | None, after: tuple[str, UUID] | None, limit: int
    ) -> list[tuple[str, CustomerRow]]:
        """Those of the business in the order of the kana, each with the key of its place."""
        key, last = after or (None, None)
        values = {"business_id": business_id, "tag": tag, "after_key": key, "after_id": last, "limit": limit}
        rows = [dict(row._mapping) for row in await self.session.execute(_BY_KANA, values)]
        return [(row.pop("kana_key"), CustomerRow(**row)) for row in rows]

    async def unlink(self, customer_id: UUID) -> CustomerRow:
        """Take the login off the record; it is not linked again by itself. Its bookings stay where they are. Raises
        NotFound."""
        await self.session.execute(_UNLINK, {"id": customer_id})
        return await self.get(customer_id)

    async def get(self, customer_id: UUID) -> CustomerRow:
        """One record. Raises NotFound."""
        row = (await self.session.execute(_GET, {"id": customer_id})).one_or_none()
        if row is None:
            raise NotFound
        return CustomerRow(**row._mapping)

    async def add(self, business_id: UUID, values: Mapping[str, Any]) -> CustomerRow:
        """A new record, linked to no login: an address that somebody typed proves nothing."""
        statement = insert(_TABLE).values(business_id=business_id, **values).returning(_TABLE.c.id)
        return await self.get((await self.session.execute(statement)).scalar_one())

    async def change(self, customer_id: UUID, values: Mapping[str, Any]) -> CustomerRow:
        """Set columns. Raises NotFound."""
        await self._set(customer_id, values)
        return await self.get(customer_id)

    async def remove(self, customer_id: UUID, now: datetime) -> None:
        """Delete softly: bookings and payments keep their record. Raises NotFound."""
        await self._set(customer_id, {"deleted_at": now})

    async def _set(self, customer_id: UUID, values: Mapping[str, Any]) -> None:
        statement = update(_TABLE).where(_TABLE.c.id == customer_id, _TABLE.c.deleted_at.is_(None))
        if values and (await self.session.execute(statement.values(**values).returning(_TABLE.c.id))).first() is None:
            raise NotFound
