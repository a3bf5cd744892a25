"""Aggregates as files."""

from collections.abc import Mapping, Sequence
from io import BytesIO
from typing import Any, Literal

import polars as pl

#: Columns of the database that mean nothing to a reader.
_INTERNAL = ("created_at",)


def write_days(target: BytesIO, days: Sequence[Mapping[str, Any]], format_: Literal["csv", "parquet"]) -> None:
    """Write rows of ``analytics_daily``, the oldest first: CSV in UTF-8 with a byte order mark, so that Excel reads it,
    or Parquet. There are only numbers, dates, ids and currencies in it, so no cell can be a formula."""
    rows = [
        {name: str(value) if name in {"id", "business_id"} else value for name, value in day.items()} for day in days
    ]
    frame = pl.DataFrame(rows).drop(_INTERNAL, strict=False) if rows else pl.DataFrame()
    if rows:
        frame = frame.sort("day")
    if format_ == "csv":
        frame.write_csv(target, include_bom=True)
    else:
        frame.write_parquet(target)
