"""Input of the import workflow."""

from dataclasses import dataclass
from uuid import UUID

WORKFLOW = "customer-import"


@dataclass(frozen=True)
class CustomerImportInput:
    """The rows are in ``customer_import_rows`` already. ``taken``: rows that a former run decided."""

    import_id: UUID
    business_id: UUID
    taken: int = 0
