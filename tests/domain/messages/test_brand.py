"""The colour of a business: white text on it can be read."""

import pytest

from domain.errors import InvalidInput
from domain.messages.brand import DEFAULT_COLOUR, LEAST_CONTRAST, check_colour, contrast_with_white


@pytest.mark.parametrize(
    ("colour", "ratio"), [("#ffffff", 1.0), ("#000000", 21.0), ("#767676", 4.54), ("#777777", 4.48)]
)
def test_contrast_is_the_one_of_wcag(colour: str, ratio: float) -> None:
    assert contrast_with_white(colour) == pytest.approx(ratio, abs=0.01)


def test_default_colour_can_be_read() -> None:
    assert contrast_with_white(DEFAULT_COLOUR) >= LEAST_CONTRAST


@pytest.mark.parametrize("colour", [None, "#767676", "#000000"])
def test_check_colour_takes_what_can_be_read(colour: str | None) -> None:
    check_colour(colour)


@pytest.mark.parametrize("colour", ["#777777", "#ffe08a", "#ffffff"])
def test_check_colour_refuses_what_cannot_be_read(colour: str) -> None:
    with pytest.raises(InvalidInput):
        check_colour(colour)
