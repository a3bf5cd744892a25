"""Input and result of one round of maintenance."""

from collections.abc import Mapping
from dataclasses import dataclass

from domain.platform.retention import RetainedData

WORKFLOW = "maintenance"


@dataclass(frozen=True)
class MaintenanceInput:
    """``sweep``: what loses its old rows, one after the other. ``audit_months``: how many months of the audit trail
    get their partition ahead; 0: this round has nothing to do with it. ``files``: those in the storage that nothing
    points to any more are removed too."""

    sweep: tuple[RetainedData, ...] = ()
    audit_months: int = 0
    files: bool = False


@dataclass(frozen=True)
class MaintenanceDone:
    """``removed``: rows by what was swept; ``failed``: the steps that were filed for a person."""

    removed: Mapping[str, int]
    failed: tuple[str, ...] = ()
