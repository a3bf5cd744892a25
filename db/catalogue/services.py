"""Services, with their requirements and their cancellation policy."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from enum import StrEnum
from typing import Any, cast
from uuid import UUID

import orjson
from sqlalchemy import Table, bindparam, insert, text, update
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.dialects.postgresql import UUID as PgUUID

from db.catalogue.tables import Service
from db.engine.store import Store
from db.scheduling.calendars.change import CalendarStore, would_break
from domain.booking_status import LIVE
from domain.business_status import PRIVATE
from domain.catalogue.service import ActiveService, ApprovalMode, ServiceDefaults, check_active
from domain.errors import InvalidInput, NotFound
from domain.payments.status import ONLINE, PaymentMode
from domain.scheduling.stranded import StrandReason

_TABLE = cast(Table, Service.__table__)


@dataclass(frozen=True, slots=True)
class ServiceRow:
    """A service. ``requirements``: ``[{"group": 0, "resource_ids": [...]}, …]``. ``policy``: ``id``, ``tiers`` and
    ``no_show_percent`` of its own policy or of the business's default; None: cancelling is free."""

    id: UUID
    business_id: UUID
    name: dict[str, str]
    description: dict[str, str] | None
    category: dict[str, str] | None
    price: int
    currency: str
    tax_percent: int
    duration_minutes: int
    buffer_before_minutes: int
    buffer_after_minutes: int
    max_wait_minutes: int
    capacity: int
    party_min: int
    party_max: int
    payment_mode: str
    deposit_percent: int | None
    deposit_amount: int | None
    approval_mode: str
    policy_id: UUID | None
    is_active: bool
    created_at: datetime
    updated_at: datetime
    requirements: list[dict[str, Any]]
    policy: dict[str, Any] | None


_STORED = [field.name for field in fields(ServiceRow)[:-2]]
_READ = f"""
    SELECT {", ".join(f"s.{name}" for name in _STORED)},
           (SELECT coalesce(jsonb_agg(jsonb_build_object('group', g.requirement_group, 'resource_ids', g.ids)
                                      ORDER BY g.requirement_group), '[]')
              FROM (SELECT n.requirement_group, jsonb_agg(n.resource_id ORDER BY n.resource_id) AS ids
                      FROM service_resources n WHERE n.service_id = s.id GROUP BY n.requirement_group) g
           )::text AS requirements,
           (SELECT jsonb_build_object('id', p.id, 'tiers', p.tiers, 'no_show_percent', p.no_show_percent,
                                   'moves', p.moves)
              FROM cancellation_policies p
             WHERE p.business_id = s.business_id AND p.deleted_at IS NULL
               AND (p.id = s.policy_id OR (s.policy_id IS NULL AND p.is_default)))::text AS policy
      FROM services s
"""
_TYPES = {"name": JSONB, "description": JSONB, "category": JSONB}
_GET = text(f"{_READ} WHERE s.id = :service_id AND s.deleted_at IS NULL").columns(**_TYPES)


@dataclass(frozen=True, slots=True)
class Seller:
    """What the services of a business take from it: ``currency`` (ISO 4217), its payment provider, and the values of a
    service that has none of its own."""

    currency: str
    payment_provider: str
    defaults: ServiceDefaults


class ServiceSort(StrEnum):
    """The order of services; equal ones are ordered by creation."""

    OLDEST = "oldest"
    NAME = "name"
    PRICE = "price"
    DURATION = "duration"


@dataclass(frozen=True, slots=True)
class ServiceFilter:
    """Which services. ``inactive``: those that are not active too; ``active`` set: those alone that are, or are not.
    ``category``: its name in either language. ``q``: a word of name, description or category. ``language``: ja or en,
    whose names are put in order."""

    business_id: UUID | None = None
    category: str | None = None
    inactive: bool = False
    active: bool | None = None
    q: str | None = None
    sort: ServiceSort = ServiceSort.OLDEST
    language: str = "ja"


_KEYS = {
    ServiceSort.OLDEST: ("0", "integer"),
    ServiceSort.NAME: (
        "search_form(coalesce(s.name->>'{language}', s.name->>'ja', s.name->>'en')) COLLATE \"C\"",
        "text",
    ),
    ServiceSort.PRICE: ("s.price", "bigint"),
    ServiceSort.DURATION: ("s.duration_minutes", "integer"),
}


