"""Who works where, as what, and what they do; and the end of it."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.dialects.postgresql import UUID as PgUUID

from db.engine.store import Store
from db.messages.notices import AccountEmail, NoticeStore
from db.scheduling.calendars.change import CalendarStore
from domain.errors import InvalidInput, NotFound, WrongState
from domain.messages.kinds import AccountEmailKind
from domain.scheduling.staff import StaffRole
from domain.scheduling.stranded import StrandReason

_COLUMNS = """
    SELECT a.id, a.business_id, a.user_id, CAST(u.email AS text) AS email, u.family_name, u.given_name, a.role,
           a.resource_id, r.name AS resource_name, a.ended_at, a.created_at, a.updated_at,
           ARRAY(SELECT DISTINCT n.service_id FROM service_resources n
                   JOIN services s ON s.id = n.service_id AND s.deleted_at IS NULL
                  WHERE n.resource_id = a.resource_id ORDER BY n.service_id) AS service_ids
      FROM staff_assignments a JOIN users u ON u.id = a.user_id LEFT JOIN resources r ON r.id = a.resource_id
"""
_GET = text(f"{_COLUMNS} WHERE a.id = :id")
_LIST = text(f"""{_COLUMNS}
     WHERE a.business_id = :business_id AND (a.ended_at IS NULL OR :ended)
       AND (CAST(:role AS text) IS NULL OR a.role = :role)
       AND (CAST(:service_id AS uuid) IS NULL OR EXISTS (
            SELECT FROM service_resources n WHERE n.resource_id = a.resource_id AND n.service_id = :service_id))
       AND (CAST(:after AS uuid) IS NULL OR a.id > :after)
     ORDER BY a.id LIMIT :limit
""").bindparams(bindparam("service_id", type_=PgUUID), bindparam("after", type_=PgUUID))
_LOCK = text("SELECT business_id, ended_at FROM staff_assignments WHERE id = :id FOR UPDATE")
_SET_ROLE = text("UPDATE staff_assignments SET role = :role WHERE id = :id")
_SET_NAME = text("UPDATE resources SET name = :name WHERE id = :id").bindparams(bindparam("name", type_=JSONB))
_END = text("UPDATE staff_assignments SET ended_at = :now WHERE id = :id")
_RETIRE = text("UPDATE resources SET is_active = false WHERE id = :id AND is_active")
_IS_OWN = text("""
    SELECT EXISTS (SELECT FROM staff_assignments
                    WHERE resource_id = :resource_id AND user_id = :user_id AND ended_at IS NULL)
""")
_IDS = bindparam("service_ids", type_=ARRAY(PgUUID(as_uuid=True)))
_KNOWN_SERVICES = text("""
    SELECT count(*) FROM services WHERE business_id = :business_id AND id = ANY(:service_ids) AND deleted_at IS NULL
""").bindparams(_IDS)
_DROP_SERVICES = text("""
    DELETE FROM service_resources WHERE resource_id = :resource_id AND service_id <> ALL(:service_ids)
""").bindparams(_IDS)
# Beside the others of the staff; where a service asked for nobody yet, it now asks for one of these.
_ADD_SERVICES = text("""
    INSERT INTO service_resources (business_id, service_id, requirement_group, resource_id)
    SELECT s.business_id, s.id,
           coalesce((SELECT min(n.requirement_group) FROM service_resources n JOIN resources r ON r.id = n.resource_id
                      WHERE n.service_id = s.id AND r.kind = 'staff'),
                    (SELECT max(n.requirement_group) + 1 FROM service_resources n WHERE n.service_id = s.id), 0),
           :resource_id
      FROM services s
     WHERE s.id = ANY(:service_ids) AND NOT EXISTS (
           SELECT FROM service_resources n WHERE n.service_id = s.id AND n.resource_id = :resource_id)
