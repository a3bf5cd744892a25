"""Input of the workflow that resets a second factor."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

WORKFLOW = "two-factor-reset"


@dataclass(frozen=True)
class TwoFactorResetInput:
    """The reset is in the row of ``user_two_factors`` already. ``reset_at`` is aware UTC."""

    reset_id: UUID
    user_id: UUID
    reset_at: datetime
