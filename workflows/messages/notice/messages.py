"""Input of a notice's workflow."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

WORKFLOW = "notice"


@dataclass(frozen=True)
class NoticeInput:
    """The row in ``notification_outbox`` exists already. Sending stops at ``give_up_at`` (aware UTC)."""

    notice_id: UUID
    business_id: UUID | None
    kind: str
    give_up_at: datetime
