"""Pictures of figures are well-formed SVG that says its values and can neither run nor load anything."""

from datetime import date, timedelta
from xml.etree import ElementTree

import pytest

from analytics import pictures

FIRST = date(2026, 11, 1)
SVG = "{http://www.w3.org/2000/svg}"


def parsed(picture: str) -> ElementTree.Element:
    return ElementTree.fromstring(picture)  # noqa: S314 - our own picture


def titles(picture: str) -> list[str]:
    return [element.text or "" for element in parsed(picture).iter(f"{SVG}title")]


def bars(picture: str) -> list[ElementTree.Element]:
    return list(parsed(picture).iter(f"{SVG}rect"))


def test_revenue_has_a_bar_of_the_right_height_for_each_day() -> None:
    days = [(FIRST + timedelta(days=n), amount) for n, amount in enumerate((0, 5000, 10000))]
    picture = pictures.revenue(days, "JPY", "Revenue")
    heights = [float(bar.attrib["height"]) for bar in bars(picture)]
    assert heights[0] == 0
    assert heights[2] == pytest.approx(2 * heights[1], abs=0.2)
    assert titles(picture)[-1] == "2026-11-03: 10,000 JPY"


def test_revenue_draws_a_day_with_more_refunds_below_the_line() -> None:
    above, below = bars(pictures.revenue([(FIRST, 3000), (FIRST + timedelta(days=1), -3000)], "JPY", "Revenue"))
    assert float(above.attrib["y"]) + float(above.attrib["height"]) == pytest.approx(float(below.attrib["y"]), abs=0.2)


def test_occupancy_has_a_cell_for_every_hour_and_the_fullest_is_darkest() -> None:
    picture = pictures.occupancy({(4, 25): 8, (0, 10): 2}, "ja", "予約")
    opacity = [float(cell.attrib["fill-opacity"]) for cell in bars(picture)]
    assert len(opacity) == 7 * 16  # 10:00 to 25:00
    assert max(opacity) == 1
    assert "金 25:00: 8" in titles(picture)


def test_cohorts_show_the_share_of_the_first_month() -> None:
    picture = pictures.cohorts([("2026-09", [10, 4]), ("2026-10", [0])], "Cohorts")
    assert "2026-09 +1: 4 (40%)" in titles(picture)


@pytest.mark.parametrize(
    "picture",
    [
        pictures.revenue([], "JPY", "<script>"),
        pictures.occupancy({}, "en", "<script>"),
        pictures.cohorts([], "<script>"),
    ],
)
def test_pictures_of_nothing_are_well_formed_and_escape_their_title(picture: str) -> None:
    assert not list(parsed(picture).iter(f"{SVG}script"))
    assert titles(picture)[0] == "<script>"
