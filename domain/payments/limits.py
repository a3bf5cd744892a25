"""The limits of a payment provider: amounts per currency, and how long authorizations are valid."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from domain.money import Money


@dataclass(frozen=True, slots=True)
class ProviderLimits:
    """``amounts``: smallest and largest payment in minor units, per accepted currency.

    ``authorization``: the longest validity of an authorization of a domestic card; ``foreign_authorization``: of a card
    from abroad. ``authentication``: how long the customer has for 3-D Secure, None if the provider does not say.
    ``refund``: how long after the payment it can be refunded, None without a limit. ``voucher``: the smallest and
    largest payment in yen with a voucher of a convenience store, None where the provider makes none. ``checkout``:
    whether the provider has a page of its own where customers pay, as far as this platform uses it.
    """

    amounts: Mapping[str, tuple[int, int]]
    authorization: timedelta
    foreign_authorization: timedelta
    authentication: timedelta | None = None
    refund: timedelta | None = None
    voucher: tuple[int, int] | None = None
    checkout: bool = False

    def takes(self, money: Money) -> bool:
        """Whether one payment of ``money`` is possible."""
        least, most = self.amounts.get(money.currency, (1, 0))
        return least <= money.amount <= most

    def takes_voucher(self, money: Money) -> bool:
        """Whether ``money`` can be paid with a voucher; in yen only."""
        if self.voucher is None or money.currency != "JPY":
            return False
        least, most = self.voucher
        return least <= money.amount <= most
