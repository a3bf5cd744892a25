"""The status of a business."""

import pytest

from domain.business_status import ALLOWED, NEVER_PUBLIC, BusinessStatus, check_transition
from domain.errors import WrongState
from tests.support.cases import for_each


def test_public_business_never_gets_a_status_of_an_unpublished_one() -> None:
    assert BusinessStatus.APPROVED not in NEVER_PUBLIC
    assert all(ALLOWED[status].isdisjoint(NEVER_PUBLIC) for status in set(BusinessStatus) - NEVER_PUBLIC)


@for_each("wanted", BusinessStatus)
@for_each("current", BusinessStatus)
def test_check_transition_follows_the_table(current: BusinessStatus, wanted: BusinessStatus) -> None:
    if wanted in ALLOWED[current]:
        check_transition(current, wanted)
        return
    with pytest.raises(WrongState) as refused:
        check_transition(current, wanted)
    assert refused.value.details == {"status": current.value, "wanted": wanted.value}
