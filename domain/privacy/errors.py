"""Errors about a person's data."""

from typing import ClassVar, TypedDict
from uuid import UUID

from domain.error_details import BookingDetails
from domain.errors import Conflict


class ErasureBlockedDetails(TypedDict, total=False):
    """Visits ahead, and the ids of businesses to be closed or handed over."""

    bookings: list[BookingDetails]
    businesses: list[UUID]


class ErasureBlocked(Conflict):
    """The login cannot be closed yet. ``details["bookings"]``: future visits, to be cancelled first;
    ``details["businesses"]``: what the login owns, to be closed or handed over first."""

    code = "erasure_blocked"
    shape: ClassVar[type] = ErasureBlockedDetails
