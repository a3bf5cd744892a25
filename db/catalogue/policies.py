"""Cancellation policies; one of a business is its default."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any, cast
from uuid import UUID

from sqlalchemy import Table, insert, select, text, update

from db.catalogue.tables import CancellationPolicy
from db.engine.store import Store
from domain.errors import Conflict, InvalidInput, NotFound

_TABLE = cast(Table, CancellationPolicy.__table__)
# Two changes of the default run one after the other instead of violating the unique index.
_LOCK = text("SELECT 1 FROM businesses WHERE id = :business_id FOR NO KEY UPDATE")
_NO_DEFAULT = text("""
    UPDATE cancellation_policies SET is_default = false
     WHERE business_id = :business_id AND is_default AND id IS DISTINCT FROM CAST(:except_id AS uuid)
""")
_HAS_DEFAULT = text("""
    SELECT EXISTS (SELECT 1 FROM cancellation_policies
                    WHERE business_id = :business_id AND is_default AND deleted_at IS NULL)
""")
_USERS = text("""
    SELECT id FROM services
     WHERE business_id = :business_id AND policy_id = :policy_id AND deleted_at IS NULL ORDER BY id
""")


@dataclass(frozen=True, slots=True)
class PolicyRow:
    """A policy; ``tiers`` and ``moves`` as `domain.catalogue.cancellation.Policy.to_json` has them."""

    id: UUID
    business_id: UUID
    name: dict[str, str]
    tiers: list[dict[str, int]]
    no_show_percent: int
    moves: dict[str, Any]
    is_default: bool
    created_at: datetime
    updated_at: datetime


_COLUMNS = [_TABLE.c[field.name] for field in fields(PolicyRow)]


class PolicyStore(Store):
    """Bookings keep the tiers that they were made with; changes here do not affect existing bookings."""

    async def list_policies(self, business_id: UUID, after: UUID | None, limit: int) -> Sequence[PolicyRow]:
        """The policies of a business, oldest first."""
        statement = (
            select(*_COLUMNS)
            .where(_TABLE.c.business_id == business_id, _TABLE.c.deleted_at.is_(None))
            .order_by(_TABLE.c.id)
            .limit(limit)
        )
        if after is not None:
            statement = statement.where(_TABLE.c.id > after)
        return [PolicyRow(**row._mapping) for row in await self.session.execute(statement)]

    async def get_policy(self, policy_id: UUID) -> PolicyRow:
        """One policy. Raises NotFound."""
        statement = select(*_COLUMNS).where(_TABLE.c.id == policy_id, _TABLE.c.deleted_at.is_(None))
        row = (await self.session.execute(statement)).one_or_none()
        if row is None:
            raise NotFound
        return PolicyRow(**row._mapping)

    async def add_policy(self, business_id: UUID, values: Mapping[str, Any]) -> PolicyRow:
        """Insert a policy. The first one of a business is its default; a new default replaces the former one."""
        await self.session.execute(_LOCK, {"business_id": business_id})
        first = not await self.session.scalar(_HAS_DEFAULT, {"business_id": business_id})
        if values.get("is_default"):
            await self.session.execute(_NO_DEFAULT, {"business_id": business_id, "except_id": None})
        columns = {**values, "business_id": business_id, "is_default": first or bool(values.get("is_default"))}
        row = (await self.session.execute(insert(_TABLE).values(**columns).returning(*_COLUMNS))).one()
        return PolicyRow(**row._mapping)

    async def change_policy(self, business_id: UUID, policy_id: UUID, values: Mapping[str, Any]) -> PolicyRow:
        """Set columns; a new default replaces the former one. Raises NotFound, and InvalidInput if the business would
        have no default: make another one the default instead."""
        if not values:
            return await self.get_policy(policy_id)
        await self.session.execute(_LOCK, {"business_id": business_id})
        if values.get("is_default") is False and (await self.get_policy(policy_id)).is_default:
            raise InvalidInput.at("is_default", "make_another_the_default")
        return await self._write(business_id, policy_id, values)

    async def _write(self, business_id: UUID, policy_id: UUID, values: Mapping[str, Any]) -> PolicyRow:
        if values.get("is_default"):
            await self.session.execute(_NO_DEFAULT, {"business_id": business_id, "except_id": policy_id})
        statement = (
            update(_TABLE)
            .where(_TABLE.c.id == policy_id, _TABLE.c.deleted_at.is_(None))
            .values(**values)
            .returning(*_COLUMNS)
        )
        row = (await self.session.execute(statement)).one_or_none()
        if row is None:
            raise NotFound
        return PolicyRow(**row._mapping)

    async def remove_policy(self, business_id: UUID, policy_id: UUID, now: datetime) -> None:
        """Delete softly. Raises Conflict with the services that use it, or for the default while there are others, and
        NotFound."""
        await self.session.execute(_LOCK, {"business_id": business_id})
        users = await self.session.scalars(_USERS, {"business_id": business_id, "policy_id": policy_id})
        services = [str(service_id) for service_id in users]
        if services:
            raise Conflict({"services": services})
        policy = await self.get_policy(policy_id)
        if policy.is_default and len(await self.list_policies(business_id, None, 2)) > 1:
            raise Conflict({"rule": "make_another_the_default"})
        await self._write(business_id, policy_id, {"deleted_at": now, "is_default": False})
