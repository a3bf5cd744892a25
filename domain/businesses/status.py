"""The status of a business, and the kinds of businesses."""

from collections.abc import Mapping
from enum import StrEnum


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


#: No path of ``ALLOWED`` leads back here from ``approved``, so such a business was never public.
NEVER_PUBLIC = frozenset({B.DRAFT, B.PENDING, B.REJECTED})

#: Only the team sees the business, and no review waits.
PRIVATE = frozenset({B.DRAFT, B.REJECTED})


class Vertical(StrEnum):
    """Kind of business."""

    SALON = "salon"
    SPA = "spa"
    RESTAURANT = "restaurant"
    BARBER = "barber"
    CLINIC = "clinic"
    FITNESS = "fitness"


class ApprovalMode(StrEnum):
    """Whether a booking is confirmed by itself or by the business."""

    INSTANT = "instant"
    MANUAL = "manual"


class ResourceKind(StrEnum):
    """What a service needs."""

    STAFF = "staff"
    ROOM = "room"
    EQUIPMENT = "equipment"


class StaffRole(StrEnum):
    """What an assignment lets a user do in one business (the owner is the business's ``owner_id``)."""

    MANAGER = "manager"
    STAFF = "staff"
    ASSISTANT = "assistant"
