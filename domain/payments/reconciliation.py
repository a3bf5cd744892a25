"""Comparing a payment with what its provider says. Pure rules."""

from dataclasses import dataclass
from enum import StrEnum

from domain.errors import RuleBroken, WrongState
from domain.payments.status import PaymentStatus

#: The kind of the attention items about differences.
KIND = "reconciliation_difference"
#: The kind of those about payouts.
PAYOUT_KIND = "payout_difference"
KINDS = frozenset({KIND, PAYOUT_KIND})


class Difference(StrEnum):
    """How the two sides differ."""

    #: The provider holds money that we do not know.
    MISSING_HERE = "missing_here"
    #: We count money that the provider does not know.
    MISSING_THERE = "missing_there"
    AMOUNT = "amount"
    STATUS = "status"


class ProposedAction(StrEnum):
    """What a person is advised to do."""

    #: Record the provider's present state: a webhook was lost.
    RECORD_STATE = "record_state"
    #: Ask the provider for the payout again: its entries may have been incomplete.
    READ_AGAIN = "read_again"
    #: Look at both sides; nothing is safe to do without looking.
    CHECK = "check"


#: What a command can do; the other needs a person's eyes.
RUNNABLE = frozenset({ProposedAction.RECORD_STATE, ProposedAction.READ_AGAIN})


@dataclass(frozen=True, slots=True)
class Side:
    """One payment on one side, in minor units."""

    status: PaymentStatus
    amount: int
    currency: str
    captured: int
    refunded: int

    @property
    def has_money(self) -> bool:
        """Whether money was taken or is held on a card."""
        return self.captured > 0 or self.status is PaymentStatus.AUTHORIZED


@dataclass(frozen=True, slots=True)
class Finding:
    """One difference, and what to do about it."""

    difference: Difference
    action: ProposedAction


#: Nothing was taken, and the customer may still pay or gave up: providers and we name that differently.
_WITHOUT_MONEY = frozenset(
    {PaymentStatus.REQUIRES_PAYMENT, PaymentStatus.PROCESSING, PaymentStatus.FAILED, PaymentStatus.VOIDED}
)


def compare(ours: Side | None, theirs: Side | None) -> Finding | None:
    """The difference between our payment and the provider's, None where they agree.

    A payment without money may be missing on either side: opening one is not a movement. A disputed payment counts as
    equal to the captured one, because lists of providers do not show disputes.
    """
    if ours is None or theirs is None:
        return _missing(ours, theirs)
    if (ours.amount, ours.currency) != (theirs.amount, theirs.currency) and theirs.has_money:
        return Finding(Difference.AMOUNT, ProposedAction.CHECK)
    if ours.captured != theirs.captured:
        # More was taken there: its webhook was lost. Less: we counted money that nobody has.
        grown = theirs.captured > ours.captured
        return Finding(Difference.AMOUNT, ProposedAction.RECORD_STATE if grown else ProposedAction.CHECK)
    if ours.refunded != theirs.refunded:
        return Finding(Difference.AMOUNT, ProposedAction.CHECK)
    if _agree(ours.status, theirs.status):
        return None
    return Finding(Difference.STATUS, ProposedAction.RECORD_STATE)


def action_to_run(kind: str, action: str | None, is_resolved: bool) -> ProposedAction:
    """The proposed action of an attention item, if a command can run it. Raises WrongState for a resolved item, and
    RuleBroken for one whose action needs a person's eyes."""
    if is_resolved:
        raise WrongState({"status": "resolved", "wanted": "resolved"})
    if kind not in KINDS or action not in RUNNABLE:
        raise RuleBroken({"rule": "no_action_to_run"})
    return ProposedAction(action)


def _missing(ours: Side | None, theirs: Side | None) -> Finding | None:
    if theirs is not None and theirs.has_money:
        return Finding(Difference.MISSING_HERE, ProposedAction.CHECK)
    if ours is not None and ours.has_money:
        return Finding(Difference.MISSING_THERE, ProposedAction.CHECK)
    return None


def _agree(ours: PaymentStatus, theirs: PaymentStatus) -> bool:
    """With equal totals. While something is captured, the totals say all: only disputes differ, and lists lack them."""
    if ours in _WITHOUT_MONEY:
        return theirs in _WITHOUT_MONEY
    return (ours is PaymentStatus.AUTHORIZED) == (theirs is PaymentStatus.AUTHORIZED) and theirs not in _WITHOUT_MONEY
