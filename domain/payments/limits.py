"""What a payment provider can do: amounts per currency, and how long its promises last."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from domain.money import Money


@dataclass(frozen=True, slots=True)
class ProviderLimits:
    """``amounts``: least and most of one payment in minor units, per currency that is taken.

    ``authorization``: the longest that an authorization of a domestic card can last; ``foreign_authorization``: of a
    card issued abroad. ``authentication``: how long the customer has for 3-D Secure, None where nothing is promised.
    ``refund``: how long after the payment it can be refunded, None where there is no limit.
    """

    amounts: Mapping[str, tuple[int, int]]
    authorization: timedelta
    foreign_authorization: timedelta
    authentication: timedelta | None = None
    refund: timedelta | None = None

    def takes(self, money: Money) -> bool:
        """Whether one payment over ``money`` is possible."""
        least, most = self.amounts.get(money.currency, (1, 0))
        return least <= money.amount <= most
