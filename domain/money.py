"""Money: a whole number of minor units with its currency, never a float."""

from dataclasses import dataclass
from decimal import ROUND_DOWN, Decimal

from domain.errors import CurrencyMismatch

#: ISO 4217 currencies without minor unit that are supported; all other supported ones have two digits.
ZERO_DECIMAL = frozenset({"JPY", "KRW", "VND", "CLP"})
SUPPORTED = frozenset({"JPY", "USD", "EUR", "KRW", "TWD", "SGD", "HKD", "GBP", "AUD"})


@dataclass(frozen=True, slots=True, order=False)
class Money:
    """``amount`` minor units (yen; cents) of ``currency`` (ISO 4217, upper case)."""

    amount: int
    currency: str = "JPY"

    def __post_init__(self) -> None:
        if self.currency not in SUPPORTED:
            raise CurrencyMismatch({"currency": self.currency})

    def __add__(self, other: "Money") -> "Money":
        return Money(self.amount + self._same(other).amount, self.currency)

    def __sub__(self, other: "Money") -> "Money":
        return Money(self.amount - self._same(other).amount, self.currency)

    def __lt__(self, other: "Money") -> bool:
        return self.amount < self._same(other).amount

    def __le__(self, other: "Money") -> bool:
        return self.amount <= self._same(other).amount

    def __bool__(self) -> bool:
        return self.amount != 0

    def percent(self, percent: int) -> "Money":
        """``percent`` hundredths of this, rounded down to the minor unit."""
        exact = Decimal(self.amount) * percent / 100
        return Money(int(exact.to_integral_value(ROUND_DOWN)), self.currency)

    def _same(self, other: "Money") -> "Money":
        if other.currency != self.currency:
            raise CurrencyMismatch({"expected": self.currency, "got": other.currency})
        return other
