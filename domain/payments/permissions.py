"""Permissions of payments."""

from collections.abc import Mapping

from domain.roles import CUSTOMERS, MANAGERS, TEAM, Action, Role, Rule


class PaymentAction(Action):
    """Actions on payments."""

    READ = "payment.read"
    PAY = "payment.pay"
    REFUND = "payment.refund"
    CAPTURE = "payment.capture"
    VOID = "payment.void"


PERMISSIONS: Mapping[Action, Rule] = {
    PaymentAction.READ: Rule(TEAM | {Role.ADMIN, Role.CUSTOMER}, after_closing=True),
    # Nobody in the business may enter a customer's card.
    PaymentAction.PAY: Rule(CUSTOMERS),
    PaymentAction.REFUND: Rule(MANAGERS, after_closing=True),
    PaymentAction.CAPTURE: Rule(MANAGERS),
    PaymentAction.VOID: Rule(MANAGERS),
}
