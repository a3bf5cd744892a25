"""The messages of a rollout's workflow."""

from dataclasses import dataclass
from uuid import UUID

from domain.platform.flag_rollout import RolloutPlan, RolloutStatus

WORKFLOW = "flag-rollout"
PAUSE = "pause"
RESUME = "resume"
CANCEL = "cancel"
STATE = "state"


@dataclass(frozen=True)
class RolloutInput:
    """The row in ``flag_rollouts`` exists already. ``first_step`` counts from 1; a run that continues a rollout starts
    there."""

    rollout_id: UUID
    flag: str
    plan: RolloutPlan
    first_step: int = 1


@dataclass(frozen=True)
class RolloutCommand:
    """A command of an operator; ``by`` is the operator."""

    by: UUID | None = None


@dataclass(frozen=True)
class RolloutState:
    """The state of the run; ``step`` counts from 1."""

    status: RolloutStatus
    step: int
    share: int
