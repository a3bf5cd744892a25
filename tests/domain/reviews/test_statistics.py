"""Stars: count, mean, distribution."""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.reviews.statistics import Stars


@given(st.lists(st.integers(1, 5), max_size=40))
def test_stars_of_ratings_count_and_average_them(ratings: list[int]) -> None:
    stars = Stars.of(ratings)
    assert (stars.count, sum(stars.counts)) == (len(ratings), len(ratings))
    if ratings:
        assert stars.mean is not None
        assert abs(Fraction(stars.mean) - Fraction(sum(ratings), len(ratings))) <= Fraction(1, 200)
    else:
        assert stars.mean is None


@pytest.mark.parametrize(
    ("counts", "mean"), [((0, 0, 0, 1, 2), "4.67"), ((0, 0, 7, 1, 0), "3.13"), ((1, 0, 0, 0, 0), "1.00")]
)
def test_mean_has_two_decimals_half_rounded_up(counts: tuple[int, int, int, int, int], mean: str) -> None:
    assert Stars(counts).mean == Decimal(mean)
