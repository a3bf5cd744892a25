"""The profile of a business, and its status on the platform."""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any, cast
from uuid import UUID

from sqlalchemy import Select, Table, Text, case, insert, literal_column, select, text, update
from sqlalchemy.dialects.postgresql import UUID as PgUUID
from sqlalchemy.exc import IntegrityError

from db.businesses.tables import Business
from db.engine.store import Store
from db.scheduling.calendars.change import would_break
from domain.booking_status import LIVE
from domain.business_status import NEVER_PUBLIC, PRIVATE, BusinessStatus, check_transition
from domain.businesses.profile import PERMIT_NEEDED, check_kind
from domain.businesses.slug import slugs_to_try
from domain.catalogue.service import check_legal_notice
from domain.errors import AlreadyExists, NotFound
from domain.payments.status import ONLINE

_TABLE = cast(Table, Business.__table__)
_SETTINGS = text("INSERT INTO business_settings (business_id, language) VALUES (:business_id, :language)")
# The transaction is in the founder's own scope until the business exists; then it changes to the business's.
_ENTER = text("SELECT business_id FROM app_enter('business', :business_id, :user_id)")
_TRIES = 5
_BY_SLUG = text("SELECT business_id FROM business_slugs WHERE slug = :slug")
_PAID_SERVICES = text("""
    SELECT s.id FROM services s
     WHERE s.business_id = :business_id AND s.is_active AND s.deleted_at IS NULL AND s.payment_mode = ANY(:online)
     ORDER BY s.id LIMIT 100
""")
_LOCK_KIND = text("""
    SELECT status, vertical FROM businesses WHERE id = :business_id AND deleted_at IS NULL FOR NO KEY UPDATE
""")
# FOR UPDATE also waits for bookings that are being written: their foreign key holds the row.
_LOCK = text("SELECT 1 FROM businesses WHERE id = :business_id AND deleted_at IS NULL FOR UPDATE")
_TO_COME = text("""
    SELECT b.id AS booking_id, b.code, b.start_at, b.end_at, b.time_zone FROM bookings b
     WHERE b.business_id = :business_id AND b.status = ANY(:live) AND b.end_at > :now
       AND (b.status <> 'pending' OR b.hold_expires_at > :now)
     ORDER BY b.start_at, b.id
""")
_MY_ROLE = literal_column(
    "CASE WHEN businesses.owner_id = (SELECT app_self()) THEN 'owner' ELSE"
    " (SELECT a.role FROM staff_assignments a WHERE a.business_id = businesses.id"
    " AND a.user_id = (SELECT app_self()) AND a.ended_at IS NULL) END",
    Text,
).label("role")


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
    phone_as_typed: str | None
    email: str | None
    website: str | None
    latitude: float | None
    longitude: float | None
    time_zone: str
    currency: str
    invoice_number: str | None
    legal_notice: dict[str, str] | None
    payment_provider: str
    created_at: datetime
    updated_at: datetime


#: The columns of a ``BusinessRow``.
NAMES = [field.name for field in fields(BusinessRow)]
_COLUMNS = [_TABLE.c[name] for name in NAMES]


def _is_taken(error: IntegrityError) -> bool:
    """Whether another business has or had the slug."""
    cause = error.orig.__cause__ if error.orig else None
    return getattr(cause, "constraint_name", None) in {"uq_businesses_slug", "pk_business_slugs"}


def _read() -> Select[Any]:
    return select(*_COLUMNS).where(_TABLE.c.deleted_at.is_(None))


