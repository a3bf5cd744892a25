"""Exports of figures: their formats, and for how long one answers a second request."""

from datetime import timedelta
from enum import StrEnum

from domain.errors import RuleBroken

#: A ready file of this age or less is the answer to the same request; afterwards a new one is written.
FRESH = timedelta(hours=1)
#: How many files of one person may be waiting to be written, in each business.
MOST_QUEUED = 3


def check_queued(queued: int) -> None:
    """Raise RuleBroken where the person cannot ask for one more file before one of these is written."""
    if queued >= MOST_QUEUED:
        raise RuleBroken({"rule": "too_many_exports"})


class ExportFormat(StrEnum):
    """The kind of file."""

    CSV = "csv"
    PARQUET = "parquet"
