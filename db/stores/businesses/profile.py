"""What a business says about itself, and where it stands on the platform."""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any, cast
from uuid import UUID

from sqlalchemy import Select, Table, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import IntegrityError

from db.models.businesses import Business
from db.stores.base import Store
from domain.businesses.slug import slug_from
from domain.businesses.status import ALLOWED, BusinessStatus
from domain.errors import AlreadyExists, NotFound, WrongState

_TABLE = cast(Table, Business.__table__)
_SETTINGS = text("INSERT INTO business_settings (business_id, language) VALUES (:business_id, :language)")
# The founder's transaction is the founder's own until the business is there; then it becomes the business's.
_ENTER = text("SELECT business_id FROM app_enter('business', :business_id, :user_id)")
_TRIES = 5


@dataclass(frozen=True, slots=True)
class BusinessRow:
    """A business as it is stored. Bilingual texts are ``{"ja": …, "en": …}``."""

    id: UUID
    owner_id: UUID
    slug: str
    status: str
    vertical: str
    name: dict[str, str]
    description: dict[str, str] | None
    address: dict[str, str] | None
    postal_code: str | None
    prefecture: str | None
    city: str | None
    phone: str | None
    email: str | None
    website: str | None
    latitude: float | None
    longitude: float | None
    time_zone: str
    currency: str
    created_at: datetime
    updated_at: datetime


_COLUMNS = [_TABLE.c[field.name] for field in fields(BusinessRow)]


def _read() -> Select[Any]:
    return select(*_COLUMNS).where(_TABLE.c.deleted_at.is_(None))


class ProfileStore(Store):
    """Founding, reading and changing businesses."""

    async def found(self, owner_id: UUID, values: Mapping[str, Any], language: str) -> BusinessRow:
        """Insert a draft with its settings; the transaction enters the new tenant. ``values`` are columns; without
        ``slug`` one is made from the name. Raises AlreadyExists for a slug in use."""
        slug = values.get("slug")
        wanted = slug or slug_from(values["name"], values["vertical"])
        row = await self._insert(owner_id, {**values, "slug": wanted})
        for _ in range(0 if slug else _TRIES):
            if row is not None:
                break
            row = await self._insert(owner_id, {**values, "slug": f"{wanted}-{secrets.token_hex(2)}"})
        if row is None:
            raise AlreadyExists({"field": "slug"})
        await self.session.execute(_ENTER, {"business_id": row.id, "user_id": owner_id})
        await self.session.execute(_SETTINGS, {"business_id": row.id, "language": language})
        return row

    async def _insert(self, owner_id: UUID, values: Mapping[str, Any]) -> BusinessRow | None:
        statement = (
            insert(_TABLE)
            .values(owner_id=owner_id, **values)
            .on_conflict_do_nothing(index_elements=["slug"])
            .returning(*_COLUMNS)
        )
        row = (await self.session.execute(statement)).one_or_none()
        return BusinessRow(**row._mapping) if row else None

    async def get(self, business_id: UUID) -> BusinessRow:
        """One business. Raises NotFound."""
        row = (await self.session.execute(_read().where(_TABLE.c.id == business_id))).one_or_none()
        if row is None:
            raise NotFound
        return BusinessRow(**row._mapping)

    async def get_by_slug(self, slug: str) -> BusinessRow:
        """One business by its slug, compared without case. Raises NotFound."""
        row = (await self.session.execute(_read().where(_TABLE.c.slug == slug))).one_or_none()
        if row is None:
            raise NotFound
        return BusinessRow(**row._mapping)

    async def list_(
        self, after: UUID | None, limit: int, vertical: str | None = None, prefecture: str | None = None
    ) -> Sequence[BusinessRow]:
        """Those that the transaction sees, oldest first: the approved ones in a public one, one's own (owned, or with
        an assignment) in one's own."""
        statement = _read().order_by(_TABLE.c.id).limit(limit)
        if after is not None:
            statement = statement.where(_TABLE.c.id > after)
        if vertical is not None:
            statement = statement.where(_TABLE.c.vertical == vertical)
        if prefecture is not None:
            statement = statement.where(_TABLE.c.prefecture == prefecture)
        return [BusinessRow(**row._mapping) for row in await self.session.execute(statement)]

    async def change(self, business_id: UUID, values: Mapping[str, Any]) -> BusinessRow:
        """Set columns. Raises AlreadyExists for a slug in use, and NotFound."""
        if not values:
            return await self.get(business_id)
        statement = (
            update(_TABLE)
            .where(_TABLE.c.id == business_id, _TABLE.c.deleted_at.is_(None))
            .values(**values)
            .returning(*_COLUMNS)
        )
        try:
            row = (await self.session.execute(statement)).one_or_none()
        except IntegrityError as error:
            # The slug is the only thing here that other tenants can stand in the way of.
            if getattr(error.orig, "sqlstate", None) != "23505":
                raise
            raise AlreadyExists({"field": "slug"}) from error
        if row is None:
            raise NotFound
        return BusinessRow(**row._mapping)

    async def approve(self, business_id: UUID) -> BusinessRow:
        """Make it public, step by step as the table allows; a draft is submitted on the way. Approving twice changes
        nothing. Raises NotFound."""
        row = await self.get(business_id)
        if row.status in {BusinessStatus.DRAFT, BusinessStatus.REJECTED}:
            row = await self.set_status(row, BusinessStatus.PENDING)
        if row.status != BusinessStatus.APPROVED:
            row = await self.set_status(row, BusinessStatus.APPROVED)
        return row

    async def set_status(self, row: BusinessRow, wanted: BusinessStatus) -> BusinessRow:
        """One step. Raises WrongState for one that the table does not allow."""
        if wanted not in ALLOWED[BusinessStatus(row.status)]:
            raise WrongState({"status": row.status, "wanted": wanted.value})
        return await self.change(row.id, {"status": wanted.value})
