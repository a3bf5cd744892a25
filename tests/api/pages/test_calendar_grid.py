"""Where cards stand, and that the style sheet knows every place."""

import re
from datetime import date
from itertools import combinations
from pathlib import Path

import pytest

from api.pages.console.calendar_grid import MOST_LANES, MOST_MINUTES, STEP, Card, Column, Window, closed, placed, window
from domain.scheduling.hours import MinuteRange

DAY = date(2026, 11, 27)
SHEET = Path("api/pages/static/calendar.css").read_text(encoding="utf-8")


def card(start: int, end: int) -> Card:
    return Card(start, end, "booking", {})


def test_placed_puts_overlapping_cards_side_by_side() -> None:
    found = placed([card(600, 660), card(630, 720), card(660, 700), card(720, 780)], Window(540, 1080))
    assert [(one.row, one.rows, one.lane, one.lanes) for one in found] == [
        (12, 12, 0, 2),
        (18, 18, 1, 2),
        (24, 8, 0, 2),
        (36, 12, 0, 1),
    ]
    for one, other in combinations(found, 2):
        apart = one.lane != other.lane or one.row + one.rows <= other.row or other.row + other.rows <= one.row
        assert apart


def test_placed_keeps_every_card_in_the_window() -> None:
    shown = Window(540, 600)
    for one in placed([card(0, 30), card(500, 2000), card(700, 710)], shown):
        assert 0 <= one.row < shown.rows
        assert one.row + one.rows <= shown.rows


def test_placed_has_no_more_lanes_than_the_style_sheet() -> None:
    found = placed([card(600, 660)] * 9, Window(540, 1080))
    assert {one.lanes for one in found} == {MOST_LANES}
    assert max(one.lane for one in found) == MOST_LANES - 1


def test_window_is_from_the_first_to_the_last_hour() -> None:
    late = Column(DAY, "", "", [card(1470, 1490)], (MinuteRange(1110, 1500),))
    shown = window([late])
    assert shown == Window(1080, 1500)
    assert [at for _, at in shown.hours][-2:] == ["23:00", "24:00"]
    assert window([]) == Window(540, 1080)
    long = Column(DAY, "", "", [card(0, 2880)])
    assert window([long]).last - window([long]).first == MOST_MINUTES


@pytest.mark.parametrize(
    ("open_", "gaps"),
    [
        ((), [(0, 24)]),
        ((MinuteRange(540, 660),), []),
        ((MinuteRange(570, 600), MinuteRange(630, 645)), [(0, 6), (12, 6), (21, 3)]),
        ((MinuteRange(0, 2880),), []),
    ],
)
def test_closed_is_what_the_hours_leave(open_: tuple[MinuteRange, ...], gaps: list[tuple[int, int]]) -> None:
    assert closed(Column(DAY, "", "", (), open_), Window(540, 660)) == gaps


def test_style_sheet_knows_every_row_and_lane() -> None:
    rows = MOST_MINUTES // STEP
    assert {int(n) for n in re.findall(r"^\.r(\d+)\{", SHEET, re.MULTILINE)} == set(range(rows))
    assert {int(n) for n in re.findall(r"^\.s(\d+)\{", SHEET, re.MULTILINE)} == set(range(1, rows + 1))
    assert {int(n) for n in re.findall(r"^\.n(\d+)\{", SHEET, re.MULTILINE)} == set(range(12, rows + 1, 12))
    lanes = {(int(n), int(lane)) for n, lane in re.findall(r"^\.of(\d)\.l(\d)\{", SHEET, re.MULTILINE)}
    assert lanes == {(n, lane) for n in range(1, MOST_LANES + 1) for lane in range(n)}
