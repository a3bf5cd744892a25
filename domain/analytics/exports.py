"""Exports of figures: their formats, and for how long one answers a second request."""

from datetime import timedelta
from enum import StrEnum

#: A ready file of this age or less is the answer to the same request; afterwards a new one is written.
FRESH = timedelta(hours=1)


class ExportFormat(StrEnum):
    """The kind of file."""

    CSV = "csv"
    PARQUET = "parquet"
