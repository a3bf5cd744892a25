"""Which payment a customer can make now: the open one, a first one, or one with a new card. Pure rules."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from domain.booking_status import VISITING, BookingStatus
from domain.errors import Gone, RuleBroken, WrongState
from domain.instants import text_at_venue
from domain.payments.settlement import OPEN
from domain.payments.status import PaymentMode, PaymentStatus


class Opening(StrEnum):
    """What to open."""

    #: The current payment is still to be made, or was made already.
    CURRENT = "current"
    #: A first payment of a booking that is not confirmed.
    FIRST = "first"
    #: A payment with a new card, which replaces the current one.
    REPLACEMENT = "replacement"


@dataclass(frozen=True, slots=True)
class OpeningFacts:
    """A booking and its current payment. ``amount_due`` in minor units; ``replaces``: the current payment replaces
    another; ``renewal_failed``: its authorization could not be renewed. Times are aware UTC."""

    booking_status: BookingStatus
    payment_mode: PaymentMode
    amount_due: int
    hold_expires_at: datetime | None
    time_zone: str
    current: PaymentStatus | None = None
    replaces: bool = False
    renewal_failed: bool = False


def opening(facts: OpeningFacts, now: datetime) -> Opening:
    """Which payment the customer can make at ``now``.

    A ``pending`` booking must be inside its hold (Gone), and something must be due (RuleBroken). A confirmed one on a
    card hold takes a new card while its authorization is lost or could not be renewed. Else WrongState.
    """
    if facts.booking_status is BookingStatus.EXPIRED:
        raise Gone({"status": facts.booking_status.value})
    if facts.booking_status in VISITING and facts.payment_mode is PaymentMode.CARD_HOLD:
        return _new_card(facts)
    if facts.booking_status is not BookingStatus.PENDING:
        raise _not_payable(facts)
    if facts.hold_expires_at is not None and facts.hold_expires_at <= now:
        raise Gone({"hold_expires_at": text_at_venue(facts.hold_expires_at, facts.time_zone)})
    if facts.amount_due == 0:
        raise RuleBroken({"rule": "nothing_due"})
    return Opening.FIRST if facts.current in {None, PaymentStatus.VOIDED} else Opening.CURRENT


def _new_card(facts: OpeningFacts) -> Opening:
    if facts.current in OPEN and facts.replaces:
        return Opening.CURRENT
    could_not_renew = facts.current is PaymentStatus.AUTHORIZED and facts.renewal_failed
    if facts.current is PaymentStatus.VOIDED or could_not_renew:
        return Opening.REPLACEMENT
    raise _not_payable(facts)


def _not_payable(facts: OpeningFacts) -> WrongState:
    return WrongState({"status": facts.booking_status.value, "wanted": "paid"})
