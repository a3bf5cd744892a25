"""Until when an invitation to work at a business can be accepted, sent again and withdrawn."""

from datetime import UTC, datetime, timedelta

import pytest

from domain.errors import AlreadyExists, Gone, InvalidInput, WrongState
from domain.scheduling.invitation import VALID_FOR, InvitationState, check_link, check_open, check_person

NOW = datetime(2027, 3, 1, 9, tzinfo=UTC)
SECOND = timedelta(seconds=1)
OPEN = InvitationState(NOW + VALID_FOR)
ACCEPTED = InvitationState(NOW + VALID_FOR, accepted_at=NOW)
WITHDRAWN = InvitationState(NOW + VALID_FOR, withdrawn_at=NOW)


@pytest.mark.parametrize(
    ("invitation", "now", "reason"),
    [
        (OPEN, NOW + VALID_FOR - SECOND, None),
        (OPEN, NOW + VALID_FOR, "link_expired"),
        (WITHDRAWN, NOW, "link_expired"),
        (ACCEPTED, NOW, "link_used"),
        (ACCEPTED, NOW + VALID_FOR, "link_used"),
    ],
)
def test_check_link_says_why_an_invitation_opens_nothing(
    invitation: InvitationState, now: datetime, reason: str | None
) -> None:
    if reason is None:
        check_link(invitation, now)
        return
    with pytest.raises(Gone) as refused:
        check_link(invitation, now)
    assert refused.value.details == {"reason": reason}


@pytest.mark.parametrize(("invitation", "status"), [(ACCEPTED, "accepted"), (WITHDRAWN, "withdrawn")])
def test_check_open_refuses_what_was_accepted_or_withdrawn(invitation: InvitationState, status: str) -> None:
    check_open(OPEN)
    with pytest.raises(WrongState) as refused:
        check_open(invitation)
    assert refused.value.details == {"status": status, "wanted": "open"}


def test_check_person_refuses_a_colleague_first_and_then_a_taken_resource() -> None:
    check_person(works_here=False, is_free=True)
    with pytest.raises(AlreadyExists):
        check_person(works_here=True, is_free=False)
    with pytest.raises(InvalidInput):
        check_person(works_here=False, is_free=False)
