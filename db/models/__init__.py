"""Tables only, one module per noun. Importing this package registers all of them."""

from db.base import Base
from db.models import (
    bookings,
    businesses,
    catalogue,
    customers,
    data_rights,
    flags,
    identity,
    media,
    notices,
    payments,
    platform,
    single_use_links,
    staff,
    verifications,
)

__all__ = [
    "Base",
    "bookings",
    "businesses",
    "catalogue",
    "customers",
    "data_rights",
    "flags",
    "identity",
    "media",
    "notices",
    "payments",
    "platform",
    "single_use_links",
    "staff",
    "verifications",
]
