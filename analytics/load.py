"""Writes aggregates: a day's rows are replaced, and a row that would not change is left as it is."""

from collections.abc import Sequence
from typing import Any

import polars as pl
from sqlalchemy import Table, text
from sqlalchemy.ext.asyncio import AsyncSession

from analytics.page import Page

#: Business days that one statement writes, so that it is short however large the page is.
PART = 5000
_GENERATED = {"id", "created_at", "updated_at"}


async def replace(session: AsyncSession, table: Table, frame: pl.DataFrame, page: Page) -> None:
    """Write the rows of all days of the page; ``frame`` has the columns of ``table`` that it does not generate.

    Rows of these days that ``frame`` does not have are deleted. Computing a day twice changes no byte.
    """
    columns = [column for column in table.columns if column.name not in _GENERATED]
    unique = next(one for one in table.constraints if str(one.name).startswith("uq_"))
    key = [column.name for column in unique.columns]  # type: ignore[attr-defined]
    rest = [column.name for column in columns if column.name not in key]
    types = {column.name: str(column.type.compile()) for column in columns}
    names = ", ".join(types)
    arrays = ", ".join(f"CAST(:{name} AS {kind}[])" for name, kind in types.items())
    same_key = " AND ".join(f"f.{name} = t.{name}" for name in key)
    # Names and types of our own tables.
    statement = text(f"""
        WITH f AS MATERIALIZED (SELECT * FROM unnest({arrays}) AS r ({names})),
             gone AS (
                 DELETE FROM {table.name} t
                  USING unnest(CAST(:page_ids AS uuid[]), CAST(:page_days AS date[])) AS p (business_id, day)
                  WHERE t.business_id = p.business_id AND t.day = p.day
                    AND NOT EXISTS (SELECT 1 FROM f WHERE {same_key})
             )
        INSERT INTO {table.name} AS t ({names}) SELECT {names} FROM f
        ON CONFLICT ({", ".join(key)}) DO UPDATE SET {", ".join(f"{name} = excluded.{name}" for name in rest)}
         WHERE ({", ".join(f"t.{name}" for name in rest)}) IS DISTINCT FROM
               ({", ".join(f"excluded.{name}" for name in rest)})
    """)
    for part in page.parts(PART):
        rows = frame.join(part.frame, on=["business", "day"], how="semi", maintain_order="left")
        values: dict[str, Sequence[Any]] = {name: _list(rows[name]) for name in types}
        values["page_ids"] = [one.business_id for one in part.days]
        values["page_days"] = [one.day for one in part.days]
        await session.execute(statement, values)


def _list(column: pl.Series) -> Sequence[Any]:
    return column.cast(pl.Date).to_list() if column.name == "day" else column.to_list()
