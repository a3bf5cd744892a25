"""Where a business stands on the platform."""

from domain.business_status import ALLOWED, NEVER_PUBLIC, BusinessStatus


def test_nothing_leads_back_to_a_status_of_what_was_never_public() -> None:
    assert BusinessStatus.APPROVED not in NEVER_PUBLIC
    assert all(ALLOWED[status].isdisjoint(NEVER_PUBLIC) for status in set(BusinessStatus) - NEVER_PUBLIC)
