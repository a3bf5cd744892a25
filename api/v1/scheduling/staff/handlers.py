"""The permission checks of schedules and assignments."""

from uuid import UUID

from api.access.callers import Access
from db.engine.session import UnitOfWork
from domain.errors import Forbidden
from domain.permissions import allowed
from domain.scheduling.permissions import SchedulingAction


async def check_schedule(work: UnitOfWork, access: Access, resource_id: UUID | None) -> None:
    """A caller who may write every schedule may write this one; others only their own, and not that of the whole
    business (None). Raises Forbidden."""
    if access.role is not None and allowed(access.role, SchedulingAction.WRITE_SCHEDULE):
        return
    if resource_id is None or not await work.scheduling.staff.is_own(resource_id, access.user_id):
        raise Forbidden({"action": SchedulingAction.WRITE_SCHEDULE.value})
