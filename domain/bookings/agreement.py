"""The terms of a booking of one to five services: price, amount due online, payment mode and policy. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from domain.catalogue.cancellation import Policy
from domain.catalogue.joint_policy import joint_policy
from domain.money import Money
from domain.payments.dues import Dues, ServiceCharge, dues
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
    """``prices``: of each service for the whole party; ``dues`` says which part of their sum is paid when."""

    prices: tuple[Money, ...]
    dues: Dues
    policy: Policy
    needs_approval: bool


def agree(offers: Sequence[ServiceOffer], party_size: int) -> Agreement:
    """The terms of a booking of these services (at least one, of one currency).

    What is due is the rule of `domain.payments.dues`. The policies are joined by `joint_policy`; one service that the
    business approves by hand makes it approve the booking.
    """
    prices = tuple(
        Money(one.price.amount * (party_size if is_class(one.capacity) else 1), one.price.currency) for one in offers
    )
    priced = list(zip(prices, offers, strict=True))
    return Agreement(
        prices,
        dues([ServiceCharge(price, one.mode, one.deposit_percent, one.deposit_amount) for price, one in priced]),
        joint_policy([(price.amount, one.policy) for price, one in priced]),
        any(one.is_approved_by_hand for one in offers),
    )
