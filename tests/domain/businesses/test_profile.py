"""The kind of a business, and the permit that some kinds need."""

import pytest

from domain.business_status import BusinessStatus
from domain.businesses.profile import PERMIT_NEEDED, Vertical, check_kind
from domain.errors import WrongState
from tests.support.cases import for_each

B = BusinessStatus


@for_each("status", BusinessStatus)
@for_each("present", [Vertical.SPA, Vertical.SALON])
@for_each("wanted", Vertical)
def test_check_kind_asks_for_the_permit_of_a_reviewed_business(
    status: BusinessStatus, present: Vertical, wanted: Vertical
) -> None:
    reviewed = status in {B.APPROVED, B.SUSPENDED}
    if not reviewed or wanted is present or wanted not in PERMIT_NEEDED:
        check_kind(status, present, wanted)
        return
    with pytest.raises(WrongState):
        check_kind(status, present, wanted)
