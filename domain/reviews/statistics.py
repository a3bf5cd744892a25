"""Stars: how many reviews, their mean and their distribution."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

#: The lowest and the highest number of stars.
FEWEST, MOST = 1, 5


@dataclass(frozen=True, slots=True)
class Stars:
    """``counts``: how many published reviews have one star, two stars, and so on up to five."""

    counts: tuple[int, int, int, int, int] = (0, 0, 0, 0, 0)

    @classmethod
    def of(cls, ratings: Sequence[int]) -> "Stars":
        """A recount of single ratings."""
        one, two, three, four, five = (ratings.count(number) for number in range(FEWEST, MOST + 1))
        return cls((one, two, three, four, five))

    @property
    def count(self) -> int:
        """How many reviews."""
        return sum(self.counts)

    @property
    def mean(self) -> Decimal | None:
        """The mean with two decimals, half rounded up; None for no review."""
        if not self.count:
            return None
        total = sum(number * count for number, count in enumerate(self.counts, FEWEST))
        return (Decimal(total) / self.count).quantize(Decimal("0.01"), ROUND_HALF_UP)