""").bindparams(_IDS)


#: Gives the bookings to come of a resource to others: resource, business, command id, now.
HandOver = Callable[[UUID, UUID, str, datetime], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class AssignmentRow:
    """One user's work at one business. ``resource_name`` is the bookable person as customers see it, bilingual;
    ``service_ids`` what they perform."""

    id: UUID
    business_id: UUID
    user_id: UUID
    email: str
    family_name: str
    given_name: str
    role: str
    resource_id: UUID | None
    resource_name: Mapping[str, str] | None
    ended_at: datetime | None
    created_at: datetime
    updated_at: datetime
    service_ids: Sequence[UUID]


class AssignmentStore(Store):
    """Assignments of one business. The owner has none: ownership is the business's own."""

    async def list_assignments(
        self,
        business_id: UUID,
        after: UUID | None,
        limit: int,
        role: StaffRole | None = None,
        service_id: UUID | None = None,
        ended: bool = False,
    ) -> list[AssignmentRow]:
        """Oldest first; of one ``role``, of those who perform a service; former ones too, or not."""
        values = {
            "business_id": business_id,
            "after": after,
            "limit": limit,
            "role": role.value if role else None,
            "service_id": service_id,
            "ended": ended,
        }
        return [AssignmentRow(**row._mapping) for row in await self.session.execute(_LIST, values)]

    async def get_assignment(self, assignment_id: UUID) -> AssignmentRow:
        """One of them. Raises NotFound."""
        row = (await self.session.execute(_GET, {"id": assignment_id})).one_or_none()
        if row is None:
            raise NotFound
        return AssignmentRow(**row._mapping)

    async def is_own(self, resource_id: UUID, user_id: UUID | None) -> bool:
        """Whether the bookable person is this user."""
        return bool(await self.session.scalar(_IS_OWN, {"resource_id": resource_id, "user_id": user_id}))

    async def change_assignment(
        self,
        assignment_id: UUID,
        role: StaffRole | None,
        name: Mapping[str, str] | None,
        service_ids: Sequence[UUID] | None,
        now: datetime,
        confirm: bool,
    ) -> AssignmentRow:
        """Set what is given. Raises NotFound, WrongState for one that has ended, InvalidInput for services that are
        not the business's or a person who is not bookable, and WouldBreakBookings for bookings of what is no longer
        performed, unless ``confirm``."""
        was = await self._lock(assignment_id)
        if role is not None:
            await self.session.execute(_SET_ROLE, {"id": assignment_id, "role": role.value})
        if name is None and service_ids is None:
            return await self.get_assignment(assignment_id)
        if was.resource_id is None:
            raise InvalidInput.at("name" if service_ids is None else "service_ids", "not_bookable")
        if name is not None:
            await self.session.execute(_SET_NAME, {"id": was.resource_id, "name": dict(name)})
        if service_ids is not None:
            await self._perform(was, was.resource_id, list(set(service_ids)), now, confirm)
        return await self.get_assignment(assignment_id)

    async def terminate(self, assignment_id: UUID, now: datetime, confirm: bool, hand_over: HandOver) -> AssignmentRow:
        """End it now: access is gone and the person cannot be booked any more. Raises NotFound, WrongState for one
        that has ended, and WouldBreakBookings while bookings with the person are to come; with ``confirm`` each goes
        to somebody else who is free, or is offered another time. ``hand_over``: ``ReassignStore.hand_over``, which this
        area may not import."""
        was = await self._lock(assignment_id)
        calendars = CalendarStore(self.session, self.context)
        async with calendars.changing(was.business_id, now, confirm, StrandReason.STAFF_LEFT):
            await self.session.execute(_END, {"id": assignment_id, "now": now})
            if was.resource_id is not None:
                await self.session.execute(_RETIRE, {"id": was.resource_id})
                if confirm:
                    await hand_over(was.resource_id, was.business_id, f"staff_left/{assignment_id}", now)
        message = AccountEmail(
            AccountEmailKind.STAFF_ENDED,
            was.user_id,
            f"staff_ended/{assignment_id}",
            {"at": now.isoformat()},
            was.business_id,
        )
        await NoticeStore(self.session, self.context).queue_account_email(message)
        return await self.get_assignment(assignment_id)

    async def _lock(self, assignment_id: UUID) -> AssignmentRow:
        row = (await self.session.execute(_LOCK, {"id": assignment_id})).one_or_none()
        if row is None:
            raise NotFound
        if row.ended_at is not None:
            raise WrongState({"status": "ended", "wanted": "active"})
        return await self.get_assignment(assignment_id)

    async def _perform(
        self, was: AssignmentRow, resource_id: UUID, service_ids: list[UUID], now: datetime, confirm: bool
    ) -> None:
        asked: dict[str, Any] = {"business_id": was.business_id, "service_ids": service_ids}
        if await self.session.scalar(_KNOWN_SERVICES, asked) != len(service_ids):
            raise InvalidInput.at("service_ids", "unknown_service")
        calendars = CalendarStore(self.session, self.context)
        values = {"resource_id": resource_id, "service_ids": service_ids}
        async with calendars.changing(was.business_id, now, confirm, StrandReason.SERVICE):
            await self.session.execute(_DROP_SERVICES, values)
            await self.session.execute(_ADD_SERVICES, values)
