"""Pages by cursor: the key of the last row, encoded so that clients do not construct cursors.

A store's ``list_`` takes ``after`` (the last key, or None) and ``limit`` + 1 rows, so that a page knows whether
another follows without counting.
"""

import base64
import binascii
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, TypeVar
from uuid import UUID

import orjson
from fastapi import Depends, Query
from starlette.responses import Response

from api.http.envelope import page_of
from api.http.times import check_year
from domain.errors import Malformed

Row = TypeVar("Row")

MAX_LIMIT = 100
DEFAULT_LIMIT = 20


@dataclass(frozen=True, slots=True)
class Page:
    """The requested part of a list."""

    limit: int
    key: tuple[str, ...] | None

    @property
    def fetch(self) -> int:
        """How many rows to fetch: one more than is shown."""
        return self.limit + 1

    @property
    def after_id(self) -> UUID | None:
        """The cursor of a list in order of ids. Raises Malformed."""
        parts: tuple[UUID] | None = self.after(UUID)
        return None if parts is None else parts[0]

    def after(self, *readers: Callable[[str], Any]) -> tuple[Any, ...] | None:
        """The parts of the last key, each read by its reader (``UUID``, :func:`moment_of`). Raises Malformed
        for a cursor that is not of this list."""
        if self.key is None:
            return None
        if len(self.key) != len(readers):
            raise _broken()
        try:
            return tuple(read(part) for read, part in zip(readers, self.key, strict=True))
        except ValueError as error:
            raise _broken() from error

    def answer(
        self,
        rows: Sequence[Row],
        read: Callable[[Row], object],
        key: Callable[[Row], tuple[object, ...]],
        further: tuple[object, ...] | None = None,
    ) -> Response:
        """The page of up to ``fetch`` rows: ``read`` converts each row; the cursor is the ``key`` of the last shown
        one. ``further``: where to go on if all rows are shown and there may be more."""
        shown = rows[: self.limit]
        goes_on = key(shown[-1]) if len(rows) > self.limit else further
        following = encode_cursor(*goes_on) if goes_on else None
        return page_of([read(row) for row in shown], following, self.limit)


def encode_cursor(*parts: object) -> str:
    """The cursor behind a row with this key."""
    return base64.urlsafe_b64encode(orjson.dumps([str(part) for part in parts])).rstrip(b"=").decode()


def _decode(cursor: str) -> tuple[str, ...]:
    try:
        parts = orjson.loads(base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True))
    except (binascii.Error, ValueError) as error:
        raise _broken() from error
    if not isinstance(parts, list) or not all(isinstance(part, str) for part in parts):
        raise _broken()
    return tuple(parts)


def _broken() -> Malformed:
    return Malformed({"field": "cursor", "rule": "cursor"})


def moment_of(part: str) -> datetime:
    """A time in a cursor. Raises ValueError for one without offset, which Postgres would not compare, and for a year
    that it would not store."""
    moment = datetime.fromisoformat(part)
    if moment.tzinfo is None:
        raise ValueError("offset")
    check_year(moment)
    return moment


def number_of(part: str) -> int:
    """A key that is a number in a cursor. Raises ValueError for one larger than Postgres can store."""
    # ``int`` alone would accept digits of every script, blanks and underscores.
    number = int(part) if part.isascii() and part.isdigit() else -1
    if not 0 <= number < 2**63:
        raise ValueError("range")
    return number


def flag_of(part: str) -> bool:
    """A key that is true or false in a cursor. Raises ValueError for anything else."""
    return {"True": True, "False": False}[part] if part in {"True", "False"} else _not_a_flag()


def _not_a_flag() -> bool:
    raise ValueError("flag")


async def page(
    cursor: Annotated[str | None, Query(max_length=500, description="`meta.next_cursor` of the page before.")] = None,
    limit: Annotated[int, Query(ge=1, le=MAX_LIMIT, description="Rows per page.")] = DEFAULT_LIMIT,
) -> Page:
    """Read ``cursor`` and ``limit``. Raises Malformed for a broken cursor."""
    return Page(limit, None if cursor is None else _decode(cursor))


PageAsked = Annotated[Page, Depends(page)]
