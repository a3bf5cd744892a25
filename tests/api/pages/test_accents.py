"""The accent colour of a business can be read in both schemes, whatever colour it chose."""

import pytest

from api.pages.accents import Accent, _contrast, _rgb, dark, light, sheet
from tests.api.pages.visitor import Visitor

COLOURS = ("#7a3457", "#ff0000", "#ffff00", "#000000", "#ffffff", "#00ff00", "#1f5a8a")


def contrast(one: str, other: str) -> float:
    return _contrast(_rgb(one), _rgb(other))


@pytest.mark.parametrize("colour", COLOURS)
def test_accent_can_be_read(colour: str) -> None:
    day, night = light(colour), dark(colour)
    for accent, ground in ((day, "#ffffff"), (day, "#f6f5f2"), (night, "#15171a"), (night, "#1d2025")):
        assert isinstance(accent, Accent)
        assert contrast(accent.accent, ground) >= 4.5, (accent, ground)
        assert contrast(accent.accent, accent.tint) >= 4.5
    assert contrast(day.accent, day.on) >= 4.5
    assert contrast(night.accent, night.on) >= 4.5


async def test_accent_sheet_is_a_file_that_never_changes(visitor: Visitor) -> None:
    answer = await visitor.open("/static/accent.7a3457.css")
    assert answer.text == sheet("#7a3457")
    assert "immutable" in answer.headers["cache-control"]
    assert (await visitor.open("/static/accent.zzzzzz.css")).status_code == 404
