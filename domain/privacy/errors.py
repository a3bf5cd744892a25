"""Errors about a person's data."""

from typing import ClassVar, TypedDict
from uuid import UUID

from domain.error_details import BookingDetails
from domain.errors import Conflict


class ErasureBlockedDetails(TypedDict, total=False):
    """Future visits, and the ids of businesses to be closed or transferred."""

    bookings: list[BookingDetails]
    businesses: list[UUID]


class ErasureBlocked(Conflict):
    """The login cannot be closed yet. ``details["bookings"]``: future visits, to be cancelled first;
    ``details["businesses"]``: businesses that the login owns, to be closed or transferred first."""

    code = "erasure_blocked"
    shape: ClassVar[type] = ErasureBlockedDetails