def _listing(asked: ServiceFilter, after: tuple[Any, ...] | None) -> Any:
    key, kind = _KEYS[asked.sort]
    key = key.format(language=asked.language)
    conditions = ["s.deleted_at IS NULL"]
    if not asked.inactive:
        conditions.append("s.is_active")
    if asked.active is not None:
        conditions.append("s.is_active = :active")
    if asked.business_id is not None:
        conditions.append("s.business_id = :business_id")
    if asked.category is not None:
        conditions.append("CAST(:category AS text) IN (s.category->>'ja', s.category->>'en')")
    if asked.q is not None:
        columns = ("name", "description", "category")
        texts = ", ".join(f"s.{name}->>'{language}'" for name in columns for language in ("ja", "en"))
        conditions.append(f"position(:q IN search_form(concat_ws(' ', {texts}))) > 0")
    if after is not None:
        conditions.append(f"({key}, s.id) > (CAST(:after_key AS {kind}), CAST(:after_id AS uuid))")
    read = _READ.replace("SELECT ", f"SELECT {key} AS sort_key, ", 1)
    where = " AND ".join(conditions)
    return text(f"{read} WHERE {where} ORDER BY sort_key, s.id LIMIT :limit").columns(**_TYPES)


_LOCK = text("SELECT 1 FROM services WHERE id = :service_id AND deleted_at IS NULL FOR NO KEY UPDATE")
_KNOWN_RESOURCES = text("""
    SELECT id FROM resources WHERE business_id = :business_id AND id = ANY(:ids) AND deleted_at IS NULL FOR KEY SHARE
""").bindparams(bindparam("ids", type_=ARRAY(PgUUID(as_uuid=True))))
_KNOWN_POLICY = text("""
    SELECT 1 FROM cancellation_policies
     WHERE business_id = :business_id AND id = :policy_id AND deleted_at IS NULL FOR KEY SHARE
""")
_UNITS = text("""
    SELECT coalesce(array_agg(r.capacity) FILTER (WHERE r.is_active AND r.deleted_at IS NULL), '{}')
      FROM service_resources n JOIN resources r ON r.id = n.resource_id
     WHERE n.service_id = :service_id GROUP BY n.requirement_group
""")
# The share lock waits for a transaction that removes the notice.
_LACKS_NOTICE = text("""
    SELECT true FROM businesses b
     WHERE b.id = :business_id AND b.legal_notice IS NULL AND b.status <> ALL(:private) FOR SHARE
""")
_CLEAR_NEEDS = text("DELETE FROM service_resources WHERE service_id = :service_id")
_ADD_NEEDS = text("""
    INSERT INTO service_resources (business_id, service_id, requirement_group, resource_id)
    SELECT :business_id, :service_id, * FROM unnest(CAST(:groups AS smallint[]), CAST(:resources AS uuid[]))
""").bindparams(bindparam("resources", type_=ARRAY(PgUUID(as_uuid=True))))
_VISITS = text("""
    SELECT DISTINCT b.id AS booking_id, b.code, b.start_at, b.end_at, b.time_zone
      FROM booking_items i JOIN bookings b ON b.id = i.booking_id
     WHERE i.service_id = :service_id AND b.status = ANY(:live) AND b.end_at > :now
       AND (b.status <> 'pending' OR b.hold_expires_at > :now)
     ORDER BY b.start_at
""")

_SELLER = text("""
    SELECT b.currency, b.payment_provider, s.payment_mode, s.approval_mode
      FROM businesses b JOIN business_settings s ON s.business_id = b.id
     WHERE b.id = :business_id AND b.deleted_at IS NULL
""")

Requirements = Mapping[int, Sequence[UUID]]
"""Resource ids by requirement group: a booking takes one of each group."""


def _row(columns: dict[str, Any]) -> ServiceRow:
    policy = columns.pop("policy")
    requirements = orjson.loads(columns.pop("requirements"))
    return ServiceRow(**columns, requirements=requirements, policy=orjson.loads(policy) if policy else None)


