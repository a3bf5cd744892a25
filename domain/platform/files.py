"""Files that a workflow writes for somebody and deletes after their time: exports and archives."""

from datetime import timedelta
from enum import StrEnum

#: How long such a file is kept; then it is deleted.
FILE_LASTS = timedelta(days=7)
#: How long a link to one works.
LINK_LASTS = timedelta(minutes=10)


class FileStatus(StrEnum):
    """The status of a file."""

    QUEUED = "queued"
    READY = "ready"
    FAILED = "failed"
    EXPIRED = "expired"
