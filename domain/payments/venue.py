"""Money that is taken at the venue: how much, how it is corrected, and what the till must hold. Pure rules.

Amounts are minor units of the booking's currency. An entry never changes: a correction takes the entry back with one of
its own (``reversal``) and records the right one beside it.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from uuid import UUID
from zoneinfo import ZoneInfo

from domain.booking_status import VISITING, BookingStatus
from domain.errors import CurrencyMismatch, RuleBroken, WrongState
from domain.money import Money
from domain.payments.errors import AmountRefused

#: A day of the till runs from this time to the same time of the next date, on the venue's clock: a bar's night that
#: ends at 4 o'clock is one day.
DAY_BEGINS = timedelta(hours=5)


class VenueMethod(StrEnum):
    """How money is taken at the venue. ``card``: on the business's own terminal."""

    CASH = "cash"
    CARD = "card"
    OTHER = "other"


class VenueKind(StrEnum):
    """What an entry is. The amount of a payment is positive, that of a refund negative; a reversal takes another entry
    back."""

    PAYMENT = "payment"
    REFUND = "refund"
    REVERSAL = "reversal"


class CorrectionReason(StrEnum):
    """Why an entry is corrected."""

    AMOUNT = "amount"
    METHOD = "method"
    BOOKING = "booking"
    DUPLICATE = "duplicate"


@dataclass(frozen=True, slots=True)
class VenueFacts:
    """A booking and its money. ``online``: captured or authorized online, less refunds; ``paid``: at the venue so far,
    less what went back. ``is_till_closed``: this person has closed the till of the day."""

    booking_status: BookingStatus
    price: int
    currency: str
    online: int = 0
    paid: int = 0
    is_till_closed: bool = False

    @property
    def left(self) -> int:
        """What is still to be paid at the venue."""
        return max(0, self.price - self.online - self.paid)


def till_day(now: datetime, zone: ZoneInfo) -> date:
    """The day of the till at ``now`` (aware)."""
    return (now.astimezone(zone).replace(tzinfo=None) - DAY_BEGINS).date()


def amount_to_take(facts: VenueFacts, asked: Money | None) -> int:
    """How much a payment at the venue is; ``asked`` None means all that is left.

    Nothing is taken twice: what is paid or held online counts. Raises WrongState before and without a visit,
    RuleBroken, CurrencyMismatch, and AmountRefused for more than is left.
    """
    _check_till(facts)
    if facts.booking_status not in VISITING | {BookingStatus.COMPLETED}:
        raise WrongState({"status": facts.booking_status.value, "wanted": "paid"})
    return _within(asked, facts.left, facts.currency)


def amount_to_return(facts: VenueFacts, asked: Money | None) -> int:
    """How much is given back at the venue, also of a cancelled booking; ``asked`` None means all of it. Raises
    RuleBroken, CurrencyMismatch, and AmountRefused for more than was paid there."""
    _check_till(facts)
    return _within(asked, facts.paid, facts.currency)


def corrected_amount(facts: VenueFacts, entry: int, correct: Money) -> int:
    """The amount of the entry that replaces one over ``entry`` (a payment, or a refund as a negative number); 0 if it
    should not be there at all. Raises RuleBroken, CurrencyMismatch, and AmountRefused where the money of the booking
    would be more than its price or less than nothing."""
    _check_till(facts)
    if correct.currency != facts.currency:
        raise CurrencyMismatch({"expected": facts.currency, "got": correct.currency})
    amount = correct.amount if entry > 0 else -correct.amount
    others = facts.paid - entry
    least, most = (0, facts.price - facts.online - others) if entry > 0 else (-others, 0)
    most = max(most, least)
    if correct.amount < 0 or not least <= amount <= most or others + amount < 0:
        raise AmountRefused({"available": max(abs(least), abs(most)), "currency": facts.currency})
    return amount


def till_of_correction(by: UUID, taken_by: UUID, is_same_day: bool, is_till_closed: bool) -> UUID:
    """Whose till of today a correction counts in, made by ``by``.

    The cash is where it was taken: the correction stays with ``taken_by``, who took it. On a later day, or after that
    till was closed, it counts with the person who corrects. ``is_same_day``: the entry is of today. ``is_till_closed``:
    ``taken_by`` has closed the till of today.
    """
    return taken_by if is_same_day and not is_till_closed else by


def documented_as_note(kind: VenueKind, amount: int) -> bool:
    """Whether the document of an entry gives money back: of a refund, and of a reversal that reverts a payment. A
    reversal that reverts a refund has none: the refund's document is the wrong one then, and a person decides."""
    return kind is VenueKind.REFUND or (kind is VenueKind.REVERSAL and amount < 0)


def require_documented(kind: VenueKind, amount: int, *, is_reversed: bool, is_original_issued: bool) -> None:
    """Whether an entry at the venue may have a document. ``is_reversed``: another entry reverted it;
    ``is_original_issued``: the entry that it reverts has a document. Raises WrongState for a payment that was reverted
    before its document was issued, and for a reversal of what was never documented: there is nothing to correct.
    """
    if is_reversed and kind is not VenueKind.REVERSAL:
        raise WrongState({"status": VenueKind.REVERSAL.value, "wanted": "issued"})
    if kind is VenueKind.REVERSAL and (amount > 0 or not is_original_issued):
        raise WrongState({"status": "not_issued", "wanted": "corrected"})


def expected_cash(opening: int, cash: Iterable[int]) -> int:
    """What the till must hold: the money that was in it at the opening, and every cash entry since."""
    return opening + sum(cash)


def _check_till(facts: VenueFacts) -> None:
    if facts.is_till_closed:
        raise RuleBroken({"rule": "till_closed"})


def _within(asked: Money | None, most: int, currency: str) -> int:
    if asked is not None and asked.currency != currency:
        raise CurrencyMismatch({"expected": currency, "got": asked.currency})
    amount = most if asked is None else asked.amount
    if not 0 < amount <= most:
        raise AmountRefused({"available": most, "currency": currency})
    return amount