class ProfileStore(Store):
    """Registering, reading and changing businesses."""

    async def create(
        self, owner_id: UUID, values: Mapping[str, Any], language: str, city_kana: str | None = None
    ) -> BusinessRow:
        """Insert a draft with its settings; the transaction changes to the new tenant's scope. ``values`` are columns;
        without ``slug`` one is made from the name, or from kind and place (``city_kana``) if the reading of the name is
        unknown. Raises AlreadyExists for a slug that another business has or had."""
        row = None
        suffixes = (secrets.token_hex(2) for _ in range(_TRIES))
        for slug in slugs_to_try(values.get("slug"), values["name"], values["vertical"], city_kana, suffixes):
            row = await self._insert(owner_id, {**values, "slug": slug})
            if row is not None:
                break
        if row is None:
            raise AlreadyExists({"field": "slug"})
        await self.session.execute(_ENTER, {"business_id": row.id, "user_id": owner_id})
        await self.session.execute(_SETTINGS, {"business_id": row.id, "language": language})
        return row

    async def _insert(self, owner_id: UUID, values: Mapping[str, Any]) -> BusinessRow | None:
        """None if the slug is not free."""
        statement = insert(_TABLE).values(owner_id=owner_id, **values).returning(*_COLUMNS)
        try:
            async with self.session.begin_nested():
                row = (await self.session.execute(statement)).one()
        except IntegrityError as error:
            if not _is_taken(error):
                raise
            return None
        return BusinessRow(**row._mapping)

    async def get(self, business_id: UUID) -> BusinessRow:
        """One business. Raises NotFound."""
        row = (await self.session.execute(_read().where(_TABLE.c.id == business_id))).one_or_none()
        if row is None:
            raise NotFound
        return BusinessRow(**row._mapping)

    async def get_by_slug(self, slug: str) -> BusinessRow:
        """One business by its present or a former slug, compared without case; ``row.slug`` is the present one. Raises
        NotFound."""
        of_slug = _BY_SLUG.bindparams(slug=slug.lower()).columns(business_id=PgUUID(as_uuid=True)).scalar_subquery()
        row = (await self.session.execute(_read().where(_TABLE.c.id == of_slug))).one_or_none()
        if row is None:
            raise NotFound
        return BusinessRow(**row._mapping)

    async def list_mine(self, after: UUID | None, limit: int) -> Sequence[tuple[BusinessRow, str]]:
        """The businesses that the user belongs to, oldest first, each with the user's role: owner, or the role of the
        assignment."""
        statement = _read().add_columns(_MY_ROLE).order_by(_TABLE.c.id).limit(limit)
        if after is not None:
            statement = statement.where(_TABLE.c.id > after)
        rows = [dict(row._mapping) for row in await self.session.execute(statement)]
        return [(BusinessRow(**{name: row[name] for name in NAMES}), row["role"]) for row in rows]

    async def change(self, business_id: UUID, values: Mapping[str, Any]) -> BusinessRow:
        """Set columns. Raises AlreadyExists for a slug that another business has or had, LegalNoticeRequired if the
        notice is removed while services that are paid online are published, WrongState for a kind that needs a permit
        which was not reviewed, and NotFound."""
        if not values:
            return await self.get(business_id)
        if values.get("vertical") in PERMIT_NEEDED:
            await self._check_kind(business_id, values["vertical"])
        statement = (
            update(_TABLE)
            .where(_TABLE.c.id == business_id, _TABLE.c.deleted_at.is_(None))
            .values(**values)
            .returning(*_COLUMNS)
        )
        try:
            row = (await self.session.execute(statement)).one_or_none()
        except IntegrityError as error:
            if not _is_taken(error):
                raise
            raise AlreadyExists({"field": "slug"}) from error
        if row is None:
            raise NotFound
        business = BusinessRow(**row._mapping)
        if values.get("legal_notice", ...) is None and business.status not in PRIVATE:
            await self.check_legal_notice(business)
        return business

    async def _check_kind(self, business_id: UUID, wanted: str) -> None:
        row = (await self.session.execute(_LOCK_KIND, {"business_id": business_id})).one_or_none()
        if row is not None:
            check_kind(BusinessStatus(row.status), row.vertical, wanted)

    async def check_legal_notice(self, business: BusinessRow) -> None:
        """Raise LegalNoticeRequired, with the services, if active services are paid online and the business has no
        特定商取引法 notice. Called before a business is published."""
        if business.legal_notice is not None:
            return
        values = {"business_id": business.id, "online": [mode.value for mode in ONLINE]}
        check_legal_notice(False, [str(one) for one in await self.session.scalars(_PAID_SERVICES, values)])

    async def remove(self, business_id: UUID, now: datetime) -> None:
        """Delete softly; a slug that was never public becomes free. Raises WouldBreakBookings while there are future
        bookings, and NotFound."""
        if await self.session.scalar(_LOCK, {"business_id": business_id}) is None:
            raise NotFound
        values = {"business_id": business_id, "live": [status.value for status in LIVE], "now": now}
        visits = (await self.session.execute(_TO_COME, values)).all()
        if visits:
            raise would_break(visits, visits[0].time_zone)
        # The column is unique, also among deleted rows, so the id replaces the slug.
        slug = case((_TABLE.c.status.in_(NEVER_PUBLIC), _TABLE.c.id.cast(Text)), else_=_TABLE.c.slug)
        await self.session.execute(update(_TABLE).where(_TABLE.c.id == business_id).values(deleted_at=now, slug=slug))

    async def set_status(self, row: BusinessRow, wanted: BusinessStatus) -> BusinessRow:
        """One change of status. Raises WrongState if the table does not allow it."""
        check_transition(BusinessStatus(row.status), wanted)
        return await self.change(row.id, {"status": wanted.value})
