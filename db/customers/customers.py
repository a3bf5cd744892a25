"""The records of a business's customers."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import date, datetime
from typing import Any, cast
from uuid import UUID

from sqlalchemy import Table, Text, bindparam, insert, select, text, update
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.dialects.postgresql import UUID as PgUUID

from db.customers.tables import Customer
from db.engine.store import Store
from domain.customers.search import CustomerSearch
from domain.errors import NotFound

_TABLE = cast(Table, Customer.__table__)


@dataclass(frozen=True, slots=True)
class CustomerRow:
    """One record. ``phone`` in E.164, ``user_id`` the login that it is linked to, kana as full-width katakana."""

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


_COLUMNS = [_TABLE.c[field.name] for field in fields(CustomerRow)]
_FOUND = text(f"""
    SELECT {", ".join(f"c.{field.name}" for field in fields(CustomerRow))}
      FROM app_find_customers(:needles, :pieces, :tag, :after, :limit) WITH ORDINALITY AS f(id, place)
      JOIN customers c ON c.id = f.id ORDER BY f.place
""").bindparams(
    bindparam("needles", type_=ARRAY(Text)),
    bindparam("pieces", type_=ARRAY(Text)),
    bindparam("tag", type_=Text),
    bindparam("after", type_=PgUUID),
)
_NO_SEARCH = CustomerSearch((), ())


class CustomerProfileStore(Store):
    """Reading and writing records. Deleted ones are not found."""

    async def list_customers(
        self, search: CustomerSearch | None, tag: str | None, after: UUID | None, limit: int
    ) -> list[CustomerRow]:
        """Those of the entered business that match, the newest first, in one statement."""
        wanted = search or _NO_SEARCH
        values = {"needles": list(wanted.needles), "pieces": list(wanted.pieces)}
        rows = await self.session.execute(_FOUND, {**values, "tag": tag, "after": after, "limit": limit})
        return [CustomerRow(**row._mapping) for row in rows]

    async def get(self, customer_id: UUID) -> CustomerRow:
        """One record. Raises NotFound."""
        statement = select(*_COLUMNS).where(_TABLE.c.id == customer_id, _TABLE.c.deleted_at.is_(None))
        row = (await self.session.execute(statement)).one_or_none()
        if row is None:
            raise NotFound
        return CustomerRow(**row._mapping)

    async def add(self, business_id: UUID, values: Mapping[str, Any]) -> CustomerRow:
        """A new record, linked to no login: an address that somebody typed proves nothing."""
        statement = insert(_TABLE).values(business_id=business_id, **values).returning(*_COLUMNS)
        return CustomerRow(**(await self.session.execute(statement)).one()._mapping)

    async def change(self, customer_id: UUID, values: Mapping[str, Any]) -> CustomerRow:
        """Set columns. Raises NotFound."""
        if not values:
            return await self.get(customer_id)
        statement = (
            update(_TABLE)
            .where(_TABLE.c.id == customer_id, _TABLE.c.deleted_at.is_(None))
            .values(**values)
            .returning(*_COLUMNS)
        )
        row = (await self.session.execute(statement)).one_or_none()
        if row is None:
            raise NotFound
        return CustomerRow(**row._mapping)

    async def remove(self, customer_id: UUID, now: datetime) -> None:
        """Delete softly: bookings and payments keep their record. Raises NotFound."""
        await self.change(customer_id, {"deleted_at": now})
