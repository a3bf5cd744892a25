"""Aggregates as files."""

from collections.abc import Iterator, Mapping, Sequence
from io import BytesIO
from itertools import chain
from pathlib import Path
from typing import Any

import polars as pl
from polars.io.plugins import register_io_source

from domain.analytics.exports import ExportFormat

#: Columns of the database that mean nothing to a reader.
_INTERNAL = ("created_at",)
_TEXT = ("id", "business_id")


def frame_of(days: Sequence[Mapping[str, Any]]) -> pl.DataFrame:
    """Rows of ``analytics_daily`` as a frame; without a column where there is no row. There are only numbers, dates,
    ids and currencies in it, so no cell can be a formula."""
    rows = [{name: str(value) if name in _TEXT else value for name, value in day.items()} for day in days]
    return pl.DataFrame(rows).drop(_INTERNAL, strict=False) if rows else pl.DataFrame()


def write_days(target: BytesIO, days: Sequence[Mapping[str, Any]], format_: ExportFormat) -> None:
    """Write rows of ``analytics_daily``, the oldest first: CSV in UTF-8 with a byte order mark, so that Excel reads it,
    or Parquet."""
    frame = frame_of(days)
    if len(frame):
        frame = frame.sort("day")
    if format_ is ExportFormat.CSV:
        frame.write_csv(target, include_bom=True)
    else:
        frame.write_parquet(target)


def page_of(days: Sequence[Mapping[str, Any]]) -> bytes:
    """One page of a large export, as Parquet."""
    target = BytesIO()
    frame_of(days).write_parquet(target)
    return target.getvalue()


def join_pages(pages: Iterator[Path], target: Path, format_: ExportFormat) -> None:
    """Write one file from pages, in their order. One page is in memory, and it is deleted before the next one is asked
    for. Without a page the file is empty."""
    first = next(pages, None)
    if first is None:
        with target.open("wb") as file:
            frame = BytesIO()
            write_days(frame, (), format_)
            file.write(frame.getvalue())
        return

    def frames(*_wanted: object) -> Iterator[pl.DataFrame]:
        """All columns and rows: the file wants nothing less."""
        for page in chain([first], pages):
            frame = pl.read_parquet(page)
            page.unlink()
            yield frame

    rows = register_io_source(frames, schema=pl.read_parquet_schema(first))
    if format_ is ExportFormat.CSV:
        rows.sink_csv(target, include_bom=True)
    else:
        rows.sink_parquet(target)
