"""What came of looking at a file."""

from dataclasses import dataclass

from domain.media.status import Rejection


class Rejected(Exception):
    """The file is not shown, for this reason."""

    def __init__(self, reason: Rejection) -> None:
        super().__init__(reason.value)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class FileVariant:
    """One form of a file that visitors see."""

    name: str
    content_type: str
    content: bytes
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class InspectionResult:
    """What a file turned out to be. Width and height in pixels as it is shown; duration of a film."""

    width: int
    height: int
    duration_ms: int | None
    shown: tuple[FileVariant, ...]
