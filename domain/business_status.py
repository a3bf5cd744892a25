"""The status of a business: one enum, one table. The database's check constraint repeats the enum."""

from collections.abc import Mapping
from enum import StrEnum

from domain.errors import WrongState


class BusinessStatus(StrEnum):
    """Only ``approved`` businesses are public and bookable."""

    DRAFT = "draft"
    PENDING = "pending"
    APPROVED = "approved"
    REJECTED = "rejected"
    SUSPENDED = "suspended"


B = BusinessStatus

ALLOWED: Mapping[BusinessStatus, frozenset[BusinessStatus]] = {
    B.DRAFT: frozenset({B.PENDING}),
    B.PENDING: frozenset({B.APPROVED, B.REJECTED}),
    B.REJECTED: frozenset({B.PENDING}),
    B.APPROVED: frozenset({B.SUSPENDED}),
    B.SUSPENDED: frozenset({B.APPROVED}),
}


#: ``ALLOWED`` has no path from ``approved`` to these, so a business with one of them was never public.
NEVER_PUBLIC = frozenset({B.DRAFT, B.PENDING, B.REJECTED})

#: Only the team sees the business, and no review is open.
PRIVATE = frozenset({B.DRAFT, B.REJECTED})


def check_transition(current: BusinessStatus, wanted: BusinessStatus) -> None:
    """Raise WrongState unless the table allows ``current -> wanted``."""
    if wanted not in ALLOWED[current]:
        raise WrongState({"status": current.value, "wanted": wanted.value})
