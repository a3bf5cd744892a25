"""What a transaction that enters the business of an object finds there."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID


@dataclass(frozen=True, slots=True)
class ResolvedScope:
    """The result of ``app_enter``.

    ``role`` is owner, manager, staff, assistant or None. ``own``: the caller is the customer of this booking, or of the
    booking that the object belongs to. ``linked``: the caller's link names that booking; ``ends_at`` is its end.
    ``closed``: the business is deleted.
    """

    business_id: UUID | None
    role: str | None = None
    own: bool = False
    business_status: str | None = None
    closed: bool = False
    linked: bool = False
    ends_at: datetime | None = None
