"""Cells of CSV files that no spreadsheet reads as a formula."""

import pytest

from domain.customers.archives import safe_cell


@pytest.mark.parametrize("sign", ["=", "+", "-", "@", "\t", "\r", "\n", "\x00", "＝", "＋", "－", "＠"])
def test_safe_cell_puts_an_apostrophe_before_a_formula(sign: str) -> None:
    assert safe_cell(f"{sign}HYPERLINK(1)") == f"'{sign}HYPERLINK(1)"


def test_safe_cell_leaves_other_values() -> None:
    for value in ("林=1", "", "'x", -500, 1.5, True, None):
        assert safe_cell(value) == value
    assert safe_cell({"ja": "髪"}) == '{"ja": "髪"}'
