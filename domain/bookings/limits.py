"""How many unpaid bookings one caller may have at one business."""

from domain.bookings.errors import HoldLimit

#: One customer, and one network without a proven identity, may have this many open bookings at one business.
MAX_OPEN_HOLDS = 5


def check_open_bookings(
    by_customer: int, by_network: int, *, is_proven: bool, network_limit: int = MAX_OPEN_HOLDS
) -> None:
    """Raise HoldLimit where the caller has too many.

    ``by_customer``: open holds of the login's record. ``by_network``: bookings without payment that unproven callers
    made from the same network. A caller with a proven address is counted by that identity alone, because many people
    share one network.
    ``network_limit`` is the platform's setting. Everybody else chooses name, address and phone freely, so none of
    these is counted.
    """
    if by_customer >= MAX_OPEN_HOLDS:
        raise HoldLimit({"limit": MAX_OPEN_HOLDS})
    if not is_proven and by_network >= network_limit:
        raise HoldLimit({"limit": network_limit})


def check_proven_bookings(by_address: int) -> None:
    """Raise HoldLimit where a proven address has too many unpaid bookings ahead at one business, from whatever
    networks they were made."""
    if by_address >= MAX_OPEN_HOLDS:
        raise HoldLimit({"limit": MAX_OPEN_HOLDS})
