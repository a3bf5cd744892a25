"""Input of the erasure workflow."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

WORKFLOW = "account-erasure"


@dataclass(frozen=True)
class ErasureInput:
    """The row in ``erasures`` exists already and the login is closed. ``delete_at`` is aware UTC."""

    erasure_id: UUID
    user_id: UUID
    delete_at: datetime
