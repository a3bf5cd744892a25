"""The kind of a business, and the permit that some kinds need."""

import pytest

from domain.business_status import BusinessStatus
from domain.businesses.profile import PERMIT_NEEDED, Vertical, check_kind
from domain.errors import WrongState

B = BusinessStatus


@pytest.mark.parametrize("status", BusinessStatus)
@pytest.mark.parametrize("present", [Vertical.SPA, Vertical.SALON])
@pytest.mark.parametrize("wanted", Vertical)
def test_check_kind_asks_for_the_permit_of_a_reviewed_business(
    status: BusinessStatus, present: Vertical, wanted: Vertical
) -> None:
    reviewed = status in {B.APPROVED, B.SUSPENDED}
    if not reviewed or wanted is present or wanted not in PERMIT_NEEDED:
        check_kind(status, present, wanted)
        return
    with pytest.raises(WrongState):
        check_kind(status, present, wanted)