class ServiceStore(Store):
    """Reading and changing services."""

    async def get_seller(self, business_id: UUID) -> Seller:
        """The business that sells the services. Raises NotFound."""
        row = (await self.session.execute(_SELLER, {"business_id": business_id})).one_or_none()
        if row is None:
            raise NotFound
        defaults = ServiceDefaults(PaymentMode(row.payment_mode), ApprovalMode(row.approval_mode))
        return Seller(row.currency, row.payment_provider, defaults)

    async def list_services(
        self, asked: ServiceFilter, after: tuple[Any, ...] | None, limit: int
    ) -> Sequence[tuple[ServiceRow, tuple[Any, ...]]]:
        """The services that the transaction sees, complete, each with its sort key, in one statement; those after
        ``after``."""
        values: dict[str, Any] = {"limit": limit}
        for name in ("active", "business_id", "category", "q"):
            if getattr(asked, name) is not None:
                values[name] = getattr(asked, name)
        if after is not None:
            values["after_key"], values["after_id"] = after
        rows = [row._asdict() for row in await self.session.execute(_listing(asked, after), values)]
        return [(_row(row), (key, row["id"])) for row in rows if (key := row.pop("sort_key")) is not None]

    async def get_service(self, service_id: UUID, inactive: bool = True) -> ServiceRow:
        """One service. Raises NotFound, also for an inactive one unless ``inactive``."""
        row = (await self.session.execute(_GET, {"service_id": service_id})).one_or_none()
        if row is None or not (row.is_active or inactive):
            raise NotFound
        return _row(row._asdict())

    async def add_service(self, business_id: UUID, values: Mapping[str, Any], requirements: Requirements) -> ServiceRow:
        """Insert a service. Raises InvalidInput for a policy or resources that are not the business's own and for an
        active service that cannot be booked, and LegalNoticeRequired (``_sound``)."""
        await self._check_policy(business_id, values.get("policy_id"))
        statement = insert(_TABLE).values(business_id=business_id, **values).returning(_TABLE.c.id)
        service_id = (await self.session.execute(statement)).scalar_one()
        await self._write_requirements(business_id, service_id, requirements)
        return await self._sound(service_id)

    async def lock_service(self, service_id: UUID) -> ServiceRow:
        """One service, locked until the transaction ends. Raises NotFound."""
        if await self.session.scalar(_LOCK, {"service_id": service_id}) is None:
            raise NotFound
        return await self.get_service(service_id)

    async def change_service(
        self,
        service: ServiceRow,
        values: Mapping[str, Any],
        requirements: Requirements | None,
        now: datetime,
        confirm: bool,
    ) -> ServiceRow:
        """Set columns of a locked service, and its requirements if ``requirements`` is given. Existing bookings do not
        change. Raises as ``add_service``, and WouldBreakBookings for bookings with a resource that the service no
        longer uses, unless ``confirm``."""
        await self._check_policy(service.business_id, values.get("policy_id"))
        if values:
            await self.session.execute(update(_TABLE).where(_TABLE.c.id == service.id).values(**values))
        if requirements is not None:
            calendars = CalendarStore(self.session, self.context)
            async with calendars.changing(service.business_id, now, confirm, StrandReason.SERVICE):
                await self.session.execute(_CLEAR_NEEDS, {"service_id": service.id})
                await self._write_requirements(service.business_id, service.id, requirements)
        if (
            values.keys() & {"is_active", "payment_mode", "capacity", "party_min", "party_max"}
            or requirements is not None
        ):
            return await self._sound(service.id)
        return await self.get_service(service.id)

    async def _sound(self, service_id: UUID) -> ServiceRow:
        """The service as written. Raises what ``check_active`` raises if it is active."""
        service = await self.get_service(service_id)
        if not service.is_active:
            return service
        mode = PaymentMode(service.payment_mode)
        values = {"business_id": service.business_id, "private": [status.value for status in PRIVATE]}
        facts = ActiveService(
            groups=[units for (units,) in await self.session.execute(_UNITS, {"service_id": service_id})],
            capacity=service.capacity,
            party_min=service.party_min,
            party_max=service.party_max,
            payment_mode=mode,
            lacks_notice=mode in ONLINE and bool(await self.session.scalar(_LACKS_NOTICE, values)),
        )
        check_active(facts, str(service_id))
        return service

    async def remove_service(self, service_id: UUID, now: datetime, confirm: bool) -> None:
        """Deactivate and delete softly. Raises WouldBreakBookings while there are future bookings of it, unless
        ``confirm``; those bookings do not change. Raises NotFound."""
        service = await self.lock_service(service_id)
        await CalendarStore(self.session, self.context).lock(service.business_id)
        values = {"service_id": service_id, "live": [status.value for status in LIVE], "now": now}
        visits = (await self.session.execute(_VISITS, values)).all()
        if visits and not confirm:
            raise would_break(visits, visits[0].time_zone)
        await self.session.execute(
            update(_TABLE).where(_TABLE.c.id == service_id).values(is_active=False, deleted_at=now)
        )

    async def _check_policy(self, business_id: UUID, policy_id: UUID | None) -> None:
        if policy_id is None:
            return
        values = {"business_id": business_id, "policy_id": policy_id}
        if await self.session.scalar(_KNOWN_POLICY, values) is None:
            raise InvalidInput.at("policy_id", "unknown")

    async def _write_requirements(self, business_id: UUID, service_id: UUID, requirements: Requirements) -> None:
        pairs = [(group, resource_id) for group, ids in requirements.items() for resource_id in ids]
        if not pairs:
            return
        wanted = {resource_id for _, resource_id in pairs}
        known = set(await self.session.scalars(_KNOWN_RESOURCES, {"business_id": business_id, "ids": list(wanted)}))
        if wanted - known:
            raise InvalidInput.at("requirements", "unknown_resource")
        values = {
            "business_id": business_id,
            "service_id": service_id,
            "groups": [group for group, _ in pairs],
            "resources": [resource_id for _, resource_id in pairs],
        }
        await self.session.execute(_ADD_NEEDS, values)
