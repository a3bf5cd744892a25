"""Whether a customer gets a message that somebody else serves."""

import pytest

from domain.scheduling.reassignment import StaffChangeNotice, notifies_customer

S = StaffChangeNotice


@pytest.mark.parametrize(
    ("setting", "asked_for", "notified"),
    [
        (S.NEVER, False, False),
        (S.NEVER, True, False),
        (S.IF_ASKED_FOR, False, False),
        (S.IF_ASKED_FOR, True, True),
        (S.ALWAYS, False, True),
        (S.ALWAYS, True, True),
    ],
)
def test_notifies_customer_follows_the_setting(setting: S, asked_for: bool, notified: bool) -> None:
    assert notifies_customer(setting, asked_for) is notified
