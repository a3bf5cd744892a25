"""How many unpaid bookings one caller may have."""

import pytest

from domain.bookings.contact import Contact
from domain.bookings.errors import HoldLimit
from domain.bookings.limits import (
    MAX_OPEN_HOLDS,
    check_guest,
    check_kana,
    check_open_bookings,
    counts_unproven_again,
)
from domain.businesses.profile import AsksKana
from domain.errors import InvalidInput
from domain.scheduling.errors import NotBookable


@pytest.mark.parametrize(
    ("by_customer", "by_network", "is_proven", "is_refused"),
    [
        (0, 0, False, False),
        (MAX_OPEN_HOLDS - 1, MAX_OPEN_HOLDS - 1, False, False),
        (MAX_OPEN_HOLDS, 0, True, True),
        (MAX_OPEN_HOLDS, 0, False, True),
        (0, MAX_OPEN_HOLDS, False, True),
        (0, MAX_OPEN_HOLDS * 10, True, False),  # many people share a network
    ],
)
def test_check_open_bookings_counts_proven_identity_or_network(
    by_customer: int, by_network: int, is_proven: bool, is_refused: bool
) -> None:
    if not is_refused:
        check_open_bookings(by_customer, by_network, is_proven=is_proven)
        return
    with pytest.raises(HoldLimit):
        check_open_bookings(by_customer, by_network, is_proven=is_proven)


@pytest.mark.parametrize(
    ("open_holds", "limit", "counts"), [(0, 10, False), (3, 10, False), (4, 10, True), (9, 10, True), (0, 1, True)]
)
def test_unproven_holds_are_counted_again_from_half_of_the_limit(open_holds: int, limit: int, counts: bool) -> None:
    assert counts_unproven_again(open_holds, limit) is counts


@pytest.mark.parametrize("is_guest", [True, False])
@pytest.mark.parametrize("by_staff", [True, False])
@pytest.mark.parametrize("allowed", [True, False])
def test_check_guest_refuses_a_guest_where_a_login_is_wanted(is_guest: bool, by_staff: bool, allowed: bool) -> None:
    if not is_guest or by_staff or allowed:
        check_guest(is_guest, by_staff, allowed)
        return
    with pytest.raises(NotBookable) as refused:
        check_guest(is_guest, by_staff, allowed)
    assert refused.value.details == {"rule": "no_guest_booking"}


@pytest.mark.parametrize(
    ("person", "lacks"),
    [
        (Contact("佐藤"), "guest.family_name_kana"),
        (Contact("佐藤", "愛"), "guest.family_name_kana guest.given_name_kana"),
        (Contact("佐藤", given_name_kana="アイ"), "guest.family_name_kana"),
        (Contact("佐藤", "愛", family_name_kana="サトウ"), "guest.given_name_kana"),
        (Contact("佐藤", family_name_kana="サトウ"), None),
        (Contact("佐藤", "愛", family_name_kana="サトウ", given_name_kana="アイ"), None),
    ],
)
def test_kana_of_each_part_of_the_name_are_demanded(person: Contact, lacks: str | None) -> None:
    check_kana(person, AsksKana.OFF)
    check_kana(person, AsksKana.ASKED)
    if lacks is None:
        check_kana(person, AsksKana.DEMANDED)
        return
    with pytest.raises(InvalidInput) as refused:
        check_kana(person, AsksKana.DEMANDED)
    assert refused.value.details == {"fields": [{"field": one, "rule": "missing"} for one in lacks.split()]}
