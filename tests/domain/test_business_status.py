"""Where a business stands on the platform."""

from domain.business_status import ALLOWED, NEVER_PUBLIC, BusinessStatus


def test_public_business_never_gets_a_status_of_an_unpublished_one() -> None:
    assert BusinessStatus.APPROVED not in NEVER_PUBLIC
    assert all(ALLOWED[status].isdisjoint(NEVER_PUBLIC) for status in set(BusinessStatus) - NEVER_PUBLIC)
