"""The permission table, cell by cell, against one written out here by hand."""

import pytest

from domain.errors import Forbidden, NotFound
from domain.permissions import RULES, allowed, require
from domain.roles import Action, Role
from tests.support.cases import for_each

COLUMNS = [Role.ADMIN, Role.OWNER, Role.MANAGER, Role.STAFF, Role.ASSISTANT, Role.CUSTOMER, Role.GUEST]

#: Columns: admin owner manager staff assistant customer guest. ``y`` may, ``-`` may not.
EXPECTED = {
    "business.create": "-y---y-",
    "business.read": "yyyyyyy",
    "business.update": "-yy----",
    "hours.update": "-yy----",
    "catalogue.read": "yyyyyyy",
    "service.write": "-yy----",
    "resource.write": "-yy----",
    "policy.write": "-yy----",
    "settings.write": "-yy----",
    "availability.read": "yyyyyyy",
    "availability.read_all": "-yyy---",
    "booking.create": "-yyy-yy",
    "booking.create_for_customer": "-yyy---",
    "booking.overbook": "-yy----",
    "booking.read": "yyyyyyy",
    "booking.prove": "-----yy",
    "booking.cancel": "-yyy-yy",
    "booking.reschedule": "-yyy-yy",
    "booking.confirm": "-yyy---",
    "booking.decline": "-yyy---",
    "booking.check_in": "-yyy---",
    "booking.complete": "-yyy---",
    "booking.no_show": "-yyy---",
    "booking.update": "-yyy-y-",
    "booking.undo": "-yyy---",
    "booking.follow": "-yyyy--",
    "customer.read": "-yyyy--",
    "customer.write": "-yyy---",
    "customer.import": "-yy----",
    "customer.export": "-yy----",
    "customer.read_health": "-yyy---",
    "customer.read_health_readers": "-y-----",
    "waitlist.join": "-yyy-yy",
    "waitlist.read": "yyyyyyy",
    "waitlist.answer": "-----yy",
    "waitlist.leave": "-yyy-yy",
    "review.read": "yyyyyyy",
    "review.read_all": "yyyyy--",
    "review.write": "-----yy",
    "review.reply": "-yy----",
    "review.report": "yyyyyyy",
    "review.request_moderation": "yyy----",
    "review.decide": "y------",
    "payment.read": "yyyy-y-",
    "payment.pay": "-----yy",
    "payment.refund": "-yy----",
    "payment.capture": "-yy----",
    "payment.void": "-yy----",
    "payment.record_at_venue": "-yyy---",
    "payment.report_tills": "-yy----",
    "receipt.read": "-yyy-yy",
    "receipt.at_venue": "-yyy---",
    "receipt.correct": "-yy----",
    "receipt.search": "-yy----",
    "dispute.read": "-yy----",
    "dispute.send_evidence": "yy-----",
    "payout.read": "yy-----",
    "platform_payout.read": "y------",
    "payment_event.replay": "y------",
    "payment_account.write": "-y-----",
    "notification.read": "yyyyyy-",
    "notification.retry": "yyy----",
    "notification.send_again": "yyyy---",
    "notification.count_all": "y------",
    "notification.read_undelivered": "y------",
    "notification.choose": "-----yy",
    "notification.consent": "-yyy---",
    "notification.design": "yyy----",
    "notification.see_logo": "yyyyyyy",
    "notification.prove": "yyyyy--",
    "business.delete": "-y-----",
    "verification.read": "yyy----",
    "verification.submit": "-yy----",
    "verification.decide": "y------",
    "business.suspend": "y------",
    "staff.read": "-yy----",
    "staff.write": "-yy----",
    "schedule.read": "-yyyy--",
    "schedule.write": "-yy----",
    "schedule.write_own": "-yyy---",
    "booking.assign": "-yyy---",
    "media.read": "yyyyyyy",
    "media.write": "-yy----",
    "audit.read": "yy-----",
    "flag.write": "y------",
    "marketing.read": "-yy----",
    "marketing.write": "-yy----",
    "marketing.send": "-yy----",
    "analytics.read": "yyy----",
    "analytics.read_platform": "y------",
    "analytics.backfill": "y------",
    "attention.read": "y------",
    "attention.resolve": "y------",
    "payload.read": "y------",
    "two_factor.reset": "y------",
}

BY_NAME = {action.value: action for action in RULES}

CELLS = [
    pytest.param(role, action, mark == "y", id=f"{role}-{action}")
    for action, marks in EXPECTED.items()
    for role, mark in zip(COLUMNS, marks, strict=True)
]


def test_table_names_every_action_and_role() -> None:
    assert set(EXPECTED) == set(RULES)
    assert set(COLUMNS) == set(Role)


@for_each(("role", "action", "may"), CELLS)
def test_cell(role: Role, action: str, may: bool) -> None:
    assert allowed(role, BY_NAME[action]) is may
    if may:
        require(role, BY_NAME[action])
    else:
        with pytest.raises(Forbidden) as refused:
            require(role, BY_NAME[action])
        assert refused.value.details == {"action": action, "role": role.value}


@for_each("action", list(RULES))
def test_caller_without_a_role_sees_nothing_of_the_business(action: Action) -> None:
    with pytest.raises(NotFound):
        require(None, action)
