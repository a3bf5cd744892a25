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
    RECORD_AT_VENUE = "payment.record_at_venue"
    REPORT_TILLS = "payment.report_tills"
    RECEIPT = "receipt.read"
    RECEIPT_AT_VENUE = "receipt.at_venue"
    CORRECT_RECEIPT = "receipt.correct"
    SEARCH_RECEIPTS = "receipt.search"
    READ_DISPUTES = "dispute.read"
    SEND_EVIDENCE = "dispute.send_evidence"
    READ_PAYOUTS = "payout.read"
    READ_PLATFORM_PAYOUTS = "platform_payout.read"
    REPLAY_EVENTS = "payment_event.replay"
    SET_ACCOUNT = "payment_account.write"


PERMISSIONS: Mapping[Action, Rule] = {
    PaymentAction.READ: Rule(TEAM | {Role.ADMIN, Role.CUSTOMER}, after_closing=True),
    # Nobody in the business may enter a customer's card.
    PaymentAction.PAY: Rule(CUSTOMERS),
    PaymentAction.REFUND: Rule(MANAGERS, after_closing=True),
    PaymentAction.CAPTURE: Rule(MANAGERS),
    PaymentAction.VOID: Rule(MANAGERS),
    PaymentAction.RECORD_AT_VENUE: Rule(TEAM, after_closing=True),
    PaymentAction.REPORT_TILLS: Rule(MANAGERS, after_closing=True),
    PaymentAction.RECEIPT: Rule(TEAM | CUSTOMERS, after_closing=True),
    PaymentAction.RECEIPT_AT_VENUE: Rule(TEAM, after_closing=True),
    PaymentAction.CORRECT_RECEIPT: Rule(MANAGERS, after_closing=True),
    PaymentAction.SEARCH_RECEIPTS: Rule(MANAGERS, after_closing=True),
    PaymentAction.READ_DISPUTES: Rule(MANAGERS, after_closing=True),
    # The bank reads one answer: it cannot be withdrawn.
    PaymentAction.SEND_EVIDENCE: Rule(frozenset({Role.OWNER, Role.ADMIN}), after_closing=True),
    # What the business earns, and what it pays for it.
    PaymentAction.READ_PAYOUTS: Rule(frozenset({Role.OWNER, Role.ADMIN}), after_closing=True),
    PaymentAction.READ_PLATFORM_PAYOUTS: Rule(frozenset({Role.ADMIN})),
    PaymentAction.REPLAY_EVENTS: Rule(frozenset({Role.ADMIN})),
    # Where the money of the business goes.
    PaymentAction.SET_ACCOUNT: Rule(frozenset({Role.OWNER}), after_closing=True),
}
