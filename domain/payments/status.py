"""The statuses of a payment and the movements of money. One enum and one table each."""

from collections.abc import Mapping
from enum import StrEnum

from domain.errors import WrongState


class PaymentMode(StrEnum):
    """How a service is paid."""

    NONE = "none"
    AT_VENUE = "at_venue"
    PREPAY = "prepay"
    DEPOSIT = "deposit"
    CARD_HOLD = "card_hold"


#: Modes in which a booking is confirmed only after the provider authorized or captured the money.
ONLINE = frozenset({PaymentMode.PREPAY, PaymentMode.DEPOSIT, PaymentMode.CARD_HOLD})


class PaymentStatus(StrEnum):
    """The status of a payment."""

    REQUIRES_PAYMENT = "requires_payment"
    PROCESSING = "processing"
    AUTHORIZED = "authorized"
    CAPTURED = "captured"
    PARTIALLY_REFUNDED = "partially_refunded"
    REFUNDED = "refunded"
    VOIDED = "voided"
    FAILED = "failed"
    DISPUTED = "disputed"


P = PaymentStatus

#: A provider's events come in any order. A transition that is not in the table is a late event, recorded without
#: effect.
ALLOWED: Mapping[PaymentStatus, frozenset[PaymentStatus]] = {
    P.REQUIRES_PAYMENT: frozenset({P.PROCESSING, P.AUTHORIZED, P.CAPTURED, P.VOIDED, P.FAILED}),
    P.PROCESSING: frozenset({P.REQUIRES_PAYMENT, P.AUTHORIZED, P.CAPTURED, P.VOIDED, P.FAILED}),
    P.FAILED: frozenset({P.REQUIRES_PAYMENT, P.PROCESSING, P.AUTHORIZED, P.CAPTURED, P.VOIDED}),
    P.AUTHORIZED: frozenset({P.CAPTURED, P.VOIDED, P.DISPUTED}),
    P.CAPTURED: frozenset({P.PARTIALLY_REFUNDED, P.REFUNDED, P.DISPUTED}),
    P.PARTIALLY_REFUNDED: frozenset({P.PARTIALLY_REFUNDED, P.REFUNDED, P.DISPUTED}),
    P.DISPUTED: frozenset({P.CAPTURED, P.PARTIALLY_REFUNDED, P.REFUNDED}),
    P.REFUNDED: frozenset({P.DISPUTED}),
    P.VOIDED: frozenset(),
}

#: The customer's money is captured or authorized.
SECURED = frozenset({P.AUTHORIZED, P.CAPTURED, P.PARTIALLY_REFUNDED})


def check_transition(current: PaymentStatus, wanted: PaymentStatus) -> None:
    """Raise ``WrongState`` unless the table allows ``current -> wanted``."""
    if wanted not in ALLOWED[current]:
        raise WrongState({"status": current.value, "wanted": wanted.value})


class Movement(StrEnum):
    """A kind of movement in the append-only ledger."""

    AUTHORIZE = "authorize"
    CAPTURE = "capture"
    VOID = "void"
    REFUND = "refund"
    DISPUTE = "dispute"


class DisputeStatus(StrEnum):
    """``open`` (the money was withdrawn and may come back), ``won`` (it came back), ``lost`` (it is gone)."""

    OPEN = "open"
    WON = "won"
    LOST = "lost"


class Phase(StrEnum):
    """A movement is recorded as intended, then with its outcome: two rows that never change."""

    INTENDED = "intended"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    UNKNOWN = "unknown"


class RefundStatus(StrEnum):
    """The status of a refund."""

    REQUESTED = "requested"
    PROCESSING = "processing"
    SUCCEEDED = "succeeded"
    FAILED = "failed"


#: The phase of a dispute in the ledger: intended = opened, succeeded = the customer won, failed = the money stays with
#: us.
DISPUTE_PHASE: Mapping[DisputeStatus, Phase] = {
    DisputeStatus.OPEN: Phase.INTENDED,
    DisputeStatus.LOST: Phase.SUCCEEDED,
    DisputeStatus.WON: Phase.FAILED,
}

REFUND_ALLOWED: Mapping[RefundStatus, frozenset[RefundStatus]] = {
    RefundStatus.REQUESTED: frozenset({RefundStatus.PROCESSING, RefundStatus.SUCCEEDED, RefundStatus.FAILED}),
    RefundStatus.PROCESSING: frozenset({RefundStatus.SUCCEEDED, RefundStatus.FAILED}),
    RefundStatus.SUCCEEDED: frozenset(),
    RefundStatus.FAILED: frozenset({RefundStatus.PROCESSING}),
}
