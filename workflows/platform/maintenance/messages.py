"""Input and result of one round of maintenance."""

from collections.abc import Mapping
from dataclasses import dataclass

from domain.platform.retention import RetainedData

WORKFLOW = "maintenance"


@dataclass(frozen=True)
class MaintenanceInput:
    """``sweep``: the kinds of data whose old rows are deleted, one after the other. ``audit_months``: for how many
    months partitions of the audit trail are created in advance; 0: none. ``files``: also remove files in the storage
    that no row refers to."""

    sweep: tuple[RetainedData, ...] = ()
    audit_months: int = 0
    files: bool = False


@dataclass(frozen=True)
class MaintenanceDone:
    """``removed``: the number of rows per kind of data; ``failed``: the steps for which an attention item was filed."""

    removed: Mapping[str, int]
    failed: tuple[str, ...] = ()
