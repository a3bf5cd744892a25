"""``confirm=true`` on a change that would strand bookings."""

from typing import Annotated

from fastapi import Depends, Query

from api.http.operation_errors import raises
from domain.scheduling.errors import WouldBreakBookings


@raises(WouldBreakBookings)
async def confirmed(
    confirm: Annotated[
        bool, Query(description="Make the change although it strands bookings; each of them is offered another time.")
    ] = False,
) -> bool:
    """Whether the caller has confirmed the change. Without it, the change raises WouldBreakBookings."""
    return confirm


Confirm = Annotated[bool, Depends(confirmed)]
