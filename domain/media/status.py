"""The status of a picture or film: one enum, one table. The database's check constraints repeat the enums."""

from collections.abc import Mapping
from enum import StrEnum

from domain.errors import WrongState


class MediaStatus(StrEnum):
    """The status of an upload."""

    UPLOADING = "uploading"
    PROCESSING = "processing"
    READY = "ready"
    REJECTED = "rejected"


S = MediaStatus

ALLOWED: Mapping[MediaStatus, frozenset[MediaStatus]] = {
    S.UPLOADING: frozenset({S.PROCESSING}),
    S.PROCESSING: frozenset({S.READY, S.REJECTED}),
    S.READY: frozenset(),
    S.REJECTED: frozenset(),
}


class Rejection(StrEnum):
    """Why a file was rejected."""

    #: Its first bytes are of no accepted type.
    UNKNOWN_TYPE = "unknown_type"
    #: Its type is not the declared one.
    TYPE_MISMATCH = "type_mismatch"
    TOO_LARGE = "too_large"
    TOO_MANY_PIXELS = "too_many_pixels"
    TOO_MANY_FRAMES = "too_many_frames"
    #: It has a track that is neither picture nor sound, and that cannot be removed.
    DATA_TRACK = "data_track"
    #: Truncated, or not of the type of its first bytes.
    BROKEN = "broken"
    #: The file does not exist.
    MISSING = "missing"
    #: The inspection failed for too long.
    NOT_PROCESSED = "not_processed"


def check_transition(current: MediaStatus, wanted: MediaStatus) -> None:
    """Raise ``WrongState`` unless the table allows ``current -> wanted``."""
    if wanted not in ALLOWED[current]:
        raise WrongState({"status": current.value, "wanted": wanted.value})
