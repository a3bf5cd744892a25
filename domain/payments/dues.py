"""What a visit costs, and which part of it is paid when. Pure; quotes, bookings and tests ask the same function."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from domain.money import Money
from domain.payments.status import ONLINE, PaymentMode


@dataclass(frozen=True, slots=True)
class ServiceCharge:
    """The price of one service for the whole party, with tax, and how it is paid.

    ``deposit_percent`` and ``deposit_amount`` (minor units): one of them where the mode is a deposit.
    """

    price: Money
    mode: PaymentMode
    deposit_percent: int | None = None
    deposit_amount: int | None = None


@dataclass(frozen=True, slots=True)
class Dues:
    """``price`` is the sum of the services. ``online``: captured, or authorized where ``mode`` is a card hold, before
    the booking is confirmed. ``at_venue``: paid at the visit. What is left of the price is not charged by the platform
    (services of mode none).
    """

    price: Money
    online: Money
    at_venue: Money
    mode: PaymentMode

    def without_online(self) -> "Dues":
        """Staff ask for no payment now: what would be due online is paid at the venue instead."""
        return replace(self, online=Money(0, self.price.currency), at_venue=self.at_venue + self.online)


def dues(charges: Sequence[ServiceCharge]) -> Dues:
    """What is due for these services (at least one, of one currency).

    There is one payment, so there is one mode: a card hold where every service that asks for money online asks for a
    card hold; else the money is captured, the whole price as prepayment and less than it as deposit. Where nothing is
    due online, the visit is paid at the venue if any service is. A deposit in percent is rounded down to the minor unit
    for each service, and no deposit is more than its service's price.
    """
    nothing = Money(0, charges[0].price.currency)
    price, online, at_venue = nothing, nothing, nothing
    for charge in charges:
        due = amount_due(charge.mode, charge.price, charge.deposit_percent, charge.deposit_amount)
        price += charge.price
        online += due
        if charge.mode is not PaymentMode.NONE:
            at_venue += charge.price - due
    return Dues(price, online, at_venue, _mode([charge.mode for charge in charges], price, online))


def amount_due(mode: PaymentMode, price: Money, deposit_percent: int | None, deposit_amount: int | None) -> Money:
    """The online payment for ``price``: all of it, the deposit (never more than the price), or nothing."""
    if mode is PaymentMode.DEPOSIT:
        deposit = Money(deposit_amount, price.currency) if deposit_amount else price.percent(deposit_percent or 0)
        return min(deposit, price)
    return price if mode in ONLINE else Money(0, price.currency)


def _mode(modes: Sequence[PaymentMode], price: Money, online: Money) -> PaymentMode:
    if len(set(modes)) == 1:
        return modes[0]
    asking = set(modes) - {PaymentMode.NONE, PaymentMode.AT_VENUE}
    if not asking:
        return PaymentMode.AT_VENUE
    if asking == {PaymentMode.CARD_HOLD}:
        return PaymentMode.CARD_HOLD
    return PaymentMode.PREPAY if online == price else PaymentMode.DEPOSIT
