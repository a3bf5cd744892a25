"""The terms of a booking of one to five services: price, amount due online, payment mode and policy. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from domain.catalogue.amounts import amount_due
from domain.catalogue.cancellation import Policy
from domain.catalogue.joint_policy import joint_policy
from domain.money import Money
from domain.payments.status import PaymentMode
from domain.scheduling.classes import is_class


@dataclass(frozen=True, slots=True)
class ServiceOffer:
    """A service as it is sold now. ``price`` with tax: for the visit, or for each person of a class.

    ``deposit_percent`` and ``deposit_amount`` (minor units): one of them where the mode is a deposit.
    """

    price: Money
    mode: PaymentMode
    policy: Policy
    capacity: int = 1
    deposit_percent: int | None = None
    deposit_amount: int | None = None
    is_approved_by_hand: bool = False


@dataclass(frozen=True, slots=True)
class Agreement:
    """``prices``: of each service for the whole party; ``price`` is their sum, ``due`` the amount to pay online."""

    prices: tuple[Money, ...]
    price: Money
    due: Money
    mode: PaymentMode
    policy: Policy
    needs_approval: bool


def agree(offers: Sequence[ServiceOffer], party_size: int) -> Agreement:
    """The terms of a booking of these services (at least one, of one currency).

    The amount due is the sum over the services. There is one payment, so there is one payment mode: a card hold where
    every service that asks for money asks for a card hold; else the money is taken, the whole price as prepayment and
    less than it as deposit. Where nothing is due, the visit is paid at the venue if any service is. The policies are
    joined by `joint_policy`; one service that the business approves by hand makes it approve the booking.
    """
    prices = tuple(
        Money(one.price.amount * (party_size if is_class(one.capacity) else 1), one.price.currency) for one in offers
    )
    dues = [
        amount_due(one.mode, price, one.deposit_percent, one.deposit_amount)
        for one, price in zip(offers, prices, strict=True)
    ]
    price, due = _sum(prices), _sum(dues)
    return Agreement(
        prices,
        price,
        due,
        _mode([one.mode for one in offers], price, due),
        joint_policy([(part.amount, one.policy) for part, one in zip(prices, offers, strict=True)]),
        any(one.is_approved_by_hand for one in offers),
    )


def _sum(amounts: Sequence[Money]) -> Money:
    total = amounts[0]
    for amount in amounts[1:]:
        total += amount
    return total


def _mode(modes: Sequence[PaymentMode], price: Money, due: Money) -> PaymentMode:
    if len(set(modes)) == 1:
        return modes[0]
    asking = {mode for mode in modes if mode not in {PaymentMode.NONE, PaymentMode.AT_VENUE}}
    if not asking:
        return PaymentMode.AT_VENUE
    if asking == {PaymentMode.CARD_HOLD}:
        return PaymentMode.CARD_HOLD
    return PaymentMode.PREPAY if due == price else PaymentMode.DEPOSIT
