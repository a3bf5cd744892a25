"""The colour of a business in its messages. Pure rules."""

from domain.errors import InvalidInput

#: The colour of buttons where a business has chosen none.
DEFAULT_COLOUR = "#3d5a4c"
#: The least contrast of a button's colour with its white label (WCAG 2.2, 1.4.3, text of normal size).
LEAST_CONTRAST = 4.5


def contrast_with_white(colour: str) -> float:
    """The contrast ratio of ``#rrggbb`` with white, from 1 to 21 (WCAG 2.2, "contrast ratio" and "relative
    luminance")."""
    red, green, blue = (_linear(int(colour[at : at + 2], 16) / 255) for at in (1, 3, 5))
    return 1.05 / (0.2126 * red + 0.7152 * green + 0.0722 * blue + 0.05)


def check_colour(colour: str | None) -> None:
    """Raise InvalidInput at ``colour`` for one on which a white label cannot be read; None is the platform's own."""
    if colour is not None and contrast_with_white(colour) < LEAST_CONTRAST:
        raise InvalidInput.at("colour", "white_text_is_not_readable")


def _linear(part: float) -> float:
    return part / 12.92 if part <= 0.04045 else float(((part + 0.055) / 1.055) ** 2.4)
