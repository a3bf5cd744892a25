"""The results of an inspection."""

from dataclasses import dataclass

from domain.media.status import Rejection


class Rejected(Exception):
    """The file is not published, for this reason."""

    def __init__(self, reason: Rejection) -> None:
        super().__init__(reason.value)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class FileVariant:
    """One public variant of a file."""

    name: str
    content_type: str
    content: bytes
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class InspectionResult:
    """The properties of an accepted file. Width and height in pixels as it is shown; the duration of a film."""

    width: int
    height: int
    duration_ms: int | None
    shown: tuple[FileVariant, ...]
