"""Input of the workflow of a picture or film."""

from dataclasses import dataclass
from uuid import UUID

WORKFLOW = "media"


@dataclass(frozen=True)
class MediaInput:
    """The row in ``business_media`` exists already, and its file is in the storage."""

    media_id: UUID
    business_id: UUID
