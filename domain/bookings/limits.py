"""How many unpaid bookings one caller may have at one business, and how many all unproven callers together; and how
many calendar feeds a business may have. Also what a business wants of those who book without a login."""

from domain.bookings.contact import Contact
from domain.bookings.errors import HoldLimit
from domain.businesses.profile import AsksKana
from domain.errors import InvalidInput, RuleBroken
from domain.scheduling.errors import NotBookable

#: How many open bookings one customer, or one network of callers without a proven address, may have at one business.
MAX_OPEN_HOLDS = 5

#: Feeds of one business: some for each of its staff.
MAX_FEEDS = 200


def check_feeds(held: int) -> None:
    """Raise RuleBroken if a business has as many calendar feeds as it may have."""
    if held >= MAX_FEEDS:
        raise RuleBroken({"rule": "too_many_feeds"})


def check_open_bookings(
    by_customer: int, by_network: int, *, is_proven: bool, network_limit: int = MAX_OPEN_HOLDS
) -> None:
    """Raise HoldLimit if the caller has too many.

    ``by_customer``: open holds of the login's customer record. ``by_network``: bookings without payment that callers
    without a proven address made from the same network. A caller with a proven address is counted by that address only,
    because many people share a network. ``network_limit`` is the platform's setting. Other callers can choose name,
    address and phone freely, so those are not counted.
    """
    if by_customer >= MAX_OPEN_HOLDS:
        raise HoldLimit({"limit": MAX_OPEN_HOLDS})
    if not is_proven and by_network >= network_limit:
        raise HoldLimit({"limit": network_limit})


def check_unproven_holds(open_holds: int, limit: int) -> None:
    """Raise NotBookable if callers without a proven address hold as much time of a business as its owner allows.

    ``open_holds``: pending bookings of all such callers, whatever address, number and network they came with: each of
    these can be changed with every request. ``limit``: the owner's setting. Callers with a proven address and staff are
    not asked.
    """
    if open_holds >= limit:
        raise NotBookable({"rule": "too_many_unproven"})


def check_proven_bookings(by_address: int) -> None:
    """Raise HoldLimit if a proven address has too many unpaid future bookings at one business, from any network."""
    if by_address >= MAX_OPEN_HOLDS:
        raise HoldLimit({"limit": MAX_OPEN_HOLDS})


def counts_unproven_again(open_holds: int, limit: int) -> bool:
    """Whether a new unproven hold is counted again behind a lock: from half of the limit on. Before that, nobody waits
    for another caller. ``open_holds``: those before this one."""
    return 2 * (open_holds + 1) >= limit


def check_guest(is_guest: bool, by_staff: bool, allowed: bool) -> None:
    """Raise NotBookable if a person without a login books where the business wants a login (``allowed``: its setting).
    Staff book for anybody."""
    if is_guest and not by_staff and not allowed:
        raise NotBookable({"rule": "no_guest_booking"})


def check_kana(person: Contact, asks: AsksKana) -> None:
    """Raise InvalidInput if a name lacks its kana where the business demands them. A person with one name alone has the
    kana of that one."""
    if asks is not AsksKana.DEMANDED:
        return
    has = {
        "family_name_kana": person.family_name_kana,
        "given_name_kana": person.given_name_kana or not person.given_name,
    }
    lacks = [{"field": f"guest.{name}", "rule": "missing"} for name, there in has.items() if not there]
    if lacks:
        raise InvalidInput({"fields": lacks})
