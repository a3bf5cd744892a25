"""One file from pages."""

from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import polars as pl
import pytest

from analytics.export import join_pages
from domain.analytics.exports import ExportFormat


@pytest.mark.parametrize("format_", ExportFormat)
def test_join_pages_has_one_page_at_a_time(tmp_path: Path, format_: ExportFormat) -> None:
    """A page is asked for when the one before is read and gone, so an export of any size needs the disk of its file."""
    asked: list[Path] = []

    def pages() -> Iterator[Path]:
        for number in range(4):
            assert not any(page.exists() for page in asked)
            asked.append(tmp_path / str(number))
            pl.DataFrame({"day": [f"2026-11-0{number + 1}"], "bookings": [number]}).write_parquet(asked[-1])
            yield asked[-1]

    whole = tmp_path / "whole"
    join_pages(pages(), whole, format_)
    content = BytesIO(whole.read_bytes())
    frame = pl.read_csv(content) if format_ is ExportFormat.CSV else pl.read_parquet(content)
    assert frame["bookings"].to_list() == [0, 1, 2, 3]
    assert frame["day"].to_list() == [f"2026-11-0{number + 1}" for number in range(4)]
    assert list(tmp_path.iterdir()) == [whole]
